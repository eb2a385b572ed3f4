"""Places that show what the engine keeps in English, in Chinese: nothing of it stays as it is kept."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from kagami.i18n import translator
from kagami.ports import OperatorRow
from kagami.tui.audit_rows import RESULTS
from kagami.tui.details import detail_text
from tests.english import english
from tests.reasons.said import PACKAGE, texts_in
from tests.tui.configured import Configured
from tests.tui.engine import NOW_MS, FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text
from tests.tui.world import World, audit_row, busy_world

ROOMY = (160, 48)
# What platforms, plugins and people said in these worlds, and a name of a setting.
FOREIGN = ("the peer refuses our", " token ", "100 dice is a lot. Roll anyway?", " admins ")
ROOMS = ("hub", "gateway", "core/routing.py", "operations/sending.py", "plugins/host.py", "plugins/rollouts.py")
# By the name of what is called: the stage of the mark, and the place of its detail among what it is given.
CALLS = {"Stop": ("guard", 1), "Decision": ("route", 1), "Chosen": ("plugin", 1)}


def world() -> World:
    found = busy_world()
    found.operators = [OperatorRow("person", "小明", "browser", NOW_MS, "203.0.113.9", "login-1", 2_000)]
    found.audit = [audit_row(seq, "auth.login", {}, result=result) for seq, result in enumerate(RESULTS)]
    return found


@pytest.mark.parametrize(
    "keys", [("1",), ("6", "d"), ("6", "o"), ("7",), ("7", "j", "enter"), ("7", "G", "enter"), ("7", "e")]
)
async def test_what_was_kept_in_english_is_said_in_chinese(keys: tuple[str, ...]) -> None:
    await shown_in_chinese(world(), keys)


async def test_settings_are_explained_in_chinese() -> None:
    await shown_in_chinese(Configured(), ("9",))


async def shown_in_chinese(control: FakeControl, keys: tuple[str, ...]) -> None:
    async with run_console(ROOMY, language="zh", control=control) as (console, pilot):
        await press(console, pilot, *keys)
        assert on_screen(console, "可做什么")
        assert english(screen_text(console), FOREIGN) == []


def details() -> Iterator[tuple[str, str]]:
    """The stage and the detail of each mark that the source makes; `{}` stands for what is filled in."""
    for room in ROOMS:
        place = PACKAGE / room
        for path in sorted(place.rglob("*.py") if place.is_dir() else [place]):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    stage, place_of = stage_of(node)
                    for detail in node.args[place_of : place_of + 1] if stage else ():
                        yield from ((stage, text) for text in texts_in(detail, {}))


def stage_of(call: ast.Call) -> tuple[str, int]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    # A send that needs no sending waits for nothing but the disk.
    return ("commit" if first == "send" else str(first), 1) if name == "mark" else CALLS.get(name, ("", 0))


def test_every_detail_of_a_mark_has_its_chinese() -> None:
    found = {(stage, re.sub(r"(?<=\w){}", "", text).replace("{}", "7")) for stage, text in details()}
    assert {("route", "no rules"), ("guard", "flood of a user"), ("plugin", "pinned by an operator")} <= found
    # Why a version was chosen stands behind its name.
    told = [detail_text(stage, f"7: {text}" if stage == "plugin" else text, translator("zh")) for stage, text in found]
    assert [text for text in told if re.search("[a-z]{2}", text)] == []
