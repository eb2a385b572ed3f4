"""Tries WeChat from outside the engine: name, port, and whether iLink answers there.

Credentials lie in the home of the engine that uses them; whether they are still good is its health to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

from kagami.adapters.steps import PATIENCE_S, look_up, place_of
from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.weixin.ilink import ILink, open_api
from kagami.adapters.weixin.wire import Code
from kagami.errors import KagamiError, Unavailable
from kagami.i18n import Translate
from kagami.ports import Finding


def dial(config: WeixinConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way; the last one says that a login is possible, or what stands in the way."""
    place = place_of(config.api_url)
    named = look_up(place, subject, t, fix=t("Correct bots.api_url, or the name server."))
    yield named
    if named.state == "bad":
        return
    try:
        told = asyncio.run(_ask(config.api_url))
    except Unavailable as error:
        yield Finding("bad", subject, error.text(t), t("Let this machine reach WeChat, or correct bots.api_url."))
    except KagamiError as error:
        text = t("it does not speak iLink: {}").format(error.text(t))
        yield Finding("bad", subject, text, t("Correct bots.api_url."))
    else:
        yield _judged(told, subject, t)


async def _ask(api_url: str) -> Code:
    """A code that nobody will scan: the only call that needs no account."""
    try:
        async with asyncio.timeout(PATIENCE_S), open_api(api_url) as api:
            return await ILink(api).code([])
    except TimeoutError:
        host = urlsplit(api_url).hostname
        raise Unavailable(what=host, reason=f"no answer within {PATIENCE_S:g} s") from None


def _judged(told: Code, subject: str, t: Translate) -> Finding:
    if told.code or not told.qrcode:
        text = t("it gives no code for a login ({})").format(told.code)
        return Finding("bad", subject, text, t("Correct bots.api_url."))
    return Finding("ok", subject, t("iLink answers; its account logs in by QR"))
