"""Whether the engine is well: one judgement for probes, `kagami health` and people."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Literal

import msgspec

from kagami.errors import KagamiError
from kagami.ports import Parts, Pulse

STALL_MS = 5_000.0
STORE_PATIENCE_S = 2.0

State = Literal["ok", "troubled", "failed"]


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    state: State
    reason: str = ""
    figures: dict[str, float] = {}


class Health(msgspec.Struct, frozen=True):
    """`state` is `failed` when a component is that the engine cannot do without."""

    state: State
    version: str
    components: dict[str, Component]

    @property
    def status(self) -> HTTPStatus:
        return HTTPStatus.SERVICE_UNAVAILABLE if self.state == "failed" else HTTPStatus.OK


async def examine(parts: Parts) -> Health:
    """Look at every component. Bots that are away make the engine troubled, never failed."""
    pulse = parts.house.pulse()
    components = {
        "loop": loop_state(pulse),
        "store": await _store_state(parts, pulse),
        **_gateway_state(parts),
        "bots": bots_state(pulse),
    }
    if parts.house.leaving:
        components["intake"] = Component("failed", "it stops, and takes no events any more")
    states = {each.state for each in components.values()}
    worst: State = "failed" if "failed" in states else "troubled" if "troubled" in states else "ok"
    return Health(worst, pulse.version, components)


def loop_state(pulse: Pulse) -> Component:
    """Failed when the event loop stood still for more than 5 s."""
    figures = {"lag_ms": round(pulse.loop_lag_ms, 1)}
    if pulse.loop_lag_ms > STALL_MS:
        return Component("failed", "something blocks the event loop; the log names it", figures)
    return Component("ok", figures=figures)


def _gateway_state(parts: Parts) -> dict[str, Component]:
    """Nothing where there is none: a process of the role worker."""
    connections = parts.meters.gauge.get("gateway_connections")
    return {} if connections is None else {"gateway": Component("ok", figures={"connections": connections})}


def bots_state(pulse: Pulse) -> Component:
    figures: dict[str, float] = {"online": pulse.online, "troubled": pulse.troubled, "offline": pulse.offline}
    return Component("troubled" if pulse.troubled or pulse.offline else "ok", figures=figures)


async def _store_state(parts: Parts, pulse: Pulse) -> Component:
    """A database on a full disk answers, and takes nothing."""
    if pulse.store_away:
        return Component("failed", "it cannot be written")
    try:
        async with asyncio.timeout(STORE_PATIENCE_S):
            size = await parts.store.size()
    except TimeoutError:
        return Component("failed", f"no answer within {STORE_PATIENCE_S:.0f} s")
    except KagamiError as error:
        return Component("failed", error.text())
    return Component("ok", figures={"bytes": size})
