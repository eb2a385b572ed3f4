from __future__ import annotations

import pytest

from kagami.ports import Finding
from kagami.tui.dialogs.findings import Findings, finding_sign
from kagami.tui.widgets.painted import Painted
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.stand import Stand

FOUND = [Finding("ok", "port", "Port 1 answers."), Finding("bad", "token", "It is refused. [b]", "Give another one.")]


@pytest.mark.parametrize(("key", "goes"), [("enter", True), ("escape", None)])
async def test_the_steps_are_numbered_and_one_decides(key: str, goes: bool | None) -> None:
    answers: list[bool | None] = []
    async with run_console() as (console, pilot):
        await console.push_screen(Findings(console, "Test", FOUND), answers.append)
        for text in ("1 ✓ Port 1 answers.", "2 ✗ It is refused. [b]", "Give another one.", "add it all the same"):
            assert on_screen(console, text)
        await press(console, pilot, key)
    assert answers == [goes]


async def test_all_may_be_well() -> None:
    async with run_console() as (console, _):
        await console.push_screen(Findings(console, "Test", FOUND[:1]))
        assert on_screen(console, "All is well")


def test_every_state_has_a_sign() -> None:
    stand = Stand(Painted, "ascii")
    assert [finding_sign(stand, Finding(state, "", "")) for state in ("ok", "warn", "bad")] == ["+", "!", "x"]
