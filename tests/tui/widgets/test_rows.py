from __future__ import annotations

from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.rows import Rows
from tests.tui.stand import standing


async def test_it_paints_what_its_function_gives_for_the_width() -> None:
    async with standing(lambda stand: Rows(stand, lambda width: [[Span(f"w {width}")]])) as (stand, _):
        assert stand.text()[0] == "w 40"
