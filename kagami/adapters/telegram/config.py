"""`[[bots]]` with `kind = "telegram"`: a bot of the Telegram Bot API."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import HIDDEN, Secret
from kagami.i18n import mark

# https://core.telegram.org/bots/api#authorizing-your-bot; it goes into addresses, so that nothing else may be in it.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,200}", re.ASCII)
_PROXIES = ("http", "https", "socks4", "socks5", "socks5h")


class TelegramConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="telegram"):
    """`token` is BotFather's. `proxy` is http:// or socks5://; `api_url` another server of the Bot API."""

    token: Secret
    proxy: str = ""
    api_url: str = "https://api.telegram.org"

    @property
    def account(self) -> str:
        """The number of the bot, which its token begins with."""
        return self.token.reveal().partition(":")[0]

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{self.account}"

    def trouble(self) -> Trouble | None:
        if not _TOKEN.fullmatch(self.token.reveal()):
            fix = mark("Copy it whole from BotFather: digits, a colon, and letters.")
            return Trouble("token", HIDDEN, mark("it is no token of a Telegram bot"), fix)
        return web_trouble("api_url", self.api_url, ("http", "https")) or _proxy_trouble(self.proxy)


def _proxy_trouble(proxy: str) -> Trouble | None:
    """What is wrong with the address of a proxy; nothing is with none."""
    try:
        parts = urlsplit(proxy)
        sound = not proxy or bool(parts.scheme in _PROXIES and parts.hostname and parts.port)
    except ValueError:
        sound = False
    if sound and proxy.isprintable() and " " not in proxy:
        return None
    shown = proxy.partition("?")[0].rpartition("@")[2]
    fix = mark("Give a scheme, a host and a port, such as socks5://127.0.0.1:1080 or http://127.0.0.1:8080.")
    return Trouble("proxy", shown, mark("it is no address of a proxy"), fix)
