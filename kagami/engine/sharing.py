"""What an engine shares with others goes by its settings, and people hear when that does not work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kagami.config import Settings
from kagami.core.alerts import Reading
from kagami.engine.tools import Tools
from kagami.i18n import mark

if TYPE_CHECKING:
    from kagami.hub.hub import Hub
    from kagami.state.rooms import Shared

AWAY = mark("{redis} is away: {reason}. Nothing is lost; each process limits floods by itself")
FLAWED = mark("{redis} is not set up as it should be: {reason}")
PATIENCE_S = 10.0


def follow_redis(tools: Tools, hub: Hub) -> None:
    """Move what is shared when the settings name another place, and watch over it."""

    async def move(now: Settings) -> None:
        await tools.state.configure(now.redis)
        share()

    def share() -> None:
        hub.guard.share(tools.state.buckets if tools.state.named() else None)

    share()
    tools.nursery.keep("shared limits", hub.guard.run)
    tools.live.on(("redis",), move, "reopen")
    hub.alerts.watch(lambda: readings(tools.state))


def readings(state: Shared) -> Mapping[str, Reading]:
    """What people should know of it at the moment."""
    redis = f"Redis {state.named()}"
    if not state.bus.healthy:
        fields = {"redis": redis, "reason": state.bus.trouble}
        return {"redis": Reading("redis_away", PATIENCE_S, AWAY, fields, "warning")}
    flaws = "; ".join(each.text.format(each.found) for each in state.flaws())
    if not flaws:
        return {}
    return {"redis setup": Reading("redis_setup", PATIENCE_S, FLAWED, {"redis": redis, "reason": flaws}, "warning")}
