"""What is pasted into an application outside, so that it works behind Kagami: its own settings, line by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from kagami.i18n import mark
from kagami.model.ids import BotId, split_id

TOKEN = "‹token›"  # noqa: S105 - stands where the token goes
EXAMPLE = BotId("qq:10001")
PORTS = {"ws": 80, "wss": 443}


class Recipe(NamedTuple):
    """`told` is where the lines go, a marked text."""

    app: str
    told: str
    lines: tuple[str, ...]

    def text(self, token: str = TOKEN) -> str:
        return "\n".join(self.lines).replace(TOKEN, token) + "\n"

    @property
    def secret(self) -> bool:
        """Whether the token is part of it."""
        return any(TOKEN in line for line in self.lines)


def recipes(url: str, bots: Sequence[BotId], *, dialled: bool) -> tuple[Recipe, ...]:
    """For an application that connects to `url`, or (`dialled`) listens there, and serves these bots."""
    served = [*bots] or [EXAMPLE]
    return _listening(url, served) if dialled else _connecting(url, served)


def _connecting(url: str, bots: Sequence[BotId]) -> tuple[Recipe, ...]:
    addresses = [f"{url}?bot={bot}" for bot in bots]
    plain = (url, f"Authorization: Bearer {TOKEN}", "", *addresses)
    return (
        Recipe(
            "NoneBot2",
            mark("Into its .env: one address for each bot."),
            ("DRIVER=~websockets", f"ONEBOT_ACCESS_TOKEN={TOKEN}", f"ONEBOT_WS_URLS={json.dumps(addresses)}"),
        ),
        Recipe(
            "Koishi",
            mark("Into koishi.yml, or the same fields of its console: one entry for each bot."),
            ("plugins:", *(line for bot in _numbered(bots) for line in _koishi(bot, url))),
        ),
        Recipe("OneBot 11", mark("Any other: a forward WebSocket to all bots at once, or to one of them."), plain),
    )


def _numbered(bots: Sequence[BotId]) -> list[BotId]:
    """Koishi wants to know the account, and that is a number; those that Kagami gives to others are not known here."""
    return [bot for bot in bots if split_id(bot)[1].isdecimal()] or [EXAMPLE]


def _koishi(bot: BotId, url: str) -> tuple[str, ...]:
    platform, account = split_id(bot)
    return (
        f"  adapter-onebot:{platform}-{account}:",
        f"    selfId: {_quoted(account)}",
        "    protocol: ws",
        f"    endpoint: {url}?bot={bot}",
        f"    token: {TOKEN}",
    )


def _listening(url: str, bots: Sequence[BotId]) -> tuple[Recipe, ...]:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or PORTS.get(parts.scheme, 80)
    entries = (line for bot in _numbered(bots) for line in _koishi_listening(bot, parts.path or "/"))
    return (
        Recipe(
            "NoneBot2",
            mark("Into its .env. Its address ends in /onebot/v11/ws."),
            ("DRIVER=~fastapi", f"HOST={host}", f"PORT={port}", f"ONEBOT_ACCESS_TOKEN={TOKEN}"),
        ),
        Recipe(
            "Koishi",
            mark("Into koishi.yml. It asks for no token this way: keep its port on this machine."),
            ("plugins:", "  server:", f"    port: {port}", *entries),
        ),
        Recipe(
            "AstrBot",
            mark("Into Bots, Create bot, OneBot v11. Its address ends in /ws."),
            (f"host   {host}", f"port   {port}", f"token  {TOKEN}"),
        ),
        Recipe(
            "aiocqhttp",
            mark("Into its program. Its address ends in /ws/."),
            (f'bot = CQHttp(access_token="{TOKEN}")', f'bot.run(host="{host}", port={port})'),
        ),
    )


def _koishi_listening(bot: BotId, path: str) -> tuple[str, ...]:
    platform, account = split_id(bot)
    return (
        f"  adapter-onebot:{platform}-{account}:",
        f"    selfId: {_quoted(account)}",
        "    protocol: ws-reverse",
        f"    path: {path}",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
