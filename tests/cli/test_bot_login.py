from __future__ import annotations

import io
import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pyte
import pytest
from rich.segment import Segment

from kagami.cli import bot_login
from kagami.cli.bot_login import Look, Talk, follow
from kagami.core.qr import Shape
from kagami.errors import UsageError
from kagami.home import Home
from kagami.operations.bots import Login
from kagami.ports import LoginStep
from tests.cli.conftest import Doubles, Say
from tests.operations.logins import LINK, PlayedLogin, WrittenLogin
from tests.photo import codes_in, picture_of
from tests.tui.logged import LoggedControl
from tests.tui.ptys import terminal

NAME = "qq-2"


def shown_code(text: str) -> list[str]:
    """What a camera reads of lines in a terminal."""
    screen = pyte.Screen(120, 60)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(text)
    return codes_in(picture_of([[Segment(row)] for row in screen.display]))


def done(going: WrittenLogin) -> None:
    going.go("done", "{name} is logged in.", fields={"name": "小明\x1b[2J"})


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """In front of a terminal."""
    monkeypatch.setattr(bot_login, "has_terminal", lambda: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size((80, 24)))


def test_the_steps_are_lines_of_json(say: Say, engine: Doubles) -> None:
    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, done)
    said = say("bots", "login", NAME, "--json")
    steps = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, [each["kind"] for each in steps]) == (0, ["qr", "done"])
    assert steps[0]["qr"] == LINK


def test_the_code_is_drawn_in_a_terminal(say: Say, engine: Doubles, wide: None) -> None:
    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, done)
    said = say("bots", "login", "--bot", NAME)
    assert (said.code, said.err) == (0, "")
    assert shown_code(said.out) == [LINK]
    assert "小明\\x1b[2J is logged in." in said.out
    assert LINK not in said.out


def test_without_colours_and_blocks_it_is_drawn_all_the_same(
    say: Say, engine: Doubles, wide: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, done)
    said = say("bots", "login", NAME, NO_COLOR="1")
    assert shown_code(said.out) == [LINK]
    assert "\x1b" not in said.out
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size((120, 60)))
    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, done)
    said = say("bots", "login", NAME, "--ascii", NO_COLOR="1")
    code, _, _ = said.out.partition("小明")
    assert code.isascii()
    assert code.count("#" * 82) >= 8


def test_a_code_is_not_cut_and_not_written_into_a_file(say: Say, engine: Doubles, wide: None) -> None:
    engine.accounts.going = PlayedLogin(lambda going: going.show_code(LINK * 4), done)
    said = say("bots", "login", NAME)
    assert "make the window larger" in said.err
    assert "█" not in said.out


def test_where_nobody_looks_only_a_hint_is_given(say: Say, engine: Doubles) -> None:
    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, done)
    said = say("bots", "login", NAME)
    assert said.code == 0
    assert "drawn in a terminal alone" in said.err
    assert LINK not in said.out + said.err
    assert "█" not in said.out


def test_where_nobody_can_answer_nothing_is_asked(say: Say, engine: Doubles) -> None:
    engine.accounts.going = PlayedLogin(WrittenLogin.ask_choice)
    said = say("bots", "login", NAME)
    assert said.code == UsageError.exit_code
    assert "call it in a terminal" in said.err


def test_a_failed_login_is_a_failure(say: Say, engine: Doubles) -> None:
    engine.accounts.going = PlayedLogin(lambda going: going.go("failed", "It was given up."))
    said = say("bots", "login", NAME)
    assert (said.code, said.err) == (1, "It was given up.\n")


def test_the_picture_is_there_until_the_login_is_over(say: Say, engine: Doubles, tmp_path: Path) -> None:
    path, seen = tmp_path / "code.png", list[int]()

    def look(going: WrittenLogin) -> None:
        seen.append(stat.S_IMODE(path.stat().st_mode))
        done(going)

    engine.accounts.going = PlayedLogin(WrittenLogin.show_code, look)
    assert say("bots", "login", NAME, "--picture", str(path)).code == 0
    assert (seen, path.exists()) == ([0o600], False)


def test_a_file_of_that_name_stays_when_no_code_came(say: Say, engine: Doubles, tmp_path: Path) -> None:
    path = tmp_path / "holiday.png"
    path.write_bytes(b"mine")
    engine.accounts.going = PlayedLogin(lambda going: going.go("failed", "It was given up."))
    assert say("bots", "login", NAME, "--picture", str(path)).code == 1
    assert path.read_bytes() == b"mine"


async def test_what_is_asked_is_answered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    control = LoggedControl()
    control.going = going = PlayedLogin(
        WrittenLogin.ask_choice,
        lambda each: each.go("ask", "Type it.", asks=("code",), link="https://example.com"),
        done,
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("2\n123456\n"))
    talk = Talk(str, Look(Shape()), asks=True)
    assert await follow(control, Login(bot=NAME), talk.show) == 0
    assert going.answers == [{"choice": "code"}, {"code": "123456"}]
    out = capsys.readouterr().out
    assert "  1  小明 [b]x[/b]\n  2  By a QR code" in out
    assert "https://example.com" in out


async def test_whoever_waits_is_told_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bot_login, "POLL_S", 0.01)
    control = LoggedControl()
    told: list[str] = []

    def heard() -> None:
        talk.wait()
        told.append(capsys.readouterr().err)
        if len(told) == 3:
            done(control.going)

    talk = Talk(str, Look(Shape()), asks=True)
    assert await follow(control, Login(bot=NAME), talk.show, heard) == 0
    assert ["Ctrl+C" in each for each in told] == [True, False, False]


async def test_a_refused_answer_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    control = LoggedControl()
    control.going = going = PlayedLogin(lambda each: each.go("ask", "Type it.", asks=("code",)), done)
    answer, refused = going.answer, [UsageError(reason="That is no code.")]

    async def refuse(words: dict[str, str]) -> None:
        if refused:
            raise refused.pop()
        await answer(words)

    monkeypatch.setattr(going, "answer", refuse)
    shown: list[LoginStep] = []

    def show(step: LoginStep) -> dict[str, str] | None:
        shown.append(step)
        return {"code": "1"} if step.kind == "ask" else None

    assert await follow(control, Login(bot=NAME), show) == 0
    assert [each.kind for each in shown].count("ask") == 2


@pytest.mark.service
def test_on_a_real_terminal_a_secret_is_typed_unseen(home: Home, engine: Doubles) -> None:
    asked = PlayedLogin(lambda each: each.go("ask", "Log in.", asks=("password",), secret=("password",)), done)
    engine.accounts.going = asked
    with terminal("kagami", "--home", str(home.path), "bots", "login", NAME, size=(80, 24)) as seat:
        seat.wait_for(b"password")
        seat.press("geheim\r")
        seat.wait_for(b"is logged in")
        assert b"geheim" not in seat.output
    assert asked.answers == [{"password": "geheim"}]
