"""One event's way through the house."""

from __future__ import annotations

from typing import Literal

import msgspec

from kagami.model.ids import BotId, ChatId, ExecutionId, UserId

Outcome = Literal[
    "handled",  # a plugin answered or acted
    "ignored",  # nobody wanted it
    "answer",  # it answered a question that a handler had asked
    "denied",  # the sender may not
    "limited",  # a flood limit
    "guarded",  # the guard lists, or a loop of bots
    "dropped",  # a rule lets nobody have it
    "late",  # older than max_age when its turn came
    "shed",  # a full lane
    "retry",  # the handler failed, it will be tried again
    "parked",  # it waits for a plugin that cannot serve now
    "dead",  # it failed too often
    "bad_frame",  # not the protocol
    # Never written, seen when it is read: what became of the answers says it, and some come later than the trace.
    "answered",  # nobody here wanted it, an application outside answered
    "unsent",  # an answer was certainly not sent
    "unsure",  # an answer may not have been sent
]


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`stage` was reached `at_us` microseconds after the frame was read."""

    stage: str
    at_us: int
    detail: str = ""


class Trace(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`started_ms` is wall time; `total_us` runs from the frame to the last receipt or decision. `worker` is the
    application outside that answered, as far as one has by now.
    """

    execution: ExecutionId
    bot: BotId
    chat: ChatId
    user: UserId
    started_ms: int
    total_us: int
    outcome: Outcome
    marks: tuple[Mark, ...] = ()
    plugin: str = ""
    text: str = ""
    error: str = ""
    worker: str = ""
