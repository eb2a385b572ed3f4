from __future__ import annotations

import gc
import os
from typing import Any

import pytest

from kagami import app, collector
from kagami.cli import console, options
from kagami.cli.console import Looks, attach, open_console
from kagami.cli.options import Globals
from kagami.config import Settings
from kagami.errors import EngineAway
from kagami.home import Home
from kagami.tui import run, switches
from kagami.tui.shell import Leave
from tests.cli.conftest import Doubles, Say

LOOKS = Looks(None, None, mouse=True)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[run.Wishes]:
    """Consoles that would have been shown, in a terminal that would do."""
    found: list[run.Wishes] = []

    def show(factory: Any, wishes: run.Wishes, **_: Any) -> Leave:
        found.append(wishes)
        return Leave.STOP

    monkeypatch.setattr(console, "has_terminal", lambda: True)
    monkeypatch.setattr(run, "run_console", show)
    return found


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How consoles in front of an engine of their own were left."""
    found: list[str] = []

    def run_with_console(settings: Settings, *, show: Any, tell: Any) -> int:
        found.append(show(None, True))
        return 0

    monkeypatch.setattr(app, "run_with_console", run_with_console)
    return found


def given(home: Home, **values: Any) -> Globals:
    return Globals(str, "en", {"TERM": "xterm-256color"}, home=home.path, **values)


def test_without_an_engine_one_is_started(home: Home, shown: list[run.Wishes], owned: list[str]) -> None:
    assert open_console(given(home), LOOKS) == 0
    assert (owned, [each.owned for each in shown]) == (["stop"], [True])


def test_with_an_engine_it_is_attached(home: Home, engine: Doubles, shown: list[run.Wishes], owned: list[str]) -> None:
    assert open_console(given(home), LOOKS) == 0
    assert (owned, [each.owned for each in shown]) == ([], [False])


def test_attaching_needs_an_engine(home: Home, shown: list[run.Wishes]) -> None:
    with pytest.raises(EngineAway):
        attach(given(home), LOOKS)
    assert shown == []


@pytest.mark.parametrize(
    ("asked", "configured", "language"), [(None, "", None), (None, "zh", "zh"), ("en", "zh", "en")]
)
def test_the_line_overrides_the_configured_language(
    home: Home, shown: list[run.Wishes], owned: list[str], asked: str | None, configured: str, language: str | None
) -> None:
    (home.path / "kagami.toml").write_text(f'language = "{configured}"')
    open_console(given(home, asked_language=asked), LOOKS)
    assert shown[0].language == language


def test_a_console_without_an_engine_of_its_own_collects_its_garbage(
    home: Home, engine: Doubles, shown: list[run.Wishes]
) -> None:
    before = gc.get_threshold()
    try:
        collector.wait()
        open_console(given(home), LOOKS)
        assert gc.get_threshold()[0] < 200_000
    finally:
        gc.set_threshold(*before)


def test_looks_are_handed_on(home: Home, engine: Doubles, shown: list[run.Wishes]) -> None:
    attach(given(home), Looks("safe", "paper", mouse=False))
    assert (shown[0].glyphs, shown[0].theme, shown[0].mouse) == ("safe", "paper", False)


def test_the_environment_may_choose_glyphs(home: Home, engine: Doubles, shown: list[run.Wishes]) -> None:
    wishes = given(home)
    wishes.environ["KAGAMI_GLYPHS"] = "ascii"
    attach(wishes, LOOKS)
    assert shown[0].glyphs == "ascii"


@pytest.mark.parametrize("words", [(), ("attach",)])
def test_a_pipe_gets_a_hint_and_no_escape(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words)
    assert (said.code, said.out, "\x1b" in said.err) == (console.NO_TERMINAL, "", False)


def test_a_dumb_terminal_gets_a_hint(home: Home, shown: list[run.Wishes], capsys: pytest.CaptureFixture[str]) -> None:
    wishes = given(home)
    wishes.environ["TERM"] = "dumb"
    assert open_console(wishes, LOOKS) == console.NO_TERMINAL
    assert shown == []


def test_who_leaves_the_bots_running_is_told_how_to_come_back(
    home: Home, owned: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "has_terminal", lambda: True)
    for left, told in ((Leave.DETACH, True), (Leave.STOP, False), (Leave.LOST, False)):
        monkeypatch.setattr(run, "run_console", lambda *_, left=left, **__: left)
        open_console(given(home), LOOKS)
        assert ("comes back" in capsys.readouterr().out) is told
    assert owned == ["detach", "stop", "detach"]


@pytest.mark.parametrize(
    ("color", "system", "theme", "none"),
    [
        ("auto", None, None, False),
        ("256", "256", None, False),
        ("16", "standard", "ansi", False),
        ("none", None, "ansi", True),
    ],
)
def test_so_many_colours_are_used(
    home: Home, engine: Doubles, shown: list[run.Wishes], monkeypatch: pytest.MonkeyPatch,
    color: str, system: str | None, theme: str | None, none: bool,
) -> None:  # fmt: skip
    environ = {name: value for name, value in os.environ.items() if name not in ("TEXTUAL_COLOR_SYSTEM", "NO_COLOR")}
    monkeypatch.setattr(os, "environ", environ)
    attach(given(home), Looks(None, None, mouse=True, color=color))
    assert (environ.get("TEXTUAL_COLOR_SYSTEM"), shown[0].theme, "NO_COLOR" in environ) == (system, theme, none)


def test_an_onlooker_without_a_memory_can_be_asked_for(home: Home, engine: Doubles, shown: list[run.Wishes]) -> None:
    attach(given(home), Looks(None, None, mouse=True, read_only=True, fresh=True))
    assert (shown[0].read_only, shown[0].fresh) == (True, True)


def test_a_console_that_broke_is_an_error(home: Home, engine: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "has_terminal", lambda: True)
    monkeypatch.setattr(run, "run_console", lambda *_, **__: Leave.BROKEN)
    assert attach(given(home), LOOKS) == 1


def test_every_number_of_colours_that_there_is_can_be_asked_for() -> None:
    assert set(options.COLORS) == {"auto", *switches.COLORS}
