"""What was said: the message log, its search, dead letters and the clean-up."""

from __future__ import annotations

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.operations.registry import Request, operation
from kagami.ports import ChatRow, Cleaned, MessageRow, Open, Parts

DAY_MS = 86_400_000
MOST_DAYS = 36_500


class ListChats(Request, frozen=True):
    limit: int = 200
    contains: str = ""


class ListMessages(Request, frozen=True):
    """The newest rows with an id below `before` (0: no bound), oldest first; of one chat when both are given."""

    bot: str = ""
    chat: str = ""
    before: int = 0
    limit: int = 100


class Search(Request, frozen=True):
    text: str
    bot: str = ""
    chat: str = ""
    user: str = ""
    before: int = 0
    limit: int = 50


class ListDead(Request, frozen=True):
    limit: int = 100


class Replay(Request, frozen=True):
    execution: str


class Say(Request, frozen=True):
    """A message in the sandbox chat, as if a user had written it there."""

    text: str
    user: str = "10001"
    chat: str = "private:10001"
    name: str = "me"


class Measure(Request, frozen=True):
    days: float


class Clean(Request, frozen=True):
    days: float


@operation("messages.chats", "messages:read")
async def list_chats(parts: Parts, request: ListChats) -> list[ChatRow]:
    """Chats with their last message, the latest first."""
    return await parts.store.chats(limit=min(request.limit, 1_000), contains=request.contains)


@operation("messages.list", "messages:read")
async def list_messages(parts: Parts, request: ListMessages) -> list[MessageRow]:
    """Messages in and out, by chat."""
    return await parts.store.messages(
        bot=BotId(request.bot) if request.bot else None,
        chat=ChatId(request.chat) if request.chat else None,
        before=request.before,
        limit=min(request.limit, 1_000),
    )


@operation("messages.search", "messages:read")
async def search(parts: Parts, request: Search) -> list[MessageRow]:
    """Messages that contain a text, in any language."""
    if not request.text.strip():
        raise UsageError(reason=mark("Give a text to search for."))
    return await parts.store.search(
        request.text,
        bot=request.bot,
        chat=request.chat,
        user=request.user,
        before=request.before,
        limit=min(request.limit, 500),
    )


@operation("messages.dead", "messages:read")
async def list_dead(parts: Parts, request: ListDead) -> list[Open]:
    """Events whose handler failed too often."""
    return await parts.store.dead(min(request.limit, 1_000))


@operation("messages.replay", "messages:write")
async def replay(parts: Parts, request: Replay) -> None:
    """Handle a dead event again."""
    await parts.house.replay(ExecutionId(request.execution))


@operation("messages.say", "messages:write")
async def say(parts: Parts, request: Say) -> ExecutionId:
    """Say something in the sandbox chat."""
    return await parts.sandbox.say(request.text, user=request.user, chat=ChatId(request.chat), name=request.name)


@operation("messages.measure", "messages:read")
async def measure(parts: Parts, request: Measure) -> Cleaned:
    """What a clean-up would remove."""
    return await parts.store.measure(_limit_ms(parts, request.days))


@operation("messages.clean", "messages:delete", asks=True)
async def clean(parts: Parts, request: Clean) -> Cleaned:
    """Delete messages older than so many days."""
    return await parts.store.clean(_limit_ms(parts, request.days))


def _limit_ms(parts: Parts, days: float) -> int:
    if not 0 <= days <= MOST_DAYS:  # also refuses NaN
        raise UsageError(reason=mark("Give a number of days from 0 to 36500."))
    return parts.clock.wall_ms() - int(days * DAY_MS)


OPERATIONS = (list_chats, list_messages, search, list_dead, replay, say, measure, clean)
