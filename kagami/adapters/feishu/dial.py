"""Tries an application from outside the engine, one step after the other: name, port, secret, long connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.feishu.endpoint import read_endpoint
from kagami.adapters.feishu.rest import Rest
from kagami.adapters.feishu.wire import RobotAnswer
from kagami.adapters.steps import look_up, place_of
from kagami.clock import SystemClock
from kagami.errors import CredentialsRefused, Crowded, Declined, KagamiError, NotReached, Unavailable
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding


def dial(config: FeishuConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the application; the last one says which it is, or what stands in the way."""
    place = place_of(config.api_url)
    named = look_up(place, subject, t, fix=t("Correct bots.api_url, or the name server."))
    yield named
    if named.state == "bad":
        return
    yield asyncio.run(_ask(config, subject, t))


async def _ask(config: FeishuConfig, subject: str, t: Translate) -> Finding:
    try:
        async with Api(config.api_url) as api:
            rest = Rest(api, config.app_id, config.app_secret, SystemClock())
            read_endpoint(await rest.endpoint(), plain=config.api_url.startswith("http://"))
            robot = (await rest.whole("GET", "/open-apis/bot/v3/info", RobotAnswer)).bot
    except KagamiError as error:
        return Finding("bad", subject, error.text(t), _fix(error, t))
    return Finding("ok", subject, t("it is the application {} ({})").format(config.app_id, robot.app_name))


def _fix(error: KagamiError, t: Translate) -> str:
    match error:
        case CredentialsRefused():
            return t("Copy app_id and app_secret from the application's page in the developer console.")
        case Declined():
            return t("Turn the bot on in the developer console, give it its permissions and publish a version.")
        case NotReached():
            return t(
                "Check the network, and bots.api_url: Feishu is https://open.feishu.cn, Lark https://open.larksuite.com."
            )
        case Crowded():
            return t("Stop other programs that use the same application.")
        case Unavailable():
            return t("Try again in a minute.")
    return t("Correct the bot's settings.")
