"""`[[bots]]` with `kind = "wxbot"`: WeChat through BotMatrix' gateway, a dialect of OneBot 11."""

from __future__ import annotations

from kagami.adapters.onebot11.config import CALL_SECONDS, Seconds
from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret


class WxBotConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="wxbot"):
    """`url` is WxBot's WebSocket, `panel_url` its page with the QR code."""

    url: str
    token: Secret = Secret()
    panel_url: str = ""
    call_seconds: Seconds = CALL_SECONDS

    @property
    def address(self) -> str:
        return host_of(self.url)

    def trouble(self) -> Trouble | None:
        return web_trouble("url", self.url, ("ws", "wss")) or (
            web_trouble("panel_url", self.panel_url, ("http", "https")) if self.panel_url else None
        )
