from __future__ import annotations

from kagami.errors import Denied
from kagami.operations.people import Identity, Me
from kagami.operations.settings import ListSettings
from kagami.operations.workers import AddWorker, EditWorker, RemoveWorker, WorkerConnection
from tests.tui.pilot import on_screen, run_console
from tests.tui.routed import SECRET, Routed, typed

FIRST, SECOND = ("5", "w", "G", "k"), ("5", "w", "G")  # nonebot, which connects, and koishi, which is dialled


async def test_one_is_added_and_told_what_to_paste() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "w", "a")
        await typed(console, pilot, "enter", *"script", "enter")
        await typed(console, pilot, "A")
        assert control.asked(AddWorker) == [AddWorker(name="script")]
        assert control.asked(WorkerConnection) == [WorkerConnection(worker="script")]
        assert on_screen(console, "Paste into script")
        assert on_screen(console, "ws://127.0.0.1:3001/?bot=qq:10001000")


async def test_what_to_paste_fits_the_direction_and_the_bots() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, *FIRST, "c")
        assert on_screen(console, "DRIVER=~websockets")
        await typed(console, pilot, "escape", "j", "c")
        assert on_screen(console, "DRIVER=~fastapi")
        await typed(console, pilot, "right")
        assert on_screen(console, "adapter-onebot:qq-10001000:")
        assert not on_screen(console, "telegram")
        assert not on_screen(console, SECRET)


async def test_who_may_not_have_tokens_is_told_so() -> None:
    control = Routed()
    control.answers[Me] = lambda _: Identity("person", "olga", ["*:read", "workers:write"], "")
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, *FIRST, "c")
        assert on_screen(console, "workers:secret")
        await typed(console, pilot, "a", "enter", *"script", "enter", "A")
        assert on_screen(console, "script may connect")
        assert control.asked(WorkerConnection) == []


async def test_one_is_paused_and_let_in_again_with_a_way_back() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, *SECOND, "X", "enter")
        assert control.asked(EditWorker) == []
        await typed(console, pilot, "X", "right", "enter")
        assert control.asked(EditWorker) == [EditWorker(worker="koishi", keys={"enabled": False})]
        assert on_screen(console, "○ paused")
        await typed(console, pilot, "X")
        assert control.tables["koishi"]["enabled"]
        await typed(console, pilot, "u")
        assert not control.tables["koishi"]["enabled"]


async def test_one_is_changed_in_a_form() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, *SECOND, "e")
        assert on_screen(console, "koishi: settings")
        await typed(console, pilot, "k", "enter", "A")
        assert control.asked(EditWorker) == [EditWorker(worker="koishi", keys={"enabled": False})]
        assert on_screen(console, "koishi was changed")


async def test_one_is_removed_only_when_its_name_is_typed() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, *SECOND, "d")
        await typed(console, pilot, *"nonebot", "enter")
        assert control.asked(RemoveWorker) == []
        await typed(console, pilot, "escape", "d")
        await typed(console, pilot, *"koishi", "enter")
        assert control.asked(RemoveWorker) == [RemoveWorker(worker="koishi")]
        assert not on_screen(console, "koishi  ")


async def test_entries_that_may_not_be_seen_are_not_missed() -> None:
    def refuse(_: object) -> None:
        raise Denied(scope="settings:read")

    control = Routed()
    control.answers[ListSettings] = refuse
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, *SECOND)
        assert on_screen(console, "connection refused by")
        await typed(console, pilot, "e")
        assert on_screen(console, "entry of a worker")
