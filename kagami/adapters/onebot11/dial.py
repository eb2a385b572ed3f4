"""Tries a configured bot from outside the engine, one step after the other: name, port, upgrade, token, account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.steps import look_up, place_of
from kagami.errors import WireError
from kagami.i18n import Translate
from kagami.net.oswords import os_words
from kagami.onebot.read import refused
from kagami.onebot.wire import decode
from kagami.ports import Finding

PATIENCE_S = 5.0
FRAMES = 20  # events may come before the answer
ECHO = "kagami doctor"
UNAUTHORIZED = (401, 403)


def dial(bot: OneBot11Config, subject: str, t: Translate) -> Iterator[Finding]:
    """What was found on the way to the bot; the last one says which account it is, or what stands in the way."""
    place = place_of(bot.url)
    named = look_up(place, subject, t, fix=t("Correct bots.url, or the name server."))
    yield named
    if named.state == "bad":
        return
    headers = {"Authorization": f"Bearer {bot.token.reveal()}"} if bot.token else {}
    try:
        with connect(bot.url, additional_headers=headers, open_timeout=PATIENCE_S, close_timeout=1) as line:
            yield _ask(line, subject, t)
    except InvalidStatus as error:
        yield _refused(error.response.status_code, subject, t)
    except (WebSocketException, EOFError) as error:
        text = t("port {} does not speak WebSocket ({})").format(place.port, type(error).__name__)
        yield Finding("bad", subject, text, t("Give the address of the implementation's WebSocket server."))
    except OSError as error:
        text = t("nothing answers on port {} ({})").format(place.port, os_words(error))
        yield Finding("bad", subject, text, t("Start the implementation, or correct bots.url."))


def _ask(line: ClientConnection, subject: str, t: Translate) -> Finding:
    with suppress(ConnectionClosed):  # why it hung up may still be readable
        line.send(json.dumps({"action": "get_login_info", "params": {}, "echo": ECHO}))
    try:
        for _ in range(FRAMES):
            text = line.recv(timeout=PATIENCE_S)
            frame = decode(text if isinstance(text, bytes) else text.encode())
            if reason := refused(frame):
                return Finding("bad", subject, t("it refuses the token: {}").format(reason), _token_fix(t))
            if frame.is_response:
                account = frame.data.get("user_id") if isinstance(frame.data, dict) else None
                return Finding("ok", subject, t("it is account {}").format(account))
    except (TimeoutError, ConnectionClosed, WireError):
        pass
    fix = t("Give the address of a OneBot 11 implementation.")
    return Finding("bad", subject, t("it accepts the connection but does not tell its account"), fix)


def _refused(status: int, subject: str, t: Translate) -> Finding:
    if status in UNAUTHORIZED:
        return Finding("bad", subject, t("it refuses the token (HTTP status {})").format(status), _token_fix(t))
    text = t("it refuses the upgrade (HTTP status {})").format(status)
    return Finding("bad", subject, text, t("Correct the path in bots.url."))


def _token_fix(t: Translate) -> str:
    return t("Set bots.token to the token of the implementation.")
