"""What every `[[bots]]` table has, whatever its kind."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from kagami.core.pace import Pace
from kagami.i18n import mark


class Trouble(NamedTuple):
    """A key whose value no type can refuse by itself. `shown` may be shown; the others are translation keys."""

    key: str
    shown: str
    reason: str
    fix: str


class BotTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` is what people call the bot; a paused one keeps its table."""

    name: str = ""
    enabled: bool = True
    pace: Pace = Pace()

    @property
    def address(self) -> str:
        """Which account or host this is, without anything secret: two tables with one address are the same bot."""
        raise NotImplementedError

    def trouble(self) -> Trouble | None:
        """What is wrong with the values together."""
        return None

    def same_connection(self, other: BotTable) -> bool:
        """Whether a connection made for the one is as good for the other: they differ in name and pace at most."""
        return type(self) is type(other) and self == msgspec.structs.replace(other, name=self.name, pace=self.pace)


def web_trouble(key: str, url: str, schemes: tuple[str, ...]) -> Trouble | None:
    """What is wrong with an address that is to be asked by one of these schemes."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if sound and url.isprintable() and " " not in url:
        return None
    shown = url.partition("?")[0].rpartition("@")[2]  # the rest may hold a token
    if "ws" in schemes:
        return Trouble(
            key, shown, mark("it is no WebSocket address"), mark("Give an address like ws://127.0.0.1:3001.")
        )
    return Trouble(key, shown, mark("it is no web address"), mark("Give an address like https://api.example.com."))


def host_of(url: str) -> str:
    """Host and port of an address, without what may be secret in it."""
    return urlsplit(url).netloc.rpartition("@")[2]
