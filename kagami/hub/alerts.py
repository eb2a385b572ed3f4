"""Looks every few seconds for what people should be told of: bots that are away, queues that age, a disk that fills."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from kagami.clock import Clock
from kagami.core.alerts import OVER, Reading, Sentry, Told
from kagami.hub.alarm import Alarm
from kagami.hub.config import AlertsConfig
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.ports import AlertRow, BotRow, Bots, Pulse

PERIOD_S = 5.0
# In the home: what people were told of and is not over, for whoever comes after a process that was killed.
KEPT = "alerts.json"
MEGABYTE = 1 << 20
# A span is told in whole minutes, or in hours, when it is at least so long.
MINUTES_FROM_S, HOURS_FROM_S = 120.0, 7200.0
_BOTS = {
    "connecting": ("bot_offline", mark("The bot {bot} is not connected: {reason}")),
    "backoff": ("bot_offline", mark("The bot {bot} is not connected: {reason}")),
    "silent": ("bot_silent", mark("The bot {bot} is connected and hears nothing: {reason}")),
    "auth_failed": ("bot_refused", mark("The bot {bot} is refused by its platform: {reason}")),
    "crash_loop": ("bot_crash_loop", mark("The bot {bot} fails again and again: {reason}")),
}
_GONE = mark("its connection was closed")
# Told of what was: whether a bot is back or was taken away, it needs nobody any more.
ENDS = {
    "bot_offline": mark("Over: the bot {bot} was not connected, for {span}."),
    "bot_silent": mark("Over: the bot {bot} heard nothing, for {span}."),
    "bot_refused": mark("Over: the platform refused the bot {bot}, for {span}."),
    "bot_crash_loop": mark("Over: the connection of the bot {bot} failed again and again, for {span}."),
    "queue_age": mark("Over: messages waited too long for their handlers, for {span}."),
    "disk_full": mark("Over: the disk of {home} was nearly full, for {span}."),
    "process_gone": mark("Over: nothing was heard of the process {process}, for {span}."),
    "clock_apart": mark("Over: the clock of the process {process} was apart from the database's, for {span}."),
    "store_away": mark("Over: the database could not be written, for {span}."),
    "redis_away": mark("Over: {redis} was away, for {span}."),
    "redis_setup": mark("Over: {redis} was not set up as it should be, for {span}."),
}

# Judged by whichever process does at the moment what one does for all.
_OF_ALL = frozenset({"process_gone", "clock_apart"})


class Alerts:
    """Implements `ports.Alerts`. `free` gives the bytes that are free where everything is kept."""

    def __init__(
        self,
        config: AlertsConfig,
        alarm: Alarm,
        bots: Bots,
        pulse: Callable[[], Pulse],
        clock: Clock,
        meters: Meters,
        *,
        home: Path,
    ) -> None:
        self._config = config
        self._alarm = alarm
        self._bots = bots
        self._pulse = pulse
        self._clock = clock
        self._meters = meters
        self._home = home
        self._sentry = Sentry(config.calm_s)
        self._muted: dict[str, float] = {}
        # Bots that were online: when one is not even known any more, people want to know.
        self._known: dict[str, str] = {}
        self._watched: list[Callable[[], Mapping[str, Reading]]] = []

    def watch(self, readings: Callable[[], Mapping[str, Reading]]) -> None:
        """Judge what another part says of itself, too: `readings` gives what is wrong at the moment, by key."""
        self._watched.append(readings)

    def configure(self, config: AlertsConfig) -> None:
        """Go on with other settings."""
        self._config, self._sentry.calm = config, config.calm_s

    async def run(self) -> None:
        """Until cancelled."""
        self._resume()
        self._about_disk()  # what is free is measured from the start
        while True:
            await self._clock.sleep(PERIOD_S)
            self.look()

    def look(self) -> None:
        """Judge everything once."""
        now = self._clock.monotonic()
        found = self._sentry.judge(self._readings(), now)
        for told in found:
            if told.reading.kind not in self._config.quiet and self._muted.get(told.key, 0.0) <= now:
                self._tell(told)
        if found:
            with suppress(OSError):  # a full disk, of which people are told here
                (self._home / KEPT).write_bytes(msgspec.json.encode(self.rows()))

    def _resume(self) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall_ms()
        with suppress(OSError, msgspec.MsgspecError):  # nothing was told, or its file was cut off with the process
            for each in msgspec.json.decode((self._home / KEPT).read_bytes(), type=list[AlertRow]):
                if each.kind in ENDS and each.kind not in _OF_ALL:
                    if each.key.startswith("bot "):  # one that connects by itself may not be there yet
                        self._known[each.key.removeprefix("bot ")] = each.fields.get("bot", "")
                    reading = Reading(each.kind, 0.0, each.text, each.fields, each.level)
                    self._sentry.resume(each.key, reading, now - max(0, wall - each.since_ms) / 1000)

    def rows(self) -> list[AlertRow]:
        """What people were told of and lasts, the oldest first."""
        now, wall = self._clock.monotonic(), self._clock.wall_ms()
        found = sorted(self._sentry.open.items(), key=lambda item: item[1].began_at)
        return [
            AlertRow(
                key,
                each.reading.kind,
                each.reading.level,
                each.reading.text,
                dict(each.reading.fields),
                since_ms=wall - int((now - each.began_at) * 1000),
                muted_s=max(0.0, self._muted.get(key, 0.0) - now),
            )
            for key, each in found
        ]

    def mute(self, key: str, seconds: float) -> None:
        self._muted = {each: until for each, until in self._muted.items() if until > self._clock.monotonic()}
        self._muted[key] = self._clock.monotonic() + seconds

    def forget(self, bot: str) -> None:
        """An operator took this bot away: that it is not there is as it should be."""
        self._known.pop(bot, None)

    async def test(self) -> list[str]:
        return await self._alarm.test()

    def _tell(self, told: Told) -> None:
        reading = told.reading
        if told.over:
            self._alarm.tell(
                "info", f"{reading.kind}{OVER}", ENDS[reading.kind], span=_span(told.seconds), **reading.fields
            )
        else:
            self._alarm.tell(reading.level, reading.kind, reading.text, **reading.fields)

    def _readings(self) -> dict[str, Reading]:
        found = {**self._about_bots(), **self._about_queue(), **self._about_disk(), **self._about_store()}
        for readings in self._watched:
            found |= readings()
        return found

    def _about_bots(self) -> dict[str, Reading]:
        rows = {row.id: row for row in self._bots.rows() if row.adapter != "sandbox"}
        own = [row for row in rows.values() if not row.node]  # the others' are judged by the process that has them
        self._known |= {row.id: row.name for row in own if row.health.state == "online"}
        found = {f"bot {row.id}": each for row in own if (each := self._about_bot(row))}
        kind, text = _BOTS["backoff"]
        for bot, name in self._known.items():
            if bot not in rows:
                fields = {"bot": name or bot, "reason": _GONE}
                found[f"bot {bot}"] = Reading(kind, self._config.offline_s, text, fields)
        return found

    def _about_bot(self, row: BotRow) -> Reading | None:
        known = _BOTS.get(row.health.state)
        if known is None:
            return None
        kind, text = known
        patience = self._config.offline_s if kind == "bot_offline" else 0.0
        return Reading(kind, patience, text, {"bot": row.name or row.id, "reason": row.health.reason or _GONE})

    def _about_queue(self) -> dict[str, Reading]:
        oldest = self._pulse().oldest_s
        if oldest <= self._config.queue_s:
            return {}
        text = mark("Messages wait too long for their handlers: the oldest for {seconds} s")
        return {"queue": Reading("queue_age", PERIOD_S, text, {"seconds": f"{oldest:.0f}"}, "warning")}

    def _about_disk(self) -> dict[str, Reading]:
        try:
            free = shutil.disk_usage(self._home).free // MEGABYTE
        except OSError:
            return {}  # the store says what is wrong with the home
        self._meters.gauge["disk_free_bytes"] = free * MEGABYTE
        if free >= self._config.disk_mb:
            return {}
        text = mark("Only {megabytes} MB are free on the disk of {home}")
        return {"disk": Reading("disk_full", 0.0, text, {"megabytes": str(free), "home": str(self._home)})}

    def _about_store(self) -> dict[str, Reading]:
        pulse = self._pulse()
        if not pulse.store_away:
            return {}
        text = mark("The database cannot be written; {messages} messages are kept on disk")
        return {"store": Reading("store_away", 0.0, text, {"messages": str(pulse.kept_aside)})}


def _span(seconds: float) -> str:
    """As `45 s`, `12 min` or `3.5 h`."""
    if seconds < MINUTES_FROM_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < HOURS_FROM_S else f"{seconds / 3600:.1f} h"
