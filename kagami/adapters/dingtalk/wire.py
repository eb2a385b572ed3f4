"""DingTalk's JSON, as far as it is read.

Stream protocol: https://opensource.dingtalk.com/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

from typing import Any

import msgspec

BOT_TOPIC = "/v1.0/im/bot/messages/get"


class Opened(msgspec.Struct, frozen=True):
    """Where to connect to, once: a ticket is good for one connection."""

    endpoint: str
    ticket: str


class Frame(msgspec.Struct, frozen=True):
    """What comes down a stream. `type` is SYSTEM, EVENT or CALLBACK; `data` is JSON inside the JSON."""

    type: str
    headers: dict[str, Any] = {}
    data: str = ""

    def header(self, name: str) -> str:
        """Empty when it is missing."""
        value = self.headers.get(name)
        return "" if value is None else str(value)

    @property
    def topic(self) -> str:
        return self.header("topic")

    @property
    def id(self) -> str:
        return self.header("messageId")


class AtUser(msgspec.Struct, frozen=True, rename="camel"):
    dingtalk_id: str | None = None
    staff_id: str | None = None


class TextBody(msgspec.Struct, frozen=True, rename="camel"):
    content: str | None = None
    replied_msg: Any = None


class Said(msgspec.Struct, frozen=True, rename="camel"):
    """A message to the robot. `conversation_type` is 1 for a private chat, 2 for a group; times are milliseconds."""

    conversation_id: str
    conversation_type: str
    msg_id: str
    msgtype: str
    sender_id: str
    sender_staff_id: str | None = None
    sender_nick: str | None = None
    conversation_title: str | None = None
    create_at: int | None = None
    robot_code: str | None = None
    chatbot_user_id: str | None = None
    at_users: list[AtUser] | None = None
    session_webhook: str | None = None
    session_webhook_expired_time: int | None = None
    original_process_query_key: str | None = None
    original_msg_id: str | None = None
    text: TextBody | None = None
    content: Any = None

    @property
    def user(self) -> str:
        """The enterprise's own id of the sender; the opaque one of people from outside."""
        return self.sender_staff_id or self.sender_id

    @property
    def chat(self) -> str:
        return f"group:{self.conversation_id}" if self.conversation_type == "2" else f"private:{self.user}"


class Token(msgspec.Struct, frozen=True, rename="camel"):
    """`expire_in` is in seconds."""

    access_token: str
    expire_in: int
