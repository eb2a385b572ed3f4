"""What Feishu says, as far as it is read here: https://open.feishu.cn/document/server-docs/event-subscription-guide."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from kagami.onebot.halves import forgiving
from kagami.onebot.wire import checked

Shape = TypeVar("Shape")
# What robots are among senders.
ROBOTS = ("app", "bot")


class Draft(NamedTuple):
    """`msg_type` and `content` of one message that we send."""

    kind: str
    content: dict[str, Any]

    @property
    def written(self) -> str:
        return msgspec.json.encode(self.content).decode()


class Ids(msgspec.Struct, frozen=True):
    """One person in three ways; `user_id` comes only with a permission of its own."""

    open_id: str | None = None
    union_id: str | None = None
    user_id: str | None = None

    @property
    def one(self) -> str:
        return self.open_id or self.union_id or self.user_id or ""


class Named(msgspec.Struct, frozen=True):
    """Somebody in a list of an event."""

    name: str | None = None
    user_id: Ids = Ids()


class WireMention(msgspec.Struct, frozen=True):
    """`id` is an object in events and a text in answers to calls."""

    key: str
    id: Ids | str = ""
    name: str | None = None

    @property
    def user(self) -> str:
        return self.id if isinstance(self.id, str) else self.id.one


class WireSender(msgspec.Struct, frozen=True):
    sender_id: Ids | None = None
    sender_type: str = ""


class WireMessage(msgspec.Struct, frozen=True):
    message_id: str
    chat_id: str
    chat_type: str = ""
    message_type: str = ""
    content: str = ""
    parent_id: str | None = None
    create_time: str | int = 0
    mentions: list[WireMention] | None = None


class Said(msgspec.Struct, frozen=True):
    """`im.message.receive_v1`."""

    message: WireMessage
    sender: WireSender = WireSender()


class Recalled(msgspec.Struct, frozen=True):
    """`im.message.recalled_v1`."""

    message_id: str
    chat_id: str = ""
    recall_time: str | int = 0


class Members(msgspec.Struct, frozen=True):
    """`im.chat.member.*`; of a bot there is nobody in `users`."""

    chat_id: str
    operator_id: Ids | None = None
    users: list[Named] | None = None


class Emoji(msgspec.Struct, frozen=True):
    emoji_type: str = ""


class Reaction(msgspec.Struct, frozen=True):
    """`im.message.reaction.*`."""

    message_id: str
    reaction_type: Emoji = Emoji()
    operator_type: str = ""
    user_id: Ids | None = None
    action_time: str | int = 0


class Place(msgspec.Struct, frozen=True):
    open_message_id: str | None = None
    open_chat_id: str | None = None


class Pressed(msgspec.Struct, frozen=True):
    """`card.action.trigger`; `action` is what was pressed or filled in."""

    operator: Ids
    action: dict[str, Any] = {}
    context: Place = Place()


class Elsewhere(msgspec.Struct, frozen=True):
    """Any other event: whom and what it is likely to be about."""

    chat_id: str | None = None
    operator_id: Ids | None = None
    user_id: Ids | str | None = None


class Head(msgspec.Struct, frozen=True):
    event_id: str
    event_type: str
    create_time: str | int = 0


class Envelope(msgspec.Struct, frozen=True):
    """An event of schema 2.0."""

    header: Head
    event: msgspec.Raw = msgspec.Raw(b"{}")


class ClientConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """Seconds. `reconnect_nonce` is the most that a first wait may be, `reconnect_interval` every one after it."""

    reconnect_interval: float = 120.0
    reconnect_nonce: float = 30.0
    ping_interval: float = 120.0


class Endpoint(msgspec.Struct, frozen=True):
    url: str = msgspec.field(name="URL", default="")
    config: ClientConfig | None = msgspec.field(name="ClientConfig", default=None)


class Answer(msgspec.Struct, frozen=True):
    """Every call's: `code` 0 is success, `data` as the call has it. Some calls answer beside `data`."""

    code: int
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Token(msgspec.Struct, frozen=True):
    """`expire` in seconds."""

    code: int
    msg: str = ""
    tenant_access_token: str = ""
    expire: float = 0.0


class Robot(msgspec.Struct, frozen=True):
    """Of `bot/v3/info`."""

    open_id: str = ""
    app_name: str = ""


class RobotAnswer(msgspec.Struct, frozen=True):
    code: int
    msg: str = ""
    bot: Robot = Robot()


def shaped(raw: bytes | msgspec.Raw, shape: type[Shape]) -> Shape:
    """`WireError` for JSON that is none, or of another shape. A half character does not spoil the rest."""
    return forgiving(bytes(raw), partial(checked, decoder=msgspec.json.Decoder(shape)))
