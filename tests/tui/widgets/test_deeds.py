from __future__ import annotations

from kagami.tui.widgets.deeds import Deeds
from tests.tui.stand import standing
from tests.tui.world import audit_row


async def test_the_latest_change_is_at_the_bottom_and_what_was_refused_says_so() -> None:
    rows = [
        audit_row(320, "settings.set", {"key": "a"}, result="refused: Denied"),
        audit_row(319, "plugins.weigh", {"weight": 25}),
    ]
    async with standing(Deeds, (70, 4)) as (stand, pilot):
        assert "appears here" in stand.text()[0]
        assert isinstance(stand.widget, Deeds)
        stand.widget.show(rows)
        await pilot.pause()
        first, second = stand.text()[:2]
        assert "bob" in first
        assert "plugins.weigh weight:25" in first
        assert "refused: Denied" in second
