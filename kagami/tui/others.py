"""What others change while one looks: their acts come with the live audit, and one's own are told apart from them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations import registry
from kagami.operations.registry import Request
from kagami.ports import AuditRow, Control, Feed
from kagami.tui.figures import clock
from kagami.tui.format import visible
from kagami.tui.shell import Shell

REMEMBERED = 200
LONGEST = 60
# Of people who come and go, in words; that somebody stays is told to nobody.
_DOORS = {"auth.login": mark("logged in"), "auth.logout": mark("logged out"), "auth.setup": mark("logged in")}
# Who does what nobody has decided: it is told as a notice where that matters.
_NOBODY = ("system", "chat")


class Remembering:
    """Implements `ports.Control` over another one and remembers what was changed through it."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._operations = registry()
        self._own: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)

    async def call(self, request: msgspec.Struct) -> Any:
        try:
            found = self._operations.of(request)
        except KeyError:
            return await self._control.call(request)
        if not found.reads:
            self._own.append((found.name, _target(request)))
        return await self._control.call(request)

    def is_own(self, row: AuditRow) -> bool:
        """Whether an act was made here; each is told once."""
        act = (row.operation, row.target)
        if act in self._own:
            self._own.remove(act)
            return True
        return False

    def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        return self._control.feed(topics)

    async def close(self) -> None:
        await self._control.close()


class Others:
    """Tells what others have changed; `changed` is called when the place should be read again."""

    def __init__(self, shell: Shell, own: Remembering, changed: Callable[[], None]) -> None:
        self._shell = shell
        self._own = own
        self._changed = changed
        self._operations = registry()

    def heard(self, rows: Sequence[AuditRow]) -> None:
        """New rows of the audit."""
        done = [row for row in rows if row.result == "ok" and row.kind not in _NOBODY and not self._own.is_own(row)]
        told = [row for row in done if changes(row)]
        for row in told:
            self._shell.say(f"{visible(row.name)}  {clock(row.at_ms)}", self._text(row))
        if told:
            self._changed()

    def _text(self, row: AuditRow) -> str:
        """`Give a version a share of the chats: weather 40`."""
        if row.operation == "cluster.drain" and (node := _values(row.target)[:1]):
            switched = mark("{process} serves again") if _is_off(row.target) else mark("{process} hands over")
            return self._shell.t(switched).format(process=visible(node[0]))
        if (door := _DOORS.get(row.operation)) is not None:
            return self._shell.t(door)
        try:
            what = self._shell.t(self._operations.find(row.operation).text)
        except KagamiError:
            what = row.operation
        values = " ".join(_values(row.target))
        return f"{what} {visible(values[:LONGEST])}".strip() or self._shell.t(mark("something was changed"))


def changes(row: AuditRow) -> bool:
    """Whether an act changed something: what was only looked at is in the audit too, when it was a secret."""
    # What is not known changes something: a file that was edited, and what an engine of another version can do.
    stays = row.operation.startswith("auth.") and row.operation not in _DOORS
    return not stays and row.operation not in _looks()


@cache
def _looks() -> frozenset[str]:
    found = registry().by_name
    return frozenset(name for name, each in found.items() if each.scope.endswith((":read", ":secret")))


def _target(request: msgspec.Struct) -> str:
    told = request.told() if isinstance(request, Request) else request
    return msgspec.json.encode(told).decode()


def _values(target: str) -> list[str]:
    try:
        found = msgspec.json.decode(target)
    except msgspec.DecodeError:
        return [target]
    return [_word(each) for each in found.values() if each not in ("", None)] if isinstance(found, dict) else [target]


def _is_off(target: str) -> bool:
    try:
        found = msgspec.json.decode(target)
    except msgspec.DecodeError:
        return False
    return isinstance(found, dict) and found.get("on") is False


def _word(value: Any) -> str:
    """As people write it: `log.level=debug`."""
    if isinstance(value, dict):
        return " ".join(f"{name}={_word(each)}" for name, each in value.items())
    return ", ".join(map(_word, value)) if isinstance(value, list) else str(value)
