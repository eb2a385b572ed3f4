from __future__ import annotations

import pytest
from rich.cells import cell_len

from kagami.ports import Pulse
from kagami.tui.widgets.tiles import Tiles, squeezed
from tests.tui.engine import pulse
from tests.tui.stand import Stand, standing


def online(each: Pulse) -> float:
    return each.online


def tiles(stand: Stand) -> Tiles:
    stand.pulse = pulse()
    stand.history = [pulse(second) for second in range(300)]
    return Tiles(stand)


@pytest.mark.parametrize("size", [(60, 4), (80, 4), (100, 4), (123, 8)])
async def test_four_tiles_fit_side_by_side(size: tuple[int, int]) -> None:
    async with standing(tiles, size) as (stand, _):
        rows = stand.text()
        assert max(cell_len(row) for row in rows) <= size[0]
        assert rows[0].split()[0] == "CPU"
        assert rows[-1].split() == ["-5m", "now"] * 4


def test_slices_of_time_stay_where_they_are() -> None:
    pulses = [pulse(second, online=second % 7) for second in range(300)]
    first = squeezed(pulses[:290], online, 30)
    second = squeezed(pulses[:293], online, 30)
    assert first[:-1] == second[: len(first) - 1]


def test_a_slice_is_the_mean_of_its_seconds() -> None:
    pulses = [pulse(second, online=second) for second in range(3, 13)]
    assert squeezed(pulses, online, 30) == [7.5]


def test_no_more_samples_than_cells() -> None:
    assert len(squeezed([pulse(second) for second in range(300)], online, 36)) <= 36


async def test_without_a_pulse_it_waits() -> None:
    async with standing(Tiles, (80, 4)) as (stand, _):
        assert "waiting for the engine" in stand.text()[0]
