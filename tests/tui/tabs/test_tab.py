from __future__ import annotations

import pytest

from kagami.tui.tabs.tab import Tab
from tests.tui.stand import standing


@pytest.mark.parametrize(("width", "classes"), [(60, {"narrow"}), (100, set()), (120, {"wide"})])
async def test_a_tab_knows_how_much_room_it_has(width: int, classes: set[str]) -> None:
    async with standing(lambda stand: Tab(stand, id="tab")) as (stand, _):
        tab = stand.widget
        assert isinstance(tab, Tab)
        tab.lay_out(width)
        assert set(tab.classes) & {"narrow", "wide"} == classes
        assert not tab.back()
