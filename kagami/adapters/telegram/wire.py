"""The Bot API's JSON, as far as it is read here. https://core.telegram.org/bots/api#available-types.

Ids are integers of up to 52 bits, times seconds since 1970, offsets and lengths UTF-16 code units.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Wire(msgspec.Struct, frozen=True, omit_defaults=True):
    """Fields that are not named here are passed over."""


class User(Wire, frozen=True):
    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Chat(Wire, frozen=True):
    """`type` is private, group, supergroup or channel."""

    id: int
    type: str
    title: str = ""
    first_name: str = ""
    last_name: str = ""

    @property
    def name(self) -> str:
        return self.title or f"{self.first_name} {self.last_name}".strip()


class Entity(Wire, frozen=True):
    type: str
    offset: int
    length: int
    user: User | None = None


class Medium(Wire, frozen=True):
    """A photo's size, a sticker, or any other file."""

    file_id: str
    file_size: int = 0
    file_name: str = ""
    mime_type: str = ""
    width: int = 0
    emoji: str = ""
    is_animated: bool = False
    is_video: bool = False


class Said(Wire, frozen=True):
    """A message, or one that cannot be read any more: then its `date` is 0."""

    message_id: int
    chat: Chat
    date: int = 0
    user: User | None = msgspec.field(default=None, name="from")
    sender_chat: Chat | None = None
    author_signature: str = ""
    edit_date: int = 0
    message_thread_id: int = 0
    is_topic_message: bool = False
    reply_to_message: Said | None = None
    forum_topic_created: dict[str, Any] | None = None
    media_group_id: str = ""
    text: str = ""
    entities: tuple[Entity, ...] = ()
    caption: str = ""
    caption_entities: tuple[Entity, ...] = ()
    photo: tuple[Medium, ...] = ()
    animation: Medium | None = None
    sticker: Medium | None = None
    video: Medium | None = None
    video_note: Medium | None = None
    voice: Medium | None = None
    audio: Medium | None = None
    document: Medium | None = None
    new_chat_members: tuple[User, ...] = ()
    left_chat_member: User | None = None


class Query(Wire, frozen=True):
    """A button was pressed."""

    id: str
    user: User = msgspec.field(name="from")
    message: Said | None = None
    data: str = ""


class Member(Wire, frozen=True):
    """`status` is creator, administrator, member, restricted, left or kicked."""

    status: str
    user: User
    until_date: int = 0
    is_member: bool = True


class MemberChange(Wire, frozen=True):
    chat: Chat
    date: int
    old_chat_member: Member
    new_chat_member: Member
    user: User = msgspec.field(name="from")


class JoinRequest(Wire, frozen=True):
    chat: Chat
    date: int
    user: User = msgspec.field(name="from")
    bio: str = ""


class Reaction(Wire, frozen=True):
    type: str
    emoji: str = ""
    custom_emoji_id: str = ""


class Reacted(Wire, frozen=True):
    chat: Chat
    message_id: int
    date: int
    user: User | None = None
    actor_chat: Chat | None = None
    new_reaction: tuple[Reaction, ...] = ()


class Update(Wire, frozen=True):
    update_id: int
    message: Said | None = None
    edited_message: Said | None = None
    channel_post: Said | None = None
    edited_channel_post: Said | None = None
    callback_query: Query | None = None
    message_reaction: Reacted | None = None
    my_chat_member: MemberChange | None = None
    chat_member: MemberChange | None = None
    chat_join_request: JoinRequest | None = None


# Everything that is read above; the server remembers such a list, so that it is always given.
ALLOWED_UPDATES = tuple(each.name for each in msgspec.structs.fields(Update) if each.name != "update_id")


class Numbered(Wire, frozen=True):
    """What is readable of any update."""

    update_id: int


class Hints(Wire, frozen=True):
    retry_after: int = 0
    migrate_to_chat_id: int = 0


class Answer(Wire, frozen=True):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int = 0
    description: str = ""
    parameters: Hints = Hints()


class Kept(Wire, frozen=True):
    """An answer to getFile."""

    file_id: str
    file_path: str = ""
    file_size: int = 0
