from __future__ import annotations

from kagami.errors import SettingError
from kagami.operations.bots import AddBot, EditBot
from kagami.ports import BotKind, SettingRow
from kagami.tui.dialogs.botform import BotForm
from kagami.tui.widgets.painted import Painted
from tests.tui.stand import standing
from tests.tui.test_bot_acts import KIND


async def test_a_refusal_stands_beside_its_field_and_a_secret_is_never_the_value() -> None:
    async with standing(Blank) as (stand, _):
        form = BotForm(stand, KIND, "foo", "qq:1", {"url": "ws://a", "token": {"set": True}})
        assert {each.name: each.value for each in form.form} == {"url": "ws://a", "token": None, "enabled": True}
        error = SettingError(key="bots.3.url", value="x", origin="o", reason="r", fix="f")
        assert form.named(error) == "url"
        assert form.request({"url": "b"}) == EditBot(bot="qq:1", keys={"url": "b"})
        assert BotForm(stand, KIND, "new").request({"url": "b"}) == AddBot(kind="onebot11", keys={"url": "b"})


class Blank(Painted):
    """Nothing."""

    def lines(self, width: int, height: int) -> list[list[object]]:  # type: ignore[override]
        return []


PLATFORM = BotKind(
    "kook",
    [
        SettingRow("token", "bots", "secret", ""),
        SettingRow("api_url", "bots", "text", "", default="https://www.kookapp.cn/api/v3"),
    ],
    ("token",),
)


async def test_a_default_need_not_be_deleted_and_what_is_needed_says_so() -> None:
    async with standing(Blank) as (stand, pilot):
        form = BotForm(stand, PLATFORM, "new")
        pilot.app.push_screen(form)
        await pilot.pause()
        assert "needed" in "".join(span.text for span in form.rows(90, 10)[0])
        form.chosen = 1
        form.action_act("form.edit")
        assert form.box.value == "", "what is typed takes the place of the default"
        assert "https://www.kookapp.cn" in "".join(span.text for span in form.rows(90, 10)[1])
        await pilot.press("enter")
        assert (form.changes, form.editing) == ({}, False)
