"""Tries a configured bot from outside the engine, one step after the other: name, port, token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from kagami.adapters.steps import PATIENCE_S, knock, look_up, place_of
from kagami.adapters.telegram.api import BotApi, told
from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.wire import Answer, User
from kagami.errors import KagamiError
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding

_REFUSED = (401, 404)


def dial(bot: TelegramConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
    place = place_of(bot.proxy or bot.api_url)
    key = "bots.proxy" if bot.proxy else "bots.api_url"
    named = look_up(place, subject, t, fix=t("Correct {}, or the name server.").format(key))
    yield named
    if named.state == "bad":
        return
    fix = t("Start the proxy, or correct bots.proxy.") if bot.proxy else t("Give a proxy in bots.proxy.")
    yield knock(place, subject, t, fix=fix) or _who(bot, subject, t)


def _who(bot: TelegramConfig, subject: str, t: Translate) -> Finding:
    try:
        answer = asyncio.run(_ask(bot))
        user = msgspec.json.decode(answer.result, type=User) if answer.ok else None
    except KagamiError as error:
        fix = t("Correct bots.api_url, or give a proxy in bots.proxy.")
        return Finding("bad", subject, error.text(t), fix)
    except msgspec.MsgspecError:
        return Finding("bad", subject, t("it does not tell its account"), t("Correct bots.api_url."))
    if user is not None:
        return Finding("ok", subject, t("it is account {}").format(f"{user.id} (@{user.username})"))
    if answer.error_code in _REFUSED:
        text = t("it refuses the token: {}").format(told(answer))
        return Finding("bad", subject, text, t("Copy the token anew from BotFather into bots.token."))
    return Finding("bad", subject, t("it does not answer: {}").format(told(answer)), t("Try again later."))


async def _ask(bot: TelegramConfig) -> Answer:
    async with Api(bot.api_url, proxy=bot.proxy) as api:
        return await BotApi(api, bot).ask("getMe", {}, seconds=PATIENCE_S)
