"""Below which number nothing new comes to the disk."""

from __future__ import annotations

import pytest

from kagami.cluster.horizon import MARGIN_S, SILENT_S, Horizon
from kagami.core.partition import FIRST_MS, following, horizon
from kagami.ports import NodeRow, NodeState
from kagami.testing.clock import FakeClock

NOW = FIRST_MS + 3_600_000
NEWEST = horizon(NOW, MARGIN_S)


def row(node: str, written: int = NEWEST, *, seen_s: float = 0.0, leaving: bool = False) -> NodeRow:
    return NodeRow(node, "all", 0, seen_s, NodeState(written=written, leaving=leaving))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def found(clock: FakeClock) -> Horizon:
    return Horizon(clock)


def test_it_is_a_little_behind_the_present(found: Horizon) -> None:
    found.heard([row("a", following(0, NOW, 0)), row("b", following(0, NOW, 1))])
    assert found.number(NOW) == NEWEST


def test_what_waits_to_be_written_anywhere_is_above_however_late_it_comes(found: Horizon) -> None:
    late = horizon(NOW, 300.0)
    found.heard([row("a"), row("b", late)])
    assert found.number(NOW) == late


async def test_a_process_that_is_cut_off_holds_it_for_a_while(found: Horizon, clock: FakeClock) -> None:
    found.heard([row("a"), row("b", 5)])
    await clock.advance(SILENT_S - 1)
    found.heard([row("a")])  # its row was removed, but it may live
    assert found.number(NOW) == 5
    await clock.advance(2)
    found.heard([row("a")])
    assert found.number(NOW) == NEWEST


def test_one_that_has_left_has_written_everything(found: Horizon) -> None:
    found.heard([row("a"), row("b", 5, leaving=True)])
    assert found.number(NOW) == 5
    found.heard([row("a")])
    assert found.number(NOW) == NEWEST


def test_one_that_has_just_joined_numbers_from_then_on(found: Horizon) -> None:
    found.heard([row("a"), row("b", 0, seen_s=20.0)])
    assert found.number(NOW) == horizon(NOW, 20.0 + MARGIN_S)
