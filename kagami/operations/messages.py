"""What was said: the message log, its search, dead letters and the clean-up."""

from __future__ import annotations

from typing import Literal

import msgspec

from kagami.core.scopes import allowed
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.operations.imagined import checked, happening
from kagami.operations.paging import Before, Limit, Words
from kagami.operations.privacy import veiled_chats, veiled_events, veiled_messages
from kagami.operations.registry import Request, operation
from kagami.ports import ChatRow, Cleaned, MessageRow, Open, Parts

DAY_MS = 86_400_000
MOST_DAYS = 36_500


class ListChats(Request, frozen=True):
    limit: Limit = 200
    contains: Words = ""


class ListMessages(Request, frozen=True):
    """The newest rows with an id below `before` (0: no bound), oldest first; of one chat when both are given."""

    bot: str = ""
    chat: str = ""
    before: Before = 0
    limit: Limit = 100


class Search(Request, frozen=True):
    """`direction` is `in` or `out`, `outcome` that of a row; with one of the filters the text may be empty."""

    text: Words
    bot: str = ""
    chat: str = ""
    user: str = ""
    direction: Literal["", "in", "out"] = ""
    outcome: str = ""
    before: Before = 0
    limit: Limit = 50


class ListDead(Request, frozen=True):
    limit: Limit = 100


class Replay(Request, frozen=True):
    execution: str


class DropDead(Request, frozen=True):
    """`reason` stays in the audit."""

    execution: str
    reason: str


class Said(Request, frozen=True):
    """What somebody writes; or, with `event`, what happens: `join`, `leave`, …, or the name of a notice.

    `images` are embedded: `base64://…` or `data:image/…`.
    """

    text: str = ""
    user: str = "10001"
    chat: str = "private:10001"
    name: str = "me"
    event: str = ""
    images: list[str] = msgspec.field(default_factory=list)

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, images=[f"{len(each)} characters" for each in self.images])


class Say(Said, frozen=True):
    """In the sandbox chat, as if a user had written it there."""


class Measure(Request, frozen=True):
    days: float


class Clean(Request, frozen=True):
    days: float


@operation("messages.chats", "messages:read", offline=True)
async def list_chats(parts: Parts, request: ListChats) -> list[ChatRow]:
    """Chats with their last message, the latest first."""
    rows = await parts.store.chats(limit=min(request.limit, 1_000), contains=request.contains)
    return veiled_chats(parts, rows)


@operation("messages.list", "messages:read", offline=True)
async def list_messages(parts: Parts, request: ListMessages) -> list[MessageRow]:
    """Messages in and out, by chat."""
    rows = await parts.store.messages(
        bot=BotId(request.bot) if request.bot else None,
        chat=ChatId(request.chat) if request.chat else None,
        before=request.before,
        limit=min(request.limit, 1_000),
    )
    return veiled_messages(parts, rows)


@operation("messages.search", "messages:read", offline=True)
async def search(parts: Parts, request: Search) -> list[MessageRow]:
    """Messages that contain a text, in any language."""
    filters = (request.bot, request.chat, request.user, request.direction, request.outcome)
    if not request.text.strip() and not any(filters):
        raise UsageError(reason=mark("Give a text to search for."))
    rows = await parts.store.search(
        request.text,
        bot=request.bot,
        chat=request.chat,
        user=request.user,
        direction=request.direction,
        outcome=request.outcome,
        before=request.before,
        limit=min(request.limit, 500),
    )
    return veiled_messages(parts, rows)


@operation("messages.dead", "messages:read", offline=True)
async def list_dead(parts: Parts, request: ListDead) -> list[Open]:
    """Events whose handler failed too often."""
    return veiled_events(parts, await parts.store.dead(min(request.limit, 1_000)))


@operation("messages.replay", "messages:write")
async def replay(parts: Parts, request: Replay) -> None:
    """Handle a dead event again."""
    await parts.house.replay(ExecutionId(request.execution))


@operation("messages.drop", "messages:write", asks=True)
async def drop(parts: Parts, request: DropDead) -> None:
    """Give a dead event up for good."""
    if not request.reason.strip():
        raise UsageError(reason=mark("Say why."))
    if not await parts.store.drop(ExecutionId(request.execution)):
        raise NotFound(what="dead event", name=request.execution)


@operation("messages.say", "messages:write")
async def say(parts: Parts, request: Say) -> ExecutionId:
    """Say something in the sandbox chat."""
    kind, name = happening(request.event) if request.event else ("message", "")
    images = () if request.event else checked(request.text, request.images)
    # The console's own user there may give every command. Who may not do everything is somebody else.
    user = request.user if allowed(parts.who, "*") else f"{request.user}~{parts.who.name}"
    return await parts.sandbox.say(
        request.text,
        user=user,
        chat=ChatId(request.chat),
        name=request.name,
        images=images,
        kind=kind,
        happens=name,
    )


@operation("messages.measure", "messages:read", offline=True)
async def measure(parts: Parts, request: Measure) -> Cleaned:
    """What a clean-up would remove."""
    return await parts.store.measure(_limit_ms(parts, request.days))


@operation("messages.clean", "messages:delete", asks=True, foretold=lambda asked: Measure(days=asked.days))
async def clean(parts: Parts, request: Clean) -> Cleaned:
    """Delete messages older than so many days."""
    return await parts.store.clean(_limit_ms(parts, request.days))


def _limit_ms(parts: Parts, days: float) -> int:
    if not 0 <= days <= MOST_DAYS:  # also refuses NaN
        raise UsageError(reason=mark("Give a number of days from 0 to 36500."))
    return parts.clock.wall_ms() - int(days * DAY_MS)


OPERATIONS = (list_chats, list_messages, search, list_dead, replay, drop, say, measure, clean)
