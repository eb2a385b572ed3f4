"""A process that shares its store with nobody, as operations see a cluster."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import __version__
from kagami.core.passes import NOT_HERE, Pass
from kagami.engine.watching import unwritten
from kagami.errors import DoneElsewhere, Unauthorized
from kagami.model.principal import Principal
from kagami.ports import NodeRow, NodeState

if TYPE_CHECKING:
    from kagami.engine.tools import Tools
    from kagami.hub.hub import Hub

MEGABYTE = 1e6


class Nobody:
    """Implements `ports.Calls`."""

    node = socket.gethostname()

    async def all(self, who: Principal, request: msgspec.Struct, seconds: float) -> list[Any]:  # noqa: ARG002
        return []

    async def call(self, node: str, who: Principal, request: msgspec.Struct) -> Any:  # noqa: ARG002
        raise DoneElsewhere(node=node)

    def admit(self, text: str, operation: str) -> Pass:  # noqa: ARG002
        raise Unauthorized(reason=NOT_HERE)


class Alone:
    """Implements `ports.Processes`."""

    patience_s = 60.0
    calling = Nobody()

    def __init__(self, hub: Hub, tools: Tools) -> None:
        self._hub = hub
        self._tools = tools

    def rows(self) -> list[NodeRow]:
        pulse = self._hub.pulse()
        state = NodeState(
            version=__version__,
            started_ms=pulse.started_ms,
            parts=tuple(range(1)),
            duty=True,
            waiting=pulse.waiting,
            oldest_s=pulse.oldest_s,
            memory_mb=round(pulse.memory_bytes / MEGABYTE, 1),
            trouble=unwritten(self._tools.meters),
            redis=self._tools.state.bus.trouble if self._tools.settings.redis.url else None,
            bots=tuple(row for row in self._hub.bots.own_rows() if row.adapter != "sandbox"),
        )
        return [NodeRow(self.calling.node, "all", 0, 0.0, state)]

    async def read(self) -> None:
        return
