"""Events as KOOK's documentation shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.adapters.kook.codec import read
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId

BOT = BotId("kook:2862900000")
USER = "2418200000"
CHANNEL = "48818200000000000"
GUILD = "6016389914000000"
NOW_MS = 1_760_000_000_000


def said(content: Any, *, kind: int = 9, channel_type: str = "GROUP", **extra: Any) -> dict[str, Any]:
    author = {
        "id": USER,
        "username": "tz-un",
        "identify_num": "5618",
        "online": False,
        "os": "Websocket",
        "tag_info": {"color": "#6666CC", "text": "KOOK"},
        "nickname": "12316993",
        "roles": [111, 112],
    }
    return {
        "channel_type": channel_type,
        "type": kind,
        "target_id": CHANNEL,
        "author_id": USER,
        "content": content,
        "extra": {
            "type": kind,
            "guild_id": GUILD,
            "channel_name": "123123",
            "mention": [],
            "mention_all": False,
            "mention_roles": [],
            "mention_here": False,
            "nav_channels": [],
            "author": author,
            "kmarkdown": {"raw_content": "", "mention_part": [], "mention_role_part": []},
            **extra,
        },
        "msg_id": "789c0b23-xxxx-f7ae1a946f11",
        "msg_timestamp": 1_613_996_877_757,
        "nonce": "",
        "verify_token": "v3r1fy",
    }


def told(kind: str, body: Any, *, channel_type: str = "GROUP", target: str = GUILD) -> dict[str, Any]:
    return {
        "channel_type": channel_type,
        "type": 255,
        "target_id": target,
        "author_id": "1",
        "content": "[系统消息]",
        "extra": {"type": kind, "body": body},
        "msg_id": "bcc9abbd-xxxx-61c6a976be5d",
        "msg_timestamp": 1_612_774_315_732,
        "nonce": "",
    }


def event(d: dict[str, Any]) -> Event | None:
    return read(msgspec.json.encode(d), BOT, execution=lambda _: ExecutionId("x"), now_ms=NOW_MS)


def one(d: dict[str, Any]) -> Event:
    found = event(d)
    assert found is not None
    return found
