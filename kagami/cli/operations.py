"""Every operation as `kagami <topic> <verb>`, made of its request's fields."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click
import msgspec

from kagami.cli.guard import mask_command
from kagami.cli.options import Command, Globals
from kagami.cli.printed import as_json
from kagami.cli.show import lines
from kagami.core.wanted import wanted
from kagami.errors import UsageError
from kagami.home import holder
from kagami.i18n import Translate, mark
from kagami.log import escape
from kagami.operations import registry
from kagami.operations.questions import told_before
from kagami.operations.registry import Operation, Registry, from_words
from kagami.ports import Finding, ReloadRow

# Fields that are tables and lists, as they are given in a shell.
_EXAMPLES: dict[Any, str] = {dict: """'{"city": "Oslo", "retries": 3}'""", list: """'["one", "two"]'"""}
WORDS = "one,two"
_PLACE = re.compile(r" - at `\$\.(\w+)[^`]*`$")
_SIMPLE: dict[Any, click.ParamType[Any]] = {str: click.STRING, int: click.INT, float: click.FLOAT}
_METAVARS = {click.STRING: mark("TEXT"), click.INT: mark("INTEGER"), click.FLOAT: mark("FLOAT")}


def verbs(topic: str, t: Translate) -> dict[str, click.Command]:
    """A command for each operation of a topic."""
    operations = registry()
    found = (each for each in operations.by_name.values() if each.topic == topic)
    made = (mask_command(t) if each.name == "guard.mask" else _command(operations, each, t) for each in found)
    return {str(each.name): each for each in made}


def _command(operations: Registry, found: Operation, t: Translate) -> Command:
    @click.pass_obj
    def run(given: Globals, /, nameless: tuple[str, ...], yes: bool = False, **fields: Any) -> int:
        request = read_request(found, nameless, fields, t)
        if found.asks and not yes:
            _confirm(operations, found, given, request)
        answer = asyncio.run(call(operations, given, request))
        if found.verb == "export" and not given.as_json:
            _pour(answer)
        else:
            _tell(answer, given)
        return int(_failed(answer))

    fields = msgspec.structs.fields(found.request)
    hints = get_type_hints(found.request)
    usage = " ".join(
        f"{each.name.upper()}{'…' if each.type == list[str] else ''}" if each.required else f"[{each.name.upper()}]"
        for each in fields
        if each.name in nameless_fields(found)
    )
    params: list[click.Parameter] = [click.Argument(["nameless"], nargs=-1, metavar=usage or " ")]
    params += [_option(each, hints[each.name], t) for each in fields]
    if found.asks:
        params.append(click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it.")))
    command = Command(found.verb, t, callback=run, params=[*params], help=t(found.text))
    # A field of the operation keeps its name before what all commands share: `--version` of a plugin.
    taken = {flag for each in params for flag in each.opts}
    command.params = [*params, *(each for each in command.params[len(params) :] if taken.isdisjoint(each.opts))]
    return command


def _option(field: msgspec.structs.FieldInfo, kind: Any, t: Translate) -> click.Option:
    flag = f"--{field.name.replace('_', '-')}"
    if kind is bool:
        return click.Option([f"{flag}/--no-{field.name.replace('_', '-')}", field.name], default=None)
    choice = click.Choice([str(each) for each in get_args(kind)]) if get_origin(kind) is Literal else None
    if kind == list[str]:
        text = t("Words with commas between, such as {}").format(WORDS)
    elif example := _EXAMPLES.get(get_origin(kind)):
        text = t("JSON, such as {}").format(example)
    elif field.required:
        text = t("Needed; may be given without its name.")
    else:
        text = t("Default: {}.").format(field.default) if field.default not in ("", 0) else t("May be left out.")
    simple = _SIMPLE.get(kind, click.STRING)
    shown = None if choice else t(_METAVARS[simple])
    return click.Option([flag, field.name], type=choice or simple, metavar=shown, help=text)


def nameless_fields(found: Operation) -> list[str]:
    """What may be given without its name: every needed field, or the only one."""
    fields = msgspec.structs.fields(found.request)
    return [each.name for each in fields if each.required or len(fields) == 1]


def read_request(found: Operation, values: tuple[str, ...], fields: dict[str, Any], t: Translate) -> msgspec.Struct:
    """The request of named `fields`, and of `values` for the `nameless_fields` in their order."""
    given = {name: value for name, value in fields.items() if value is not None}
    missing = [name for name in nameless_fields(found) if name not in given]
    values = _gathered(values, missing, found)
    if len(values) > len(missing):
        raise _wrong(t("{} is one word too many.").format(values[len(missing)]), found, t)
    given |= dict(zip(missing, values, strict=False))
    needed = [each.name for each in msgspec.structs.fields(found.request) if each.required]
    if nameless := [name for name in missing[len(values) :] if name in needed]:
        raise _wrong(t("{} is missing.").format(nameless[0].upper()), found, t)
    try:
        return from_words(found, given)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        raise UsageError(reason=_unfit(found, place[1], given[place[1]], t) if place else str(error)) from None


def _gathered(values: tuple[str, ...], missing: Sequence[str], found: Operation) -> tuple[str, ...]:
    """A list of words that comes last takes all that are left."""
    if not missing or len(values) <= len(missing) or get_type_hints(found.request)[missing[-1]] != list[str]:
        return values
    last = len(missing) - 1
    return (*values[:last], ",".join(values[last:]))


def _unfit(found: Operation, name: str, value: Any, t: Translate) -> str:
    """What is wanted instead of a value. One in JSON is not repeated: it may hold a secret."""
    kind = get_type_hints(found.request, include_extras=True)[name]
    if example := _EXAMPLES.get(get_origin(kind)):
        return t("{}: JSON is wanted, such as {}").format(name, example)
    return t("{}: {} is wanted, not {}").format(name, wanted(kind, t), value)


def _failed(answer: Any) -> bool:
    """Whether a reload, alone or one of several, left things as they were, or something that was tried is bad."""
    rows = answer if isinstance(answer, list) else [answer]
    return any(
        each.error if isinstance(each, ReloadRow) else isinstance(each, Finding) and each.state == "bad"
        for each in rows
    )


def _wrong(reason: str, found: Operation, t: Translate) -> UsageError:
    command = f"kagami {found.topic} {found.verb} --help"
    return UsageError(reason=t("{reason} See: {command}").format(reason=reason, command=command))


def _confirm(operations: Registry, found: Operation, given: Globals, request: msgspec.Struct) -> None:
    t = given.t
    if not sys.stdin.isatty():
        raise UsageError(reason=t("This asks before it acts. Without a terminal, add --yes."))
    for name, value in asyncio.run(told_before(found, request, partial(call, operations, given), t)):
        click.echo(f"{name}: {escape(value)}", err=True)
    click.confirm(t("{what} Do it?").format(what=t(found.text)), abort=True, err=True)


async def call(operations: Registry, given: Globals, request: msgspec.Struct) -> Any:
    """Ask the engine that runs on the home, or what is kept there when none does and that is enough.

    `EngineAway` when it is not.
    """
    if operations.of(request).offline and not holder(given.place):
        from kagami.engine.offline import call_offline  # noqa: PLC0415 (loads the store)

        return await call_offline(given.settings(create=False), operations, request)
    from kagami.client import HttpControl  # noqa: PLC0415 (loads an HTTP library)

    control = HttpControl(operations, given.place.socket)
    try:
        return await control.call(request)
    finally:
        await control.close()


def _tell(answer: Any, given: Globals) -> None:
    if given.as_json:
        click.echo(as_json(answer))
        return
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in given.environ else 0
    for line in lines(answer, cut=bool(wide), columns=wide, t=given.t):
        click.echo(line)
    if answer in (None, [], ()):
        click.echo(given.t("Done.") if answer is None else given.t("There is nothing."), err=True)


def _pour(answer: msgspec.Struct) -> None:
    """What is for a file goes to standard output as it is, and what is told of the page beside it."""
    told = msgspec.structs.asdict(answer)
    text: str = told.pop("text")
    if sys.stdout.isatty():
        text = "".join(f"{escape(line)}\n" for line in text.splitlines())
    click.echo(text, nl=False)
    for line in lines(told, cut=False):
        click.echo(line, err=True)
