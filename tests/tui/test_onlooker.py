from __future__ import annotations

import pytest

from kagami.errors import Denied
from kagami.operations.bots import Disconnect, ListBots
from kagami.tui.onlooker import Onlooker
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console


async def test_it_reads_and_changes_nothing() -> None:
    control = FakeControl()
    onlooker = Onlooker(control)
    assert len(await onlooker.call(ListBots())) == 8
    with pytest.raises(Denied):
        await onlooker.call(Disconnect(bot="qq:1"))
    assert not control.asked(Disconnect)
    await onlooker.close()
    assert control.closed


async def test_its_console_says_so_before_it_is_tried() -> None:
    async with run_console() as (console, pilot):
        console.read_only = True
        await press(console, pilot, "2", "d")
        assert on_screen(console, "read-only console")
