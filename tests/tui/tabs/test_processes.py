from __future__ import annotations

import pytest

from kagami.operations.cluster import Drain, ProcessRow
from tests.tui.configured import Configured, opened
from tests.tui.pilot import Size, golden, on_screen, press, screen_text, until

KEY = "P"


def row(node: str, role: str = "worker", state: str = "serving", partitions: int = 0, **values: object) -> ProcessRow:
    given = {"accounts": 0, "waiting": 0, "lag_s": 0.0, "seen_s": 1.0, "memory_mb": 96.0} | values
    given |= {"version": "0.9.0", "duty": values.get("duty", False)}
    return ProcessRow(node, role, state, partitions, **given)  # type: ignore[arg-type]


def cluster() -> Configured:
    """Two gateways, of which one misses Redis; a worker that is gone, one that serves and one that hands over."""
    control = Configured()
    control.processes = [
        row("gateway-1", "gateway", accounts=3, memory_mb=120.0, address="10.0.0.5:5000", duty=True),
        row("gateway-2", "gateway", accounts=2, redis="nobody listens there"),
        row("worker-1", partitions=64, waiting=1_204, lag_s=1.9),
        row("worker-2", state="leaving"),
        row("worker-3", state="gone", seen_s=93.0),
    ]
    return control


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_process_has_a_row(size: Size, language: str) -> None:
    async with opened(cluster(), size, language=language, tab=KEY) as (_, console, pilot):
        await press(console, pilot, "j")
        golden(f"settings-processes-{size[0]}x{size[1]}-{language}", screen_text(console))


async def test_one_alone_says_so_and_hands_nothing_over() -> None:
    control = Configured()
    control.processes = [row("home", "all", redis=None)]
    async with opened(control, tab=KEY) as (_, console, pilot):
        assert on_screen(console, "One process does everything.")
        assert any(line.strip("│ ").split() == ["Redis", "none"] for line in screen_text(console))
        await press(console, pilot, "H")
        assert on_screen(console, "it is the last one")
        assert not control.asked(Drain)


async def test_one_hands_over_when_that_is_confirmed() -> None:
    control = cluster()
    control.answers[Drain] = lambda _: control.processes
    async with opened(control, tab=KEY) as (_, console, pilot):
        await press(console, pilot, "H")
        assert on_screen(console, "Let gateway-1 hand over all that it serves?")
        await press(console, pilot, "enter")
        assert not control.asked(Drain)
        await press(console, pilot, "H", "right", "enter")
        assert control.asked(Drain) == [Drain(node="gateway-1")]
        await until(lambda: on_screen(console, "gateway-1 hands over"))


async def test_one_that_hands_over_serves_again() -> None:
    control = cluster()
    async with opened(control, tab=KEY) as (_, console, pilot):
        await press(console, pilot, "j", "j", "j", "H", "right", "enter")
        assert control.asked(Drain) == [Drain(node="worker-2", on=False)]


async def test_the_key_says_what_it_would_do_to_the_marked_one() -> None:
    async with opened(cluster(), (140, 40), tab=KEY) as (_, console, pilot):
        assert "H hand over" in screen_text(console)[-1]
        await press(console, pilot, "j", "j", "j")
        assert "H serve again" in screen_text(console)[-1]


@pytest.mark.parametrize(("downs", "reason"), [(2, "it is the last one"), (4, "it is gone: others do its work")])
async def test_why_one_cannot_is_said(downs: int, reason: str) -> None:
    control = cluster()
    async with opened(control, tab=KEY) as (_, console, pilot):
        await press(console, pilot, *["j"] * downs, "H")
        assert on_screen(console, reason)
        assert not control.asked(Drain)


async def test_who_may_not_write_is_told_so() -> None:
    control = cluster()
    control.scopes = ["*:read"]
    async with opened(control, tab=KEY) as (_, console, pilot):
        await press(console, pilot, "H")
        assert on_screen(console, "needs the right cluster:write")
