"""The engine itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from kagami.errors import NotFound, StoreClosed, StoreSlow
from kagami.operations.registry import Request, operation
from kagami.ports import AlertRow, Connection, Notice, Parts, Pulse


class Status(Request, frozen=True):
    pass


class StatusNow(msgspec.Struct, frozen=True):
    """`today` counts since local midnight as `Store.counts` names them; empty while the database does not answer."""

    pulse: Pulse
    today: Mapping[str, int]
    store_bytes: int


class Pulses(Request, frozen=True):
    seconds: int = 300


class Notices(Request, frozen=True):
    pass


class Connect(Request, frozen=True):
    pass


class ListAlerts(Request, frozen=True):
    pass


class Mute(Request, frozen=True):
    """`alert` is a key of the list; 0 minutes end the silence."""

    alert: str
    minutes: Annotated[float, msgspec.Meta(ge=0, le=10_080)] = 60.0


class TestAlerts(Request, frozen=True):
    __test__: ClassVar[bool] = False  # no test of pytest's


class Stop(Request, frozen=True):
    reason: str = "asked by an operator"


@operation("system.status", "system:read")
async def status(parts: Parts, request: Status) -> StatusNow:  # noqa: ARG001
    """Load, bots, messages and queues."""
    now = parts.clock.wall_ms()
    try:
        today = await parts.store.counts(local_midnight_ms(now))
        return StatusNow(parts.house.pulse(), today, await parts.store.size())
    except (StoreClosed, StoreSlow):
        return StatusNow(parts.house.pulse(), {}, 0)


@operation("system.pulses", "system:read")
async def pulses(parts: Parts, request: Pulses) -> list[Pulse]:
    """Past pulses, one a second, oldest first."""
    return parts.house.pulses(max(1, min(request.seconds, 3_600)))


@operation("system.notices", "system:read")
async def notices(parts: Parts, request: Notices) -> list[Notice]:  # noqa: ARG001
    """What a person should know."""
    return parts.house.notices()


@operation("system.connection", "system:secret")
async def connection(parts: Parts, request: Connect) -> Connection:  # noqa: ARG001
    """The address and the token to paste into an implementation."""
    return parts.connection()


@operation("system.alerts", "system:read")
async def alerts(parts: Parts, request: ListAlerts) -> list[AlertRow]:  # noqa: ARG001
    """What is wrong and lasts."""
    return parts.alerts.rows()


@operation("system.mute", "system:write")
async def mute(parts: Parts, request: Mute) -> None:
    """Tell nobody about one alert for a while."""
    if request.alert not in [row.key for row in parts.alerts.rows()]:
        raise NotFound(what="alert", name=request.alert)
    parts.alerts.mute(request.alert, request.minutes * 60)


@operation("system.alert_test", "system:write")
async def alert_test(parts: Parts, request: TestAlerts) -> list[str]:  # noqa: ARG001
    """Send a test to everybody who hears of alerts."""
    return await parts.alerts.test()


@operation("system.stop", "system:write", asks=True)
async def stop(parts: Parts, request: Stop) -> None:
    """Stop the engine gracefully."""
    parts.house.stop(request.reason)


def local_midnight_ms(now_ms: int) -> int:
    """The last local midnight in milliseconds since 1970."""
    day = time.localtime(now_ms / 1000)
    # Whether summer time was in force then is another question than whether it is now.
    return int(time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1)) * 1000)


OPERATIONS = (status, pulses, notices, alerts, mute, alert_test, connection, stop)
