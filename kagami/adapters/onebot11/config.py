"""`[[bots]]` with `kind = "onebot11"`: an implementation that runs a WebSocket server."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.adapters.table import BotTable, Trouble, web_trouble
from kagami.core.secrets import Secret

Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]

CALL_SECONDS = 30.0


class PeerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How implementations that connect by themselves are treated. An answer is waited for `call_seconds`."""

    call_seconds: Seconds = CALL_SECONDS


class OneBot11Config(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="onebot11"):
    """`url` is `ws://` or `wss://`; `name` is what people call the bot until it tells its nickname."""

    url: str
    token: Secret = Secret()
    call_seconds: Seconds = CALL_SECONDS

    @property
    def address(self) -> str:
        scheme, _, rest = self.url.partition("?")[0].partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    def trouble(self) -> Trouble | None:
        return web_trouble("url", self.url, ("ws", "wss"))
