"""The engine's log lines."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kagami.log import LEVELS, LogLine, json_line, text_line
from kagami.operations.paging import Limit, Words
from kagami.operations.registry import Request, operation
from kagami.ports import Parts

Level = Literal["debug", "info", "warning", "error"]
Number = Annotated[int, msgspec.Meta(ge=-1, le=1 << 53)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
# What one answer may take: a search of more goes on with the next call.
SECONDS = 0.5
MOST_LINES = 2_000
MOST_EXPORTED = 20_000


class Window(Request, frozen=True):
    """Either the newest lines older than `before` (0: the end), or, with `after`, the oldest lines newer than it.

    `filter` is words that a line must contain in its source, text or fields, regardless of case; `-word` excludes,
    `field:word` looks into one field or into `source`, quotes hold a phrase together.
    """

    before: Number = 0
    after: Number = 0
    limit: Limit = 200
    level: Level = "debug"
    filter: Words = ""


class Windowed(msgspec.Struct, frozen=True):
    """`kept` lines are kept, `newest` is the last number, `counts` are by level since start.

    Unless `done`, the search took too long and stopped at the line `reached`: ask again from there.
    """

    lines: list[LogLine]
    kept: int
    newest: int
    counts: dict[str, int]
    reached: int = 0
    done: bool = True


class At(Request, frozen=True):
    time_ms: Moment


class Histogram(Request, frozen=True):
    """`until_ms` 0 is now."""

    since_ms: Moment
    until_ms: Moment = 0
    buckets: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 60
    level: Level = "debug"
    filter: Words = ""


class Counted(msgspec.Struct, frozen=True):
    """Lines by level in equal parts of the time; unless `whole`, there was no time to look at all."""

    since_ms: int
    until_ms: int
    parts: list[dict[str, int]]
    whole: bool


class Export(Request, frozen=True):
    """The oldest lines newer than `after`, as they stand in a file; `form` is `text` or `jsonl`."""

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_EXPORTED)] = 5_000
    level: Level = "debug"
    filter: Words = ""
    form: Literal["text", "jsonl"] = "text"


class Exported(msgspec.Struct, frozen=True):
    """Go on with `after` until it is `done`."""

    text: str
    after: int
    done: bool


@operation("logs.window", "logs:read", offline=True)
async def window(parts: Parts, request: Window) -> Windowed:
    """Log lines by place, level and words."""
    logs, level = parts.logs, LEVELS[request.level]
    limit = max(1, min(request.limit, MOST_LINES))
    if request.after:
        after = max(request.after, 0)
        page = await logs.forth(level, request.filter, after=after, limit=limit, seconds=SECONDS)
    else:
        before = max(request.before, 0)
        page = await logs.back(level, request.filter, before=before, limit=limit, seconds=SECONDS)
    counts = {name: logs.counts.get(number, 0) for name, number in LEVELS.items()}
    kept = logs.newest - logs.oldest + 1 if logs.newest else 0
    return Windowed(page.lines, kept, logs.newest, counts, page.reached, page.done)


@operation("logs.at", "logs:read", offline=True)
async def at(parts: Parts, request: At) -> int:
    """Number of the first line of a time."""
    return await parts.logs.at(request.time_ms)


@operation("logs.histogram", "logs:read", offline=True)
async def histogram(parts: Parts, request: Histogram) -> Counted:
    """How many lines there were over a time, by level."""
    until_ms = request.until_ms or parts.clock.wall_ms() + 1
    found, whole = await parts.logs.histogram(
        LEVELS[request.level],
        request.filter,
        since_ms=request.since_ms,
        until_ms=until_ms,
        buckets=request.buckets,
        seconds=SECONDS,
    )
    names = {number: name for name, number in LEVELS.items()}
    told = [{names.get(level, "info"): count for level, count in part.items()} for part in found]
    return Counted(request.since_ms, until_ms, told, whole)


@operation("logs.export", "logs:read", offline=True)
async def export(parts: Parts, request: Export) -> Exported:
    """Log lines as text for a file."""
    level, after = LEVELS[request.level], max(request.after, 0)
    page = await parts.logs.forth(level, request.filter, after=after, limit=request.limit, seconds=SECONDS)
    shape = json_line if request.form == "jsonl" else text_line
    more = not page.done or len(page.lines) >= request.limit
    return Exported("".join(f"{shape(line)}\n" for line in page.lines), page.reached, done=not more)


OPERATIONS = (window, at, histogram, export)
