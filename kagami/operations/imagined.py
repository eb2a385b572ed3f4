"""A message that nobody sent, or something that happened nowhere, to ask what would become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, split_id
from kagami.model.message import text as message

MOST_IMAGES = 9
LARGEST_IMAGES = 12_000_000  # characters of base64
EMBEDDED = ("base64://", "data:image/")
# What happens in chats, in a word, as platforms name it.
HAPPENINGS: Mapping[str, str] = {
    "join": "group_increase.approve",
    "leave": "group_decrease.leave",
    "kick": "group_decrease.kick",
    "ban": "group_ban.ban",
    "poke": "notify.poke",
    "friend": "request.friend",
    "invite": "request.group.invite",
}


def happening(word: str) -> tuple[Kind, str]:
    """The kind and the name of what happens: a word of `HAPPENINGS`, a notice's own name, or `request.<name>`."""
    name = HAPPENINGS.get(word, word)
    if name == word and "." not in word and "_" not in word:
        raise UsageError(reason=mark("What shall happen? join, leave, kick, ban, poke, or a notice's own name."))
    return ("request", name.removeprefix("request.")) if name.startswith("request.") else ("notice", name)


def checked(text: str, images: Sequence[str]) -> Sequence[str]:
    """Embedded images beside a text, of which there is one at least; `UsageError` for others, and for too many."""
    if len(images) > MOST_IMAGES or sum(map(len, images)) > LARGEST_IMAGES:
        raise UsageError(reason=mark("Give at most 9 images, of 9 MB together."))
    if any(not each.startswith(EMBEDDED) for each in images):
        raise UsageError(reason=mark("Give images as base64://… or data:image/…"))
    if not text and not images:
        raise UsageError(reason=mark("Give a text."))
    return images


def imagined(*, user: str, chat: str, bot: str, platform: str, text: str, execution: str = "") -> Event:
    """`user` may be written as `qq:10001`; without `bot` it is some bot of the platform."""
    named, number = split_id(user)
    account = BotId(bot or f"{platform or named}:")
    kind = "private" if chat.startswith("private:") else "group"
    return Event(
        ExecutionId(execution),
        account,
        "message",
        kind,
        ChatId(chat),
        # Only the platform's own part is an id: on some platforms ids have colons themselves.
        UserId(number if named == split_id(account)[0] else user),
        time_ms=0,
        dedupe="",
        message=message(text),
    )
