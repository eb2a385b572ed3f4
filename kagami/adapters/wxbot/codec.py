"""WxBot's dialect of OneBot 11, and its panel. Pure.

What else departs from the standard (a `self_id` in text, a missing `time`, frames of its log) is read without a word of
ours. A raw call has the name of WxBot's action and its parameters.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import msgspec

from kagami.adapters.onebot11.codec import Dialect
from kagami.errors import WireError

PLATFORM = "wechat"
WXBOT = Dialect(
    adapter="wxbot",
    platform=PLATFORM,
    wrapped={"get_friend_list": "friends", "get_group_member_list": "members", "get_group_list": "groups"},
    cq=True,
)


class PanelBot(msgspec.Struct, frozen=True):
    """One account of the panel's `/api/bots`."""

    self_id: str | int = ""
    nickname: str | None = None
    is_alive: bool = False


def read_bots(body: bytes) -> list[PanelBot]:
    """The answer of `GET /api/bots`; `WireError` when it is none."""
    try:
        found: list[PanelBot] = msgspec.json.decode(body, type=list[PanelBot])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(reason=str(error)) from None
    return found


def qr_page(panel: str, account: str) -> str:
    """Where the panel shows the picture of the QR code; without an account its first page."""
    parts = urlsplit(panel)
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    return f"{base}/api/qr_code?bot_id={quote(account, safe='')}" if account else f"{base}/"
