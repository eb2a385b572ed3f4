from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from textual import events

from kagami.operations.plugins import ListPlugins
from kagami.tui.ahead import Ahead
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, run_console, settled, until
from tests.tui.pty_console import PtyConsole


def key(name: str) -> events.Key:
    return events.Key(name, None)


@pytest.fixture
def plugins() -> Iterator[PtyConsole]:
    running = PtyConsole("--still", size=(100, 30))
    try:
        running.wait_idle()
        running.press("4")
        running.read_until(lambda seen: "kagami · plugins · idle".encode() in seen)
        running.seen = b""
        yield running
    finally:
        running.end()


@pytest.mark.service
def test_letters_that_come_with_a_filter_s_key_are_typed_into_it(plugins: PtyConsole) -> None:
    plugins.press("/echo\r")
    plugins.read_until(lambda seen: "▸ /echo".encode() in seen)
    assert b"u puts it back" not in plugins.seen


@pytest.mark.service
def test_letters_that_come_with_a_place_s_digit_are_typed_in_that_place(plugins: PtyConsole) -> None:
    plugins.press("8echo")
    plugins.read_until(lambda seen: b"sandbox" in seen and b"echo" in seen)
    assert b"u puts it back" not in plugins.seen


async def test_keys_that_are_posted_at_once_reach_the_prompt_in_their_order() -> None:
    async with run_console() as (console, pilot):
        for name in ("colon", *"theme", "space", *"paper", "enter"):
            console.post_message(events.Key(name, " " if name == "space" else ":" if name == "colon" else None))
        await until(lambda: console.looks.theme == "paper")
        await settled(console, pilot)


async def test_a_key_waits_for_a_dialog_that_first_reads_from_the_engine() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        control.answers[ListPlugins] = lambda _: asyncio.sleep(0.2, [])
        for name in ("ctrl+p", *"zz"):
            console.post_message(key(name))
        await until(lambda: on_screen(console, "zz"))
        await settled(console, pilot)
        assert len(console.screen_stack) == 2
    assert control.asked(ListPlugins)


async def test_keys_are_taken_in_order_and_only_without_a_hold() -> None:
    woken = asyncio.Event()
    ahead, (one, two) = Ahead(woken.set), (key("a"), key("b"))
    ahead.add(one)
    ahead.add(two)
    assert ahead.take() is one
    hold = ahead.hold()
    assert ahead.take() is None
    ahead.release(hold)
    assert woken.is_set()
    assert ahead.take() is two


async def test_a_hold_ends_by_itself() -> None:
    woken = asyncio.Event()
    ahead = Ahead(woken.set)
    ahead.hold(0.01)
    ahead.add(key("a"))
    assert ahead.take() is None
    await asyncio.wait_for(woken.wait(), 5)
    assert ahead.take() is not None


async def test_an_interrupt_drops_what_waits_and_waits_for_nothing() -> None:
    ahead = Ahead(lambda: None)
    ahead.hold()
    ahead.add(key("e"))
    ahead.add(key("ctrl+c"))
    taken = ahead.take()
    assert taken is not None
    assert taken.key == "ctrl+c"  # type: ignore[union-attr]
    assert ahead.take() is None
