from __future__ import annotations

from kagami.tui.shell import HangsUp, Repaints, Shell
from kagami.tui.widgets.painted import Painted
from tests.tui.pilot import run_console
from tests.tui.stand import Stand


async def test_the_console_is_a_shell_that_can_lose_its_terminal() -> None:
    async with run_console() as (console, _):
        shell: Shell = console
        assert shell.looks.glyphs.tier == "full"
        assert isinstance(console, HangsUp)
        assert all(isinstance(each, Repaints) for each in console.query(Painted))


def test_an_app_that_cannot_lose_it_is_not_told() -> None:
    assert not isinstance(Stand(Painted, "full"), HangsUp)
