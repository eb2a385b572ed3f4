from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kagami.errors import NotFound, Refused, UsageError
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.model.principal import CONSOLE
from kagami.model.segment import Reply
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.sending import DeleteMessage, Resend, SendMessage
from kagami.ports import Parts
from tests.operations.conftest import AuditStore

BOT, CHAT = BotId("qq:1"), ChatId("group:2")
SAID = Send(BOT, CHAT, text("hello"))


class Outbox:
    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.made: list[Action] = []

    async def send(self, execution: str, ordinal: int, action: Action) -> Receipt:
        self.made.append(action)
        return self.receipt


class Shelf(AuditStore):
    def __init__(self, kept: tuple[Action, str] | None = None) -> None:
        super().__init__()
        self.found = kept
        self.ledger = self
        self.traces: list[Trace] = []

    async def send(self, number: int) -> tuple[Action, str] | None:
        return self.found

    def record(self, trace: Trace) -> None:
        self.traces.append(trace)


class OneBot:
    def get(self, bot: str) -> str | None:
        return bot if bot == BOT else None


def made(make_parts: Callable[..., Parts], receipt: Receipt, kept: Any = None) -> tuple[Parts, Outbox, Shelf]:
    outbox, store = Outbox(receipt), Shelf(kept)
    return make_parts(outbox=outbox, store=store, bots=OneBot()), outbox, store


async def test_what_is_said_goes_out_as_the_bot_quoted_and_with_a_trace_of_who_said_it(
    make_parts: Callable[..., Parts],
) -> None:
    parts, outbox, store = made(make_parts, Sent("8812"))
    done = await registry().call(parts, CONSOLE, SendMessage(bot=BOT, chat=CHAT, text="hello", reply_to="17"))
    assert (done.outcome, done.message_id) == ("sent", "8812")
    assert outbox.made == [Send(BOT, CHAT, (Reply("17"), *text("hello")))]
    assert [(each.execution, each.marks[0].detail) for each in store.traces] == [(done.execution, "console console")]
    assert [(each[2], each[4]) for each in store.audits] == [("messages.send", "ok")]


async def test_what_the_platform_says_is_told(make_parts: Callable[..., Parts]) -> None:
    parts, outbox, _ = made(make_parts, Failed("too old"))
    done = await registry().call(parts, CONSOLE, DeleteMessage(bot=BOT, chat=CHAT, message_id="17"))
    assert (done.outcome, done.reason, outbox.made) == ("failed", "too old", [Delete(BOT, CHAT, "17")])


@pytest.mark.parametrize("state", ["failed", "unknown"])
async def test_what_failed_or_is_unknown_is_sent_again_as_it_was(make_parts: Callable[..., Parts], state: str) -> None:
    parts, outbox, _ = made(make_parts, Unknown("no answer"), (SAID, state))
    assert (await registry().call(parts, CONSOLE, Resend(message=5))).outcome == "unknown"
    assert outbox.made == [SAID]


@pytest.mark.parametrize(
    ("kept", "error"), [(None, NotFound), ((SAID, "sent"), Refused), ((Call(BOT, "kick"), "failed"), Refused)]
)
async def test_what_arrived_is_not_sent_again(
    make_parts: Callable[..., Parts], kept: Any, error: type[Exception]
) -> None:
    parts, outbox, _ = made(make_parts, Sent(), kept)
    with pytest.raises(error):
        await registry().call(parts, CONSOLE, Resend(message=5))
    assert outbox.made == []


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (SendMessage(bot="qq:9", chat=CHAT, text="a"), NotFound),
        (SendMessage(bot=BOT, chat=CHAT, text=" "), UsageError),
        (DeleteMessage(bot=BOT, chat=CHAT, message_id=""), UsageError),
    ],
)
async def test_nothing_goes_out_without_bot_text_or_id(
    make_parts: Callable[..., Parts], request_: Any, error: type[Exception]
) -> None:
    parts, outbox, _ = made(make_parts, Sent())
    with pytest.raises(error):
        await registry().call(parts, CONSOLE, request_)
    assert outbox.made == []
