from __future__ import annotations

from collections.abc import Mapping

from textual.events import Paste
from textual.pilot import Pilot

from kagami.tui.widgets.fieldset import BREAK, Choice, Fieldset, Kept, LinesBox, Slot
from tests.tui.stand import Stand, standing

SLOTS = (
    Slot("match", "when", "a", "what it is about", words=("platform:qq", "platform:wechat", "text:")),
    Slot("kind", "kind", "deny", choices=(("deny", "keep out"), ("allow", "let through"))),
    Slot("lines", "lines", lines=True),
    Slot("worker", "worker", "ai-1", fixed=True),
)


def check(values: Mapping[str, str]) -> str:
    return "" if values["match"] else "Give something."


def make(stand: Stand) -> Fieldset:
    return Fieldset(stand, SLOTS, check, "saves it")


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def kept(stand: Stand) -> list[Mapping[str, str]]:
    return [each.values for each in stand.posted if isinstance(each, Kept)]


def fields(stand: Stand) -> Fieldset:
    assert isinstance(stand.widget, Fieldset)
    return stand.widget


async def test_enter_keeps_sound_values_from_any_field() -> None:
    async with standing(make, (60, 20)) as (stand, pilot):
        await press(pilot, "b", "down", "space", "z", "1", "enter")
        assert kept(stand) == [{"match": "ab", "kind": "allow", "lines": "", "worker": "ai-1"}]
        await press(pilot, "left", "up", "backspace", "backspace", "enter")
        assert len(kept(stand)) == 1
        assert "Give something." in "\n".join(stand.text())
        assert fields(stand).values["kind"] == "deny"


async def test_what_is_offered_completes_the_last_condition() -> None:
    async with standing(make, (60, 20)) as (stand, pilot):
        await press(pilot, "backspace", *"text:x & platform:w")
        await press(pilot, "right", "enter")
        assert kept(stand)[0]["match"] == "text:x & platform:wechat"


async def test_all_lines_of_a_paste_are_taken_and_none_of_its_controls() -> None:
    async with standing(make, (60, 20)) as (stand, pilot):
        box = stand.widget.query_one(LinesBox)
        box.post_message(Paste("one\n\n two\x1b[31m \nthree"))
        await pilot.pause()
        assert box.value == BREAK.join(("one", "two [31m", "three"))


async def test_a_choice_is_made_with_the_mouse_too() -> None:
    async with standing(make, (60, 20)) as (stand, pilot):
        assert not fields(stand).changed
        await pilot.click(Choice)
        assert fields(stand).values["kind"] == "allow"
        assert fields(stand).changed
        shown = "\n".join(stand.text())
        assert all(word in shown for word in ("< let through >", "ai-1", "saves it"))
