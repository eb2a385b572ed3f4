from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.errors import SettingError
from kagami.operations.workers import AddWorker, EditWorker
from kagami.tui.app import Console
from kagami.tui.dialogs.workerform import WorkerKeys
from kagami.tui.shell import Leave
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.routed import FORM, TABLES, Routed


@asynccontextmanager
async def form(worker: str = "") -> AsyncIterator[tuple[Console, Pilot[Leave], Routed]]:
    control = Routed()
    values = next((table for table in TABLES if table["name"] == worker), {})
    async with run_console(control=control) as (console, pilot):
        await console.push_screen(WorkerKeys(console, FORM, worker, values))
        yield console, pilot, control


async def test_a_new_one_needs_a_name_and_nothing_else() -> None:
    async with form() as (console, pilot, control):
        await press(console, pilot, "A")
        assert on_screen(console, "missing: name")
        await press(console, pilot, "enter", *"koishi2", "enter", "j", "enter", *"geheim", "enter")
        assert not on_screen(console, "geheim")
        await press(console, pilot, "A")
        assert control.asked(AddWorker) == [AddWorker(name="koishi2", keys={"token": "geheim"})]


async def test_of_one_that_is_there_only_what_changed_is_sent() -> None:
    async with form("koishi") as (console, pilot, control):
        assert on_screen(console, "ws://127.0.0")
        await press(console, pilot, "A")
        assert on_screen(console, "nothing is changed")
        await press(console, pilot, "k", "enter", "A")
        assert control.asked(EditWorker) == [EditWorker(worker="koishi", keys={"enabled": False})]


async def test_what_the_engine_refuses_stands_beside_its_key() -> None:
    def wrong(_: Any) -> None:
        raise SettingError(
            key="workers.2.name", value="x", origin="this change", reason="another has it", fix="Choose."
        )

    async with form() as (console, pilot, control):
        control.answers[AddWorker] = wrong
        await press(console, pilot, "enter", *"koishi", "enter", "A")
        assert on_screen(console, "another has it")
        assert isinstance(console.screen, WorkerKeys)
