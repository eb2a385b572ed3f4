"""`[[bots]]` with `kind = "feishu"`: a robot of a Feishu or Lark application."""

from __future__ import annotations

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret


class FeishuConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="feishu"):
    """`api_url` is https://open.larksuite.com for Lark."""

    app_id: str
    app_secret: Secret
    api_url: str = "https://open.feishu.cn"

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{self.app_id}"

    def trouble(self) -> Trouble | None:
        return web_trouble("api_url", self.api_url, ("http", "https"))
