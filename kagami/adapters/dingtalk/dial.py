"""Tries a configured robot from outside the engine, one step after the other: name, port, credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.robot import Robot
from kagami.adapters.steps import look_up, place_of
from kagami.clock import SystemClock
from kagami.errors import CredentialsRefused, NotReached, Refused, Unavailable
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding


def dial(config: DingTalkConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way; the last one says which application it is, or what stands in the way."""
    place = place_of(config.api_url)
    named = look_up(place, subject, t, fix=t("Correct bots.api_url, or the name server."))
    yield named
    if named.state == "bad":
        return
    try:
        asyncio.run(_open(config))
    except NotReached as error:
        text = t("nothing answers on port {} ({})").format(place.port, error.details["reason"])
        yield Finding("bad", subject, text, t("Correct bots.api_url, or let this machine reach it."))
    except CredentialsRefused as error:
        text = t("DingTalk refuses the credentials: {}").format(error.details["reason"])
        yield Finding("bad", subject, text, t("Copy client_id and client_secret from the application's page again."))
    except (Unavailable, Refused) as error:
        yield Finding("bad", subject, error.text(t), t("Try again later, or correct bots.api_url."))
    else:
        yield Finding("ok", subject, t("it is the application {}, and streams to it").format(config.client_id))


async def _open(config: DingTalkConfig) -> None:
    """The first call of every connection; the ticket that it brings is not used and expires."""
    async with Api(config.api_url) as api:
        await Robot(config, api, SystemClock()).open()
