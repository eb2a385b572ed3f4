from __future__ import annotations

from kagami.tui.widgets.ticker import Ticker
from tests.tui.engine import messages
from tests.tui.stand import standing


async def test_the_newest_message_is_at_the_bottom() -> None:
    async with standing(Ticker, (60, 3)) as (stand, pilot):
        assert isinstance(stand.widget, Ticker)
        stand.widget.show(messages())
        await pilot.pause()
        rows = stand.text()
        assert rows[2].split() == ["23:41:06", "→", "ops", "nothing", "runs"]
        assert "Tanaka" in rows[0]


async def test_an_empty_house_says_what_will_come() -> None:
    async with standing(Ticker, (60, 3)) as (stand, _):
        assert "Messages appear here" in stand.text()[0]
