"""A dry run: what would be done about an event, with nothing done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

from kagami.model.event import Event
from kagami.model.message import Message
from kagami.model.trace import Mark

DeedKind = Literal["send", "delete", "call", "http", "store", "job", "media", "operation", "log", "ask"]
# Runs an operation that only reads, as whoever asked for the dry run; others are refused.
Reader = Callable[[msgspec.Struct], Awaitable[Any]]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """`only` is the one plugin that gets the event, `version` that of it; empty for those that the event would find.

    `answers` are what is said next, as questions come.
    """

    event: Event
    only: str = ""
    version: str = ""
    answers: tuple[Message, ...] = ()
    operator: bool = False


class Deed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that would have been done, `at_us` microseconds after the start, in the order of doing.

    `text` is what: the message, `GET https://…`, the key; `detail` is where or with what.
    """

    kind: DeedKind
    text: str
    detail: str = ""
    at_us: int = 0


class Tried(msgspec.Struct, frozen=True, omit_defaults=True):
    """`outcome` is as a trace's, or `asks` (it waits for an answer), `failed`, `slow` or `worker`.

    `plugin` is `id@version` of who handled it. `number` and `reason` are of the rule that decided. `answered` is how
    many of the answers were used.
    """

    outcome: str
    plugin: str = ""
    total_us: int = 0
    marks: tuple[Mark, ...] = ()
    deeds: tuple[Deed, ...] = ()
    error: str = ""
    number: int = 0
    reason: str = ""
    answered: int = 0


class Rehearsal(Protocol):
    """Dry runs one after the other: each finds what those before would have kept."""

    async def run(self, trial: Trial, read: Reader) -> Tried:
        """Let copies of the plugins handle an event. Nothing of it is sent, asked or kept; no error is raised."""
        ...


class Trials(Protocol):
    def rehearsal(self, *, network: bool = False) -> AbstractAsyncContextManager[Rehearsal]:
        """With `network`, requests that only read really go out."""
        ...
