"""Tries a configured bot from outside the engine, one step after the other: name, port, token, account."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from kagami.adapters.kook.client import Client
from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.wire import Author, part
from kagami.clock import SystemClock
from kagami.errors import CredentialsRefused, KagamiError
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding

PATIENCE_S = 5.0


def dial(config: KookConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
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
        socket.create_connection((host, port), PATIENCE_S).close()
    except OSError as error:
        text = t("nothing answers on port {} ({})").format(port, error.strerror or type(error).__name__)
        yield Finding("bad", subject, text, t("Correct bots.api_url, or let this machine reach it."))
        return
    yield asyncio.run(_ask(config, subject, t))


async def _ask(config: KookConfig, subject: str, t: Translate) -> Finding:
    try:
        async with Api(config.api_url) as api:
            client = Client(api, config.token, SystemClock())
            me = part(await client.credentials("/user/me"), Author)
            await client.credentials("/gateway/index", {"compress": "1"})
    except CredentialsRefused as error:
        fix = t("Set bots.token to the one of the developers' page.")
        return Finding("bad", subject, t("it refuses the token: {}").format(error.details["reason"]), fix)
    except KagamiError as error:
        return Finding("bad", subject, error.text(t), t("Try again later, or correct bots.api_url."))
    if me is None or not me.id:
        return Finding("bad", subject, t("it does not tell its account"), t("Correct bots.api_url."))
    return Finding("ok", subject, t("it is account {}").format(f"{me.id} ({me.username})"))
