"""Guard: lists of users, chats, words, patterns and links that are kept out."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Annotated, Literal

import msgspec

from kagami.core.guard import MOST_PATTERNS, GuardEntry, sound
from kagami.core.guard import Kind as GuardKind
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.operations.imagined import imagined
from kagami.operations.paging import Words
from kagami.operations.registry import Request, operation
from kagami.ports import Parts
from kagami.ports.guard import GUARD

MOST_LINES = 50_000
Act = Literal["deny", "allow"]
Action = Literal["ignore", "warn", "tell"]
HOUR_MS = 3_600_000


class ListGuard(Request, frozen=True):
    """Of one kind, or all; those that contain a text."""

    kind: GuardKind | None = None
    contains: Words = ""


class AddGuard(Request, frozen=True):
    """`where` is `platform:qq`, `bot:qq:1` or `chat:group:123`, empty for everywhere; `hours` 0 is for ever."""

    kind: GuardKind
    value: str
    act: Act = "deny"
    action: Action = "ignore"
    where: str = ""
    hours: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 0.0
    note: str = ""


class RemoveGuard(Request, frozen=True):
    kind: GuardKind
    value: str
    where: str = ""


class ImportGuard(Request, frozen=True):
    """One value a line; empty lines and those that begin with `# ` are left out."""

    kind: GuardKind
    lines: str
    act: Act = "deny"
    action: Action = "ignore"
    where: str = ""
    note: str = ""


class CheckGuard(Request, frozen=True):
    text: str
    user: str = ""
    chat: str = ""
    bot: str = ""
    platform: str = ""


class GuardRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`until_ms` is wall time, 0 for ever."""

    kind: str
    value: str
    act: str = "deny"
    action: str = "ignore"
    where: str = ""
    until_ms: int = 0
    note: str = ""


class Imported(msgspec.Struct, frozen=True):
    """`refused` are lines that cannot be, with the reason."""

    added: int
    known: int
    refused: list[tuple[str, str]]


class Checked(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kept_out` says whether; `line` by which line of the lists."""

    kept_out: bool
    reason: str = ""
    line: GuardRow | None = None


@operation("guard.list", "guard:read")
async def list_guard(parts: Parts, request: ListGuard) -> list[GuardRow]:
    """What the guard lists hold."""
    wanted = request.contains.casefold()
    now = parts.clock.wall_ms()
    return [
        _row(each)
        for each in parts.guard.entries
        if request.kind in (None, each.kind)
        and (wanted in each.value.casefold() or wanted in each.note.casefold())
        and not 0 < each.until_ms <= now
    ]


@operation("guard.add", "guard:write", staged=True)
async def add(parts: Parts, request: AddGuard) -> GuardRow:
    """Keep a user, a chat, a word, a pattern or a link out, or except it."""
    until_ms = parts.clock.wall_ms() + int(request.hours * HOUR_MS) if request.hours else 0
    entry = _made(request, request.value, until_ms)
    _check_room(parts, [entry])
    _put(parts, entry)
    for each in parts.guard.entries:
        if 0 < each.until_ms <= parts.clock.wall_ms() and each.key != entry.key:
            parts.facts.put(GUARD, _key(each), None)
    parts.facts.then(parts.guard.read)
    return _row(entry)


@operation("guard.remove", "guard:write", asks=True, staged=True)
async def remove(parts: Parts, request: RemoveGuard) -> None:
    """Take a line out of the guard lists."""
    wanted = GuardEntry(request.kind, request.value, where=request.where)
    with suppress(ValueError):  # what is no longer a pattern can still be removed
        wanted = sound(wanted)
    key = _key(wanted)
    if await parts.facts.get(GUARD, key) is None:
        raise NotFound(what="guard line", name=request.value)
    parts.facts.put(GUARD, key, None)
    parts.facts.then(parts.guard.read)


@operation("guard.import", "guard:write", staged=True)
async def import_lines(parts: Parts, request: ImportGuard) -> Imported:
    """Put many lines into the guard lists at once."""
    known = {each.key for each in parts.guard.entries}
    found: dict[str, GuardEntry] = {}
    refused: list[tuple[str, str]] = []
    again = 0
    for line in request.lines.splitlines():
        value = line.strip()
        if not value or value.startswith("# "):
            continue
        try:
            entry = _made(request, value, 0)
        except UsageError as error:
            refused.append((value[:100], str(error)))
            continue
        again += entry.key in known or entry.key in found
        found[entry.key] = entry
    _check_room(parts, list(found.values()))
    for entry in found.values():
        _put(parts, entry)
    parts.facts.then(parts.guard.read)
    return Imported(len(found.keys() - known), again, refused[:100])


@operation("guard.check", "guard:read")
async def check(parts: Parts, request: CheckGuard) -> Checked:
    """What the guard lists would do with a text from somebody."""
    event = imagined(
        user=request.user, chat=request.chat, bot=request.bot, platform=request.platform, text=request.text
    )
    caught = parts.guard.judge(event)
    return Checked(True, caught.reason, _row(caught.entry)) if caught else Checked(False)


def _made(request: AddGuard | ImportGuard, value: str, until_ms: int) -> GuardEntry:
    where = request.where.strip()
    entry = GuardEntry(request.kind, value, request.act, request.action, where, until_ms, request.note)
    try:
        return sound(entry)
    except ValueError as error:
        raise UsageError(reason=str(error)) from None


def _check_room(parts: Parts, new: list[GuardEntry]) -> None:
    lines = {each.key: each for each in parts.guard.entries} | {each.key: each for each in new}
    if len(lines) > MOST_LINES:
        raise UsageError(reason=mark("The guard lists can hold at most 50000 lines."))
    if sum(each.kind == "pattern" for each in lines.values()) > MOST_PATTERNS:
        raise UsageError(reason=mark("The guard lists can hold at most 100 patterns."))


def _put(parts: Parts, entry: GuardEntry) -> None:
    parts.facts.put(GUARD, _key(entry), msgspec.json.encode(entry).decode())


def _key(entry: GuardEntry) -> str:
    """Short, whatever the value is."""
    return f"{entry.kind}:{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}"


def _row(entry: GuardEntry) -> GuardRow:
    return GuardRow(entry.kind, entry.value, entry.act, entry.action, entry.where, entry.until_ms, entry.note)


OPERATIONS = (list_guard, add, remove, import_lines, check)
