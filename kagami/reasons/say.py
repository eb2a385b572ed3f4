"""Says an English reason in another language: whoever kept it does not know who will read it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from string import Formatter

from kagami.i18n import Translate

# Reasons hold reasons; what is nested deeper, or longer, is not ours.
DEEPEST = 5
LONGEST = 500
_JOINTS = ("; ", ": ")


def say(text: str, t: Translate, deep: int = DEEPEST) -> str:
    """The reason in the language of `t`; what the catalogue and the templates do not know stays as it is."""
    if t is str or not text or not deep or len(text) > LONGEST:
        return text
    if (whole := t(text)) != text:
        return whole
    if (found := _read(text)) is not None:
        template, parts, named = found
        fields = {name: say(each, t, deep - 1) for name, each in named.items()}
        return t(template).format(*(say(each, t, deep - 1) for each in parts), **fields)
    for joint in _JOINTS:
        head, between, tail = text.partition(joint)
        # Either may be a platform's own words.
        if between and (said := f"{say(head, t, deep - 1)}{between}{say(tail, t, deep - 1)}") != text:
            return said
    return text


@lru_cache(1_024)
def _read(text: str) -> tuple[str, tuple[str, ...], dict[str, str]] | None:
    """Of which template it was made, and of which parts by place or by name."""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            named = found.groupdict()
            return template, () if named else found.groups(), named
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """First those that end in words of their own, then those with the most: what is filled in may be anything."""
    from kagami.reasons.texts import TEMPLATES  # noqa: PLC0415 (who reads English needs none of them)

    found = sorted((each for each in TEMPLATES if "{" in each), key=lambda each: (each.endswith("}"), -len(each)))
    return tuple((each, re.compile(_expression(each), re.DOTALL)) for each in found)


def _expression(template: str) -> str:
    """A hole takes the least, and what a reason nests is in the last. One that ends in words nests in the first."""
    found = "".join(re.escape(text) + _hole(field) for text, field, _, _ in Formatter().parse(template))
    return found.replace(".+?", ".+", 1) if template[0] == "{" and template[-1] != "}" else found


def _hole(field: str | None) -> str:
    return "" if field is None else f"(?P<{field}>.+?)" if field else "(.+?)"
