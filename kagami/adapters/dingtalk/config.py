"""`[[bots]]` with `kind = "dingtalk"`: a robot of a DingTalk application in Stream mode."""

from __future__ import annotations

from kagami.adapters.table import BotTable, Trouble, host_of, web_trouble
from kagami.core.secrets import Secret


class DingTalkConfig(BotTable, frozen=True, kw_only=True, tag_field="kind", tag="dingtalk"):
    """`client_id` and `client_secret` are the application's AppKey and AppSecret.

    Where `api_url` is not DingTalk's, its older interface (`oapi.dingtalk.com`: files, people) is asked there too.
    """

    client_id: str
    client_secret: Secret
    api_url: str = "https://api.dingtalk.com"

    @property
    def address(self) -> str:
        return f"{host_of(self.api_url)}/{self.client_id}"

    def trouble(self) -> Trouble | None:
        return web_trouble("api_url", self.api_url, ("http", "https"))
