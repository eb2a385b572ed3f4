"""Words of a chat as the request of an operation: `#bots disconnect qq:1`, `#logs window level=error limit=5`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kagami.errors import UsageError
from kagami.i18n import Translate
from kagami.operations.misfit import misfit
from kagami.operations.registry import Operation, Registry, from_words

_WORD = re.compile(r'(?:(\w+)=)?(?:"([^"]*)"|(\S+))')


def find_operation(registry: Registry, topic: str, words: str, t: Translate) -> tuple[Operation, str]:
    """The operation that the first of `words` names, and the words after it. `UsageError` lists what there is."""
    verb, _, rest = words.strip().partition(" ")
    found = registry.by_name.get(f"{topic}.{verb}")
    if found is None:
        known = [usage(each, t) for each in registry.by_name.values() if each.topic == topic]
        raise UsageError(reason="\n".join([t("Of {topic} there is:").format(topic=topic), *known]))
    return found, rest.strip()


def read_request(operation: Operation, words: str, t: Translate) -> msgspec.Struct:
    """The request from `key=value` words; a bare word fills the next field, the last one takes all that is left."""
    names = [field.name for field in msgspec.structs.fields(operation.request)]
    given: dict[str, str] = {}
    for found in _WORD.finditer(words):
        key, value = found[1], found[2] if found[2] is not None else found[3]
        if key not in names:
            # Not a field: a bare word, or a text that happens to hold an equals sign.
            key = next((name for name in names if name not in given), None)
            if key is None:
                raise _refused(operation, t("“{word}” is too much.").format(word=found[0]), t)
            if key == names[-1]:
                given[key] = words[found.start() :].strip().strip('"')
                break
            value = found[0].strip('"')
        given[key] = value
    try:
        return from_words(operation, given)
    except msgspec.ValidationError as error:
        raise _refused(operation, misfit(operation.request, error, t).text(t), t) from None


def usage(operation: Operation, t: Translate) -> str:
    fields = msgspec.structs.fields(operation.request)
    words = [f"<{field.name}>" if field.required else f"[{field.name}={_default(field)}]" for field in fields]
    return f"{' '.join([f'#{operation.topic} {operation.verb}', *words])}  {t(operation.text)}"


def _default(field: Any) -> str:
    return str(field.default) if field.default not in ("", msgspec.NODEFAULT) else "…"


def _refused(operation: Operation, reason: str, t: Translate) -> UsageError:
    return UsageError(reason=f"{reason}\n{t('Usage: {usage}').format(usage=usage(operation, t))}")
