"""What people look at: notices, and one pulse a second for an hour."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from kagami import __version__, log
from kagami.clock import Clock
from kagami.hub.registry import BotRegistry
from kagami.meters import Histogram, Meters
from kagami.ports import Notice, Pulse

KEPT_PULSES = 3_600
KEPT_NOTICES = 200
Load = Callable[[], tuple[float, int, int]]
_STATM = Path("/proc/self/statm")
_log = log.get("hub")


def machine_load() -> Load:
    """A function that gives this process' CPU percent since its last call, its memory and the host's, in bytes."""
    if _STATM.exists():
        return _Linux()
    import psutil  # noqa: PLC0415 (a megabyte that only other systems need)

    process = psutil.Process()
    host = psutil.virtual_memory().total
    process.cpu_percent()
    return lambda: (process.cpu_percent(), process.memory_info().rss, host)


class _Linux:
    """As the kernel tells it, proc_pid_statm(5)."""

    def __init__(self) -> None:
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._host = os.sysconf("SC_PHYS_PAGES") * self._page
        self._before = time.perf_counter(), time.process_time()

    def __call__(self) -> tuple[float, int, int]:
        now = time.perf_counter(), time.process_time()
        passed, used = now[0] - self._before[0], now[1] - self._before[1]
        self._before = now
        resident = int(_STATM.read_bytes().split()[1])
        return round(100 * used / passed, 1) if passed else 0.0, resident * self._page, self._host


class Board:
    """`tick` is called once a second by the hub."""

    def __init__(
        self, clock: Clock, meters: Meters, bots: BotRegistry, *, load: Load, log_seq: Callable[[], int]
    ) -> None:
        self._clock = clock
        self._meters = meters
        self._bots = bots
        self._load = load
        self._log_seq = log_seq
        self._notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self._started_ms = clock.wall_ms()
        self._ticked_at = clock.monotonic()
        self._latency_before: list[int] = []
        self._pulses: deque[Pulse] = deque((Pulse(self._started_ms, self._started_ms, __version__),), KEPT_PULSES)
        self.listeners: list[Callable[[Notice], None]] = []
        self.oldest_s: Callable[[], float] = lambda: 0.0
        self.waiting: Callable[[], int] = lambda: 0
        self.open_events: Callable[[], int] = lambda: 0

    def notice(self, level: Literal["info", "warning", "error"], kind: str, text: str, **fields: str) -> None:
        """Tell people. `text` is a translation key with `{field}` places."""
        notice = Notice(self._clock.wall_ms(), level, kind, text, fields)
        self._notices.append(notice)
        _log.warning(f"notice: {kind}", **fields)
        for listener in self.listeners:
            listener(notice)

    def notices(self) -> list[Notice]:
        return list(self._notices)

    def pulse(self) -> Pulse:
        return self._pulses[-1]

    def pulses(self, seconds: int) -> list[Pulse]:
        kept = list(self._pulses)
        return kept[-seconds:]

    def tick(self) -> None:
        """Close a second."""
        now = self._clock.monotonic()
        passed = max(0.001, now - self._ticked_at)
        self._ticked_at = now
        for tally in self._bots.tally.values():
            tally.tick(passed)
        self._pulses.append(self._measure(self._pulses[-1], passed))

    def _measure(self, before: Pulse, passed: float) -> Pulse:
        count = self._meters.count
        received = sum(tally.received for tally in self._bots.tally.values())
        cpu, memory, host = self._load()
        states = [bot.health().state for bot in self._bots.all() if bot.adapter != "sandbox"]
        states = [state for state in states if state != "stopped"]  # an operator paused those
        online = sum(state == "online" for state in states)
        offline = sum(state in ("auth_failed", "crash_loop") for state in states)
        sent = count["sends", "sent"]
        gauge, wall_ms = self._meters.gauge, self._clock.wall_ms()
        aside_since_s = gauge.get("spool_oldest_timestamp_seconds", 0.0)
        return Pulse(
            at_ms=wall_ms,
            started_ms=self._started_ms,
            version=__version__,
            cpu_percent=cpu,
            memory_bytes=memory,
            host_memory_bytes=host,
            online=online,
            troubled=len(states) - online - offline,
            offline=offline,
            in_per_s=(received - before.received) / passed,
            out_per_s=(sent - before.sent) / passed,
            p95_ms=self._recent_p95(before.p95_ms),
            received=received,
            sent=sent,
            failed=count["sends", "failed"],
            unknown=count["sends", "unknown"],
            waiting=self.waiting(),
            open_events=self.open_events(),
            oldest_s=self.oldest_s(),
            loop_lag_ms=gauge.get("loop_lag_ms", 0.0),
            log_seq=self._log_seq(),
            errors=count["events", "retry"] + count["events", "dead"],
            store_away=not gauge.get("ledger_healthy", 1.0),
            kept_aside=int(gauge.get("spool_events", 0)),
            kept_aside_s=round(max(0.0, wall_ms / 1000 - aside_since_s), 1) if aside_since_s else 0.0,
        )

    def _recent_p95(self, before_ms: float) -> float:
        """Of the last second that had events; the older figure stays while nothing comes."""
        total = self._meters.latency["event"]
        recent = Histogram()
        earlier = self._latency_before or [0] * len(total.buckets)
        recent.buckets = [now - then for now, then in zip(total.buckets, earlier, strict=True)]
        recent.count = sum(recent.buckets)
        self._latency_before = list(total.buckets)
        return recent.quantile(0.95) * 1000 if recent.count else before_ms
