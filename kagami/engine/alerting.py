"""The way of alerts to an address that an operator named."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from kagami.config import Settings
from kagami.errors import Unavailable
from kagami.hub.alarm import Post

SECONDS = 10.0


def webhook(stack: AsyncExitStack, settings: Settings) -> Post | None:
    """Posts a notice as JSON; `Unavailable` unless the address answers well. It may lead into a private network."""
    url = settings.alerts.webhook.reveal()
    if not url:
        return None
    from kagami.net.http import HttpReach  # noqa: PLC0415 (most engines have no webhook)

    host = urlsplit(url).hostname or ""
    reach = HttpReach(proxy=settings.plugins.http.proxy, private=(host,), seconds=SECONDS)
    stack.push_async_exit(reach)
    way = reach.of("@alerts", (f"http:{host}",))

    async def post(told: dict[str, Any]) -> None:
        answer = await way.post(url, json=told)
        if not answer.ok:
            raise Unavailable(what=host, reason=f"it answers with HTTP {answer.status}")

    return post
