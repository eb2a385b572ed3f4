"""`[[bots]]` with `kind = "telegram"`: a bot of the Telegram Bot API."""

from __future__ import annotations

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret


class TelegramConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="telegram"):
    """`token` is BotFather's. `proxy` is http:// or socks5://; `api_url` another server of the Bot API."""

    token: Secret
    proxy: str = ""
    api_url: str = "https://api.telegram.org"

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{self.token.reveal().partition(':')[0]}"

    def trouble(self) -> Trouble | None:
        return web_trouble("api_url", self.api_url, ("http", "https"))
