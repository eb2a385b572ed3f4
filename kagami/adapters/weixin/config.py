"""`[[bots]]` with `kind = "weixin"`: a personal WeChat account by Tencent's iLink."""

from __future__ import annotations

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble


class WeixinConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="weixin"):
    """There is no key: the account logs in by a QR code, and what that gives is kept in `secrets/`."""

    api_url: str = "https://ilinkai.weixin.qq.com"
    cdn_url: str = "https://novac2c.cdn.weixin.qq.com/c2c"

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{self.name}"

    def trouble(self) -> Trouble | None:
        return web_trouble("api_url", self.api_url, ("http", "https")) or web_trouble(
            "cdn_url", self.cdn_url, ("http", "https")
        )
