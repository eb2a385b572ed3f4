"""`[[bots]]` with `kind = "kook"`: a bot of KOOK."""

from __future__ import annotations

from hashlib import sha256

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret


class KookConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="kook"):
    """`token` is the one of the developers' page."""

    token: Secret
    api_url: str = "https://www.kookapp.cn/api/v3"

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{sha256(self.token.reveal().encode()).hexdigest()[:8]}"

    def trouble(self) -> Trouble | None:
        return web_trouble("api_url", self.api_url, ("http", "https"))
