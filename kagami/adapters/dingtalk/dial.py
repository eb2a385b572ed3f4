"""Tries a configured robot from outside the engine, one step after the other: name, port, credentials."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.robot import Robot
from kagami.clock import SystemClock
from kagami.errors import CredentialsRefused, NotReached, Refused, Unavailable
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding


def dial(config: DingTalkConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way; the last one says which application it is, or what stands in the way."""
    place = urlsplit(config.api_url)
    host, port = place.hostname or "", place.port or (443 if place.scheme == "https" else 80)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        text = t("the name {} has no address ({})").format(host, error.strerror)
        yield Finding("bad", subject, text, t("Correct bots.api_url, or the name server."))
        return
    yield Finding("ok", subject, t("{} is {}").format(host, addresses[0][4][0]))
    try:
        asyncio.run(_open(config))
    except NotReached as error:
        text = t("nothing answers on port {} ({})").format(port, error.details["reason"])
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
