"""`[[bots]]` with `kind = "napcat"`: a NapCat whose WebUI Kagami may use too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from kagami.adapters.onebot11.config import CALL_SECONDS, Seconds
from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret
from kagami.i18n import mark


class NapCatConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="napcat"):
    """Without `url` NapCat is told to connect to the gateway, at `gateway_url` when it runs on another machine. The
    WebUI logs QQ in and sets NapCat's connections.
    """

    url: str = ""
    token: Secret = Secret()
    webui_url: str = ""
    webui_token: Secret = Secret()
    gateway_url: str = ""
    call_seconds: Seconds = CALL_SECONDS

    @property
    def address(self) -> str:
        return host_of(self.url or self.webui_url)

    def trouble(self) -> Trouble | None:
        if not self.url and not self.webui_url:
            return Trouble("url", "", mark("it is empty"), mark("Give url, or webui_url, or both."))
        return (
            (self.url and web_trouble("url", self.url, ("ws", "wss")))
            or (self.webui_url and web_trouble("webui_url", self.webui_url, ("http", "https")))
            or (self.gateway_url and web_trouble("gateway_url", self.gateway_url, ("ws", "wss")))
            or self._told()
        )

    @staticmethod
    def untangled(keys: Mapping[str, Any]) -> dict[str, Any]:
        """The keys with an address as NapCat prints it, `http://host:6099/webui?token=…`, taken apart."""
        url = keys.get("webui_url")
        if not isinstance(url, str) or "?" not in url:
            return dict(keys)
        address, _, query = url.partition("?")
        tokens = parse_qs(query.partition("#")[0]).get("token")
        return {**keys, "webui_url": address, "webui_token": tokens[-1]} if tokens else dict(keys)

    def _told(self) -> Trouble | None:
        """NapCat logs the address of its page with the token in it."""
        if "token=" not in self.webui_url:
            return None
        shown = self.webui_url.partition("?")[0]
        return Trouble("webui_url", shown, mark("it holds a token"), mark("Give the token as webui_token."))
