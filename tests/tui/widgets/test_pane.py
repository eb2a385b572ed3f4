from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from kagami.tui.format import Tier
from kagami.tui.widgets.painted import Line, Painted
from kagami.tui.widgets.pane import Pane
from tests.tui.stand import Stand, standing


class Inside(Painted):
    def lines(self, width: int, height: int) -> Sequence[Line]:
        return []


def pane(stand: Stand) -> Pane:
    return Pane(stand, Inside(stand))


async def labelled(title: str, hint: str, *, width: int = 30, tier: Tier = "full", focus: bool = False) -> list[str]:
    async with standing(pane, (width, 4), tier) as (stand, pilot):
        assert isinstance(stand.widget, Pane)
        stand.widget.label(title, hint)
        if focus:
            stand.widget.inner.can_focus = True
            stand.widget.inner.focus()
        await pilot.pause()
        await pilot.pause()
        return stand.text()


async def test_title_and_hint_are_in_the_frame() -> None:
    rows = await labelled("Bots 8", "by in/s")
    assert rows[0] == "╭─ Bots 8 ───────── by in/s ─╮"
    assert rows[1] == "│                            │"
    assert rows[3] == "╰────────────────────────────╯"


async def test_the_focus_makes_it_heavy_in_every_tier() -> None:
    assert (await labelled("x", "", focus=True))[0].startswith("┏━ x ━")
    assert (await labelled("x", "", focus=True, tier="ascii"))[0].startswith("#= x =")
    assert (await labelled("x", "", tier="ascii"))[0].startswith("+- x -")


async def test_long_foreign_titles_are_cut() -> None:
    for title in ("机器人" * 10, "x" * 200, "a\x1b[31mb" * 10):
        rows = await labelled(title, "hint")
        assert [cell_len(row) for row in rows] == [30, 30, 30, 30]
        assert rows[0].isprintable()


async def test_a_narrow_pane_keeps_its_corners() -> None:
    rows = await labelled("title", "hint", width=9)
    assert rows[0].startswith("╭")
    assert rows[0].endswith("╮")
