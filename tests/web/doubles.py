"""An engine of values, as the web sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from kagami.core.privacy.desk import PrivacyDesk
from kagami.engine.alone import Nobody
from kagami.errors import KagamiError, Unauthorized
from kagami.log import Ring
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.model.principal import Principal
from kagami.people.attendance import Attended
from kagami.ports import BotHealth, BotRow, ChatRow, NodeRow, Notice, Parts, Pulse, StorePut, WorkerRow
from kagami.testing.clock import FakeClock

NOW_MS = 1_764_000_000_000


def pulse(**values: Any) -> Pulse:
    return Pulse(at_ms=NOW_MS, started_ms=NOW_MS - 1_000, version="0.1.0", **values)


def row(name: str = "shiori", state: Any = "online", **values: Any) -> BotRow:
    return BotRow(BotId(f"qq:{name}"), name, "onebot11", BotHealth(state), **values)


class StillHouse:
    """Says what a test put into it."""

    def __init__(self, now: Pulse | None = None) -> None:
        self.now = now or pulse()
        self.told: list[Notice] = []
        self.stopped = ""

    def pulse(self) -> Pulse:
        return self.now

    def pulses(self, seconds: int) -> list[Pulse]:
        return [self.now] * seconds

    def notices(self) -> list[Notice]:
        return list(self.told)

    @property
    def leaving(self) -> bool:
        return bool(self.stopped)

    def stop(self, reason: str) -> None:
        self.stopped = reason


class Rows:
    def __init__(self, *rows: BotRow) -> None:
        self.all = list(rows)

    def rows(self) -> list[BotRow]:
        return list(self.all)

    def listed(self) -> list[BotRow]:
        return self.rows()

    def get(self, bot: BotId) -> None:
        """No row has an account behind it."""


class OneKey:
    """People who are known by one token each."""

    def __init__(self, **tokens: str) -> None:
        self.tokens = {token: frozenset(scopes.split()) for token, scopes in tokens.items()}
        self.asked = 0

    async def principal(self, bearer: str, address: str) -> Principal:
        self.asked += 1
        if bearer not in self.tokens:
            raise Unauthorized(reason="the token is nobody's")
        return Principal("token", bearer, self.tokens[bearer], address)


class SmallStore:
    """Has a size, and breaks when it is told to."""

    def __init__(self) -> None:
        self.broken: BaseException | None = None
        self.audits: list[str] = []

    async def size(self) -> int:
        if self.broken:
            raise self.broken
        return 4_096

    async def chats(self, *, limit: int = 200, active_since_ms: int = 0, contains: str = "") -> list[ChatRow]:
        if self.broken:
            raise self.broken
        return []

    async def audit(
        self,
        at_ms: int,
        principal: Principal,
        operation: str,
        target: str,
        result: str,
        writes: Sequence[StorePut] = (),
    ) -> None:
        self.audits.append(f"{principal.name} {operation} {result}")


def make_parts(**given: Any) -> Parts:
    """Parts of doubles; a test replaces those that it needs to."""
    here: dict[str, Any] = {
        "clock": FakeClock(wall_ms=NOW_MS),
        "meters": Meters(),
        "ring": Ring(),
        "store": SmallStore(),
        "bots": Rows(row()),
        "house": StillHouse(),
        "attendance": Attended(FakeClock(wall_ms=NOW_MS)),
        "people": OneKey(admin="*", viewer="*:read"),
        "privacy": PrivacyDesk(),
        "routing": NoWorkers(),
        "cluster": NoNodes(),
    }
    values: dict[str, Any] = {field.name: (here | given).get(field.name) for field in fields(Parts)}
    return Parts(**values)


class NoWorkers:
    """Routing with nobody at its end but the plugin host."""

    def workers(self) -> list[WorkerRow]:
        return [WorkerRow("plugins", "live")]


class NoNodes:
    """No cluster."""

    calling = Nobody()

    def rows(self) -> list[NodeRow]:
        return []


class Odd(KagamiError):
    """An error of no family: {reason}"""
