from __future__ import annotations

import pytest
from rich.cells import cell_len

from kagami.tui.keys import Action
from kagami.tui.widgets.bars import Footer, PulseLine, Rail, Tabs, cells, spread
from kagami.tui.widgets.painted import Span
from tests.tui.engine import NOTICES, pulse
from tests.tui.stand import Stand, standing


def busy(stand: Stand) -> Stand:
    stand.pulse = pulse()
    stand.history = [pulse(second) for second in range(60)]
    stand.notices = list(NOTICES)
    return stand


async def shown(kind: type[PulseLine | Tabs | Rail], size: tuple[int, int], stale_s: float = 0) -> list[str]:
    async with standing(lambda stand: kind(busy(stand)), size) as (stand, pilot):
        stand.stale_s = stale_s
        assert isinstance(stand.widget, (PulseLine, Tabs, Rail))
        stand.widget.repaint()
        await pilot.pause()
        return stand.text()


def test_the_right_side_gives_way() -> None:
    left, right = [Span("left")], [Span("right")]
    assert "".join(span.text for span in spread(left, right, 12)) == "left   right"
    assert "".join(span.text for span in spread(left, right, 9)) == "left"
    assert cells(spread(left, right, 12)) == 12


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 200])
async def test_the_pulse_fits_every_width(width: int) -> None:
    row = (await shown(PulseLine, (width, 1)))[0]
    assert cell_len(row) <= width
    assert "412" in row
    assert "5" in row


async def test_the_pulse_says_live_or_stale() -> None:
    assert (await shown(PulseLine, (80, 1)))[0].endswith("LIVE")
    assert (await shown(PulseLine, (80, 1), stale_s=8.4))[0].endswith("STALE 8s")


async def test_where_room_is_short_live_or_stale_is_said_still() -> None:
    async with standing(lambda stand: PulseLine(busy(stand)), (80, 1)) as (stand, pilot):
        stand.link_s, stand.pulse = 0.25, pulse()
        for width in range(80, 66, -1):
            line: PulseLine = stand.query_one(PulseLine)
            assert "".join(span.text for span in line.lines(width, 1)[0]).endswith("LIVE ")
        await pilot.pause()


async def test_the_pulse_waits_for_the_engine() -> None:
    async with standing(PulseLine, (80, 1)) as (stand, _):
        assert "waiting for the engine" in stand.text()[0]


async def test_tabs_fit_eighty_columns() -> None:
    assert cell_len((await shown(Tabs, (80, 1)))[0]) <= 80


async def test_the_rail_ends_in_a_rule_on_every_row() -> None:
    rows = await shown(Rail, (17, 37))
    assert {(row[-1], cell_len(row)) for row in rows} == {("│", 17)}
    assert " 2 Bots       8 │" in rows


async def test_a_low_rail_keeps_the_places() -> None:
    rows = await shown(Rail, (17, 13))
    assert any("8 Sandbox" in row for row in rows)
    assert not any("^P" in row for row in rows)


async def test_the_footer_always_ends_with_its_last_hint() -> None:
    async with standing(Footer, (24, 1)) as (stand, pilot):
        footer = stand.widget
        assert isinstance(footer, Footer)
        footer.hints = tuple((Action(f"a.{each}", (each,), f"word{each}", ""), "app.act") for each in "abcdef")
        footer.repaint()
        await pilot.pause()
        assert stand.text()[0] == " a worda  f wordf"


async def test_one_hint_says_both_arrows() -> None:
    async with standing(Footer, (24, 1)) as (stand, pilot):
        footer = stand.widget
        assert isinstance(footer, Footer)
        footer.hints = tuple((Action(f"a.{key}", (key,), "go", ""), "app.act") for key in ("down", "left", "right"))
        footer.repaint()
        await pilot.pause()
        assert stand.text()[0] == " ↑↓ go  ← go  → go"


async def test_where_not_all_words_fit_only_the_seen_place_has_its_own() -> None:
    rows = await shown(Tabs, (60, 1))
    assert rows[0].rstrip().endswith("7  8  9")
