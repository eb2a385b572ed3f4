from __future__ import annotations

import psutil
import pytest

from kagami.hub.board import KEPT_NOTICES, Board, machine_load
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.ports import Notice
from tests.hub.doubles import QQ, Account, StillClock


class Wall:
    def __init__(self) -> None:
        self.clock, self.meters, self.bots = StillClock(), Meters(), BotRegistry()
        self.board = Board(self.clock, self.meters, self.bots, load=lambda: (12.5, 1000, 9000), log_seq=lambda: 7)

    def second(self) -> None:
        self.clock.now += 1
        self.board.tick()


def test_a_pulse_counts_bots_by_how_they_are() -> None:
    wall = Wall()
    for name, state in (("qq:1", "online"), ("qq:2", "backoff"), ("qq:3", "auth_failed"), ("qq:4", "stopped")):
        wall.bots.attach(Account(BotId(name), state=state))  # type: ignore[arg-type]
    wall.second()
    pulse = wall.board.pulse()
    assert (pulse.online, pulse.troubled, pulse.offline) == (1, 1, 1)


def test_rates_are_of_the_last_second() -> None:
    wall = Wall()
    wall.bots.tally[QQ].received = 30
    wall.meters.count["sends", "sent"] = 20
    wall.second()
    assert (wall.board.pulse().in_per_s, wall.board.pulse().out_per_s) == pytest.approx((30.0, 20.0))
    wall.second()
    assert (wall.board.pulse().in_per_s, wall.board.pulse().received) == (0.0, 30)


def test_the_latency_is_of_the_last_second_that_had_events() -> None:
    wall = Wall()
    wall.meters.latency["event"].observe(0.004)
    wall.second()
    assert wall.board.pulse().p95_ms == 5.0
    wall.second()
    assert wall.board.pulse().p95_ms == 5.0
    wall.meters.latency["event"].observe(0.2)
    wall.second()
    assert wall.board.pulse().p95_ms == 250.0


def test_an_hour_of_pulses_is_kept() -> None:
    wall = Wall()
    for _ in range(3_700):
        wall.second()
    assert len(wall.board.pulses(10_000)) == 3_600
    assert wall.board.pulses(2)[-1] == wall.board.pulse()


def test_notices_are_kept_up_to_a_bound_and_told() -> None:
    wall, told = Wall(), list[Notice]()
    wall.board.listeners.append(told.append)
    for number in range(KEPT_NOTICES + 5):
        wall.board.notice("info", "test", "number {n}", n=str(number))
    assert len(wall.board.notices()) == KEPT_NOTICES
    assert told[-1].fields == {"n": str(KEPT_NOTICES + 4)}


def test_the_load_of_this_machine_is_measured() -> None:
    load = machine_load()
    sum(range(200_000))
    cpu, memory, host = load()
    assert cpu > 0.0
    assert memory == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    assert host == psutil.virtual_memory().total


def test_a_pulse_tells_what_waits_for_a_store_that_is_away() -> None:
    wall = Wall()
    wall.second()
    assert not wall.board.pulse().store_away
    since_s = wall.clock.wall_ms() / 1000 - 30
    wall.meters.gauge |= {"ledger_healthy": 0.0, "spool_events": 4, "spool_oldest_timestamp_seconds": since_s}
    wall.second()
    pulse = wall.board.pulse()
    assert (pulse.store_away, pulse.kept_aside) == (True, 4)
    assert pulse.kept_aside_s == pytest.approx(30, abs=2)
