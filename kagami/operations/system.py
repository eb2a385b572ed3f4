"""The engine itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kagami.operations.registry import Request, operation
from kagami.ports import Connection, Notice, Parts, Pulse


class Status(Request, frozen=True):
    pass


class StatusNow(msgspec.Struct, frozen=True):
    """`today` counts since local midnight as `Store.counts` names them."""

    pulse: Pulse
    today: Mapping[str, int]
    store_bytes: int


class Pulses(Request, frozen=True):
    seconds: int = 300


class Notices(Request, frozen=True):
    pass


class Connect(Request, frozen=True):
    pass


class Stop(Request, frozen=True):
    reason: str = "asked by an operator"


@operation("system.status", "system:read")
async def status(parts: Parts, request: Status) -> StatusNow:  # noqa: ARG001
    """Load, bots, messages and queues."""
    now = parts.clock.wall_ms()
    today = await parts.store.counts(local_midnight_ms(now))
    return StatusNow(parts.house.pulse(), today, await parts.store.size())


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
    return parts.connection


@operation("system.stop", "system:write", asks=True)
async def stop(parts: Parts, request: Stop) -> None:
    """Stop the engine gracefully."""
    parts.house.stop(request.reason)


def local_midnight_ms(now_ms: int) -> int:
    """The last local midnight in milliseconds since 1970."""
    from datetime import datetime  # noqa: PLC0415

    local = datetime.fromtimestamp(now_ms / 1000).astimezone()
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


OPERATIONS = (status, pulses, notices, connection, stop)
