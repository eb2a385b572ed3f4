from __future__ import annotations

from kagami.tui.draft import Draft
from kagami.tui.setting_list import SettingList
from tests.tui.configured import settings
from tests.tui.stand import standing


async def test_the_foot_tells_all_of_the_marked_setting_and_what_is_pending() -> None:
    draft = Draft()
    draft.read(settings())
    async with standing(lambda stand: SettingList(stand, draft, id="form"), (60, 20)) as (stand, pilot):
        form = stand.widget
        assert isinstance(form, SettingList)
        form.show(settings(), whole=True)
        form.table.select("gateway.port")
        await pilot.pause()
        shown = "\n".join(stand.text())
        assert form.setting is not None
        assert form.setting.key == "gateway.port"
        assert "from environment WS_PORT: unset it to edit" in shown
        assert "pending" not in shown
        draft.wish("prefix", "!")
        form.paint()
        await pilot.pause()
        assert "pending: 1 live  A apply  Z discard" in "\n".join(stand.text())
        form.show([])
        await pilot.pause()
        assert "No setting is like that." in "\n".join(stand.text())
