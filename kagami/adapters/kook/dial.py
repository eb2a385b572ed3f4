"""Tries a configured bot from outside the engine, one step after the other: name, port, token, account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from kagami.adapters.kook.client import Client
from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.wire import Author, part
from kagami.adapters.steps import knock, look_up, place_of
from kagami.clock import SystemClock
from kagami.errors import CredentialsRefused, KagamiError
from kagami.i18n import Translate
from kagami.net.api import Api
from kagami.ports import Finding


def dial(config: KookConfig, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
    place = place_of(config.api_url)
    named = look_up(place, subject, t, fix=t("Correct bots.api_url, or the name server."))
    yield named
    if named.state == "bad":
        return
    if closed := knock(place, subject, t, fix=t("Correct bots.api_url, or let this machine reach it.")):
        yield closed
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
