"""How versions do: who may run now, what is counted, and when a canary is taken back."""

from __future__ import annotations

from kagami.clock import Clock
from kagami.errors import NotFound, Parked
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.plugins.active import Active
from kagami.plugins.fleet import Fleet

# How long an event waits before it looks again whether its plugin is free.
QUARANTINE_S = 60.0


class Judge:
    """Of one fleet. Times are monotonic seconds."""

    def __init__(self, fleet: Fleet, clock: Clock, meters: Meters) -> None:
        self._fleet = fleet
        self._decided = fleet.decided
        self._clock = clock
        self._meters = meters

    def admit(self, active: Active, now: float) -> None:
        """`Parked` when the version is to be left alone for a while."""
        if reason := self._decided.quarantine.is_quarantined(active.id):
            raise Parked(plugin=active.id, reason=reason, seconds=QUARANTINE_S)
        if wait := active.breaker.allow(now):
            raise Parked(plugin=active.id, reason=active.breaker.reason, seconds=wait)

    def note(self, active: Active, began: float, *, failed: bool) -> None:
        """Count what a version did; a canary that does badly is taken back."""
        now = self._clock.monotonic()
        plugin, breaker, rollouts = active.id, active.breaker, self._decided.rollouts
        self._meters.count["plugin failed" if failed else "plugin handled", plugin] += 1
        self._meters.latency[active.meter].observe(now - began)
        rollouts.note(plugin, active.version, now - began, failed=failed)
        if not failed:
            breaker.succeeded(now)
            return
        was = breaker.state
        breaker.failed(now)
        opened = breaker.state == "open" and was != "open"
        rollout = rollouts.active.get(plugin)
        if rollout is not None and rollout.version == active.version and rollout.weight:
            reason = rollouts.verdict(plugin) or (breaker.reason if opened else "")
            if reason:
                self._fleet.own(f"take back {active.kit.label}", self._take_back(plugin, active.version, reason))
        elif opened:
            what = mark("{plugin} {version} rests for {seconds} s: {reason}")
            wait = f"{breaker.allow(now):.0f}"
            self._fleet.tell(
                "error", "breaker", what, plugin=plugin, version=active.version, seconds=wait, reason=breaker.reason
            )

    async def sentence(self) -> None:
        """Make the watchdog's word stick: against a canary when that was seen last, else against the plugin."""
        quarantine = self._decided.quarantine
        for plugin in await quarantine.settle():
            reason = quarantine.is_quarantined(plugin)
            rollout = self._decided.rollouts.active.get(plugin)
            if rollout is not None and rollout.weight and self._fleet.suspects.named.get(plugin) == rollout.version:
                await quarantine.release(plugin)
                await self._take_back(plugin, rollout.version, reason)
            else:
                what = mark("{plugin} is in quarantine: {reason}")
                self._fleet.tell("error", "quarantine", what, plugin=plugin, reason=reason)

    async def _take_back(self, plugin: str, version: str, reason: str) -> None:
        """Abort the rollout of a canary, once; what waits for it goes on with the stable version."""
        try:
            await self._decided.rollouts.abort(plugin, reason, version=version)
        except NotFound:  # somebody was quicker
            return
        what = mark("The canary {plugin} {version} was taken back: {reason}")
        self._fleet.tell("error", "canary_abort", what, plugin=plugin, version=version, reason=reason)
        await self._fleet.settle(plugin)
