"""Tries a NapCat from outside the engine: its WebUI, whether QQ is logged in, its OneBot connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from threading import Lock

from kagami.adapters.napcat.codec import root
from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.napcat.webui import Credential, WebUi
from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.onebot11.dial import dial as dial_onebot
from kagami.clock import SystemClock
from kagami.errors import CodeNeeded, CredentialsRefused, KagamiError, NotReached, Throttled
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding

# Tests run in threads, each with a loop of its own.
MOST_HELD = 64
_HELD: dict[tuple[str, bytes], Credential] = {}
_LOCK = Lock()


def dial(bot: NapCatConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
    if bot.webui_url:
        found = asyncio.run(_ask(bot, subject, t))
        yield from found
        if any(each.state != "ok" for each in found):
            return
    if bot.url:
        yield from dial_onebot(OneBot11Config(url=bot.url, token=bot.token), subject, t)


async def _ask(bot: NapCatConfig, subject: str, t: Translate) -> list[Finding]:
    found: list[Finding] = []
    async with Api(root(bot.webui_url)) as api:
        webui = WebUi(api, bot.webui_token.reveal(), SystemClock(), _held(bot))
        try:
            status = await webui.status()
            found.append(Finding("ok", subject, t("NapCat's WebUI lets us in")))
            if status.isLogin:
                uin = (await webui.account()).uin
                found.append(Finding("ok", subject, t("it is account {}").format(uin)))
            else:
                fix = t("Log in by QR code: kagami bots login {}").format(bot.name or subject)
                found.append(Finding("warn", subject, t("nobody is logged in to QQ yet: that is the next step"), fix))
        except KagamiError as error:
            found.append(Finding("bad", subject, error.text(t), _fix(error, t)))
    return found


def _held(bot: NapCatConfig) -> Credential:
    """Of the tests before this one: who tries again and again is not counted for it."""
    key = (bot.webui_url, sha256(bot.webui_token.reveal().encode()).digest())
    with _LOCK:
        _HELD[key] = held = _HELD.pop(key, None) or Credential()
        while len(_HELD) > MOST_HELD:
            del _HELD[next(iter(_HELD))]
    return held


def _fix(error: KagamiError, t: Translate) -> str:
    match error:
        case CodeNeeded():
            return t("Log in once with the code: kagami bots login, or switch its second factor off.")
        case CredentialsRefused():
            return t("Set bots.webui_token to the token of NapCat's webui.json.")
        case Throttled():
            return t("Wait a minute.")
        case NotReached():
            return t("Start NapCat, or correct bots.webui_url.")
        case _:
            return t("Correct bots.webui_url.")
