from __future__ import annotations

import pytest

from kagami.operations.system import Status
from kagami.tui.told import ACTIONS
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console

SAID = {
    "link.stats": "the terminal does not tell",
    "link.attach": "kagami attach",
    "engine.status": "load",
    "engine.restart": "systemctl",
    "help.qr": "The code has to fit whole",
    "help.width": "KAGAMI_WIDE=1",
    "help.about": "Textual",
}


@pytest.mark.parametrize("action", SAID)
async def test_each_is_said_by_its_command(action: str) -> None:
    control = FakeControl()
    control.answers[Status] = lambda _: {"load": 3}
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "colon", *action, "enter")
        assert on_screen(console, SAID[action])


async def test_detaching_leaves_the_bots() -> None:
    async with run_console(owned=True) as (console, pilot):
        await pilot.press("colon", *"link.detach", "enter")
        await pilot.pause()
        assert console.return_value is not None
        assert console.return_value.name == "DETACH"


def test_there_is_nothing_else_to_tell() -> None:
    assert {action.id for action in ACTIONS} == {*SAID, "link.detach"}
