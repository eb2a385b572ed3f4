from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kagami.errors import EngineAway, Refused
from kagami.operations.bots import Login, LoginAnswer, LoginEnd, LoginRefresh, LoginStepOf
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.login import LoginDialog
from tests.operations.logins import LINK
from tests.tui.engine import NOW_MS
from tests.tui.logged import LoggedControl, logging_in
from tests.tui.pilot import golden, on_screen, screen_text, until

TEXT = "https://liteapp.weixin.qq.com/q/7GiQu1?" + "0aB" * 90


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_step_looks_as_it_did(size: tuple[int, int], language: str) -> None:
    name = f"{size[0]}x{size[1]}-{language}"
    async with logging_in(size, language=language) as seat:
        await seat.show_code(until_ms=NOW_MS + 107_000)
        golden(f"login-qr-{name}", screen_text(seat.console))
        await seat.go("scanned", "Scanned by {name}.", fields={"name": "小明 [b]x[/b]"})
        golden(f"login-scanned-{name}", screen_text(seat.console))
        seat.going.ask_choice()
        await seat.shown()
        golden(f"login-choose-{name}", screen_text(seat.console))
        await seat.go("ask", "Type what the phone shows.", asks=("code",), link="https://example.com/captcha")
        golden(f"login-ask-{name}", screen_text(seat.console))


@pytest.mark.parametrize(
    ("size", "length", "keys"),
    [
        *(((80, 24), length, ()) for length in (14, 30, 50, 78, 106, 134)),
        ((80, 24), 150, ("z",)),
        *(((140, 40), length, ()) for length in (78, 150, 260)),
        ((140, 40), 66, ("plus",)),
        ((140, 40), 66, ("z",)),
    ],
)
async def test_a_camera_reads_the_code(size: tuple[int, int], length: int, keys: tuple[str, ...]) -> None:
    async with logging_in(size) as seat:
        await seat.show_code(TEXT[:length])
        await seat.press(*keys)
        assert seat.codes() == [TEXT[:length]]


@pytest.mark.parametrize("theme", ["paper", "ansi"])
async def test_a_camera_reads_it_in_every_theme(theme: str) -> None:
    async with logging_in(theme=theme) as seat:
        await seat.show_code()
        assert seat.codes() == [LINK]
        await seat.press("z")
        assert seat.codes() == [LINK]


async def test_a_code_that_has_no_room_is_not_cut() -> None:
    async with logging_in() as seat:
        await seat.show_code(TEXT[:260])
        assert seat.codes() == []
        assert on_screen(seat.console, "needs a window of 91×32 cells")
        assert on_screen(seat.console, "s  writes it as a picture")
        assert not on_screen(seat.console, "▀▄")
        await seat.press("z")
        assert on_screen(seat.console, "alone, by z, it needs 59×30")


async def test_a_terminal_without_blocks_gets_plain_characters() -> None:
    async with logging_in((140, 50), tier="ascii") as seat:
        await seat.show_code()
        assert "\n".join(screen_text(seat.console)).isascii()
        assert on_screen(seat.console, "##########  ##")


async def test_the_code_can_be_inverted_and_drawn_otherwise() -> None:
    async with logging_in((140, 50)) as seat:
        await seat.show_code()
        await seat.press("i")
        assert seat.codes() == []
        await seat.press("i", "b")
        assert on_screen(seat.console, "####")
        await seat.press("b", "plus", "plus", "plus")
        assert on_screen(seat.console, "no room")
        await seat.press("minus")
        assert seat.codes() == [LINK]


async def test_it_goes_on_by_itself_until_it_is_over() -> None:
    async with logging_in() as seat:
        await seat.show_code()
        await seat.show_code(LINK[:-1])
        assert seat.codes() == [LINK[:-1]]
        await seat.go("done", "{name} is logged in.", fields={"name": "小明"})
        assert on_screen(seat.console, "小明 is logged in.")
        asked = seat.control.asked(LoginStepOf)
        assert [each.after for each in asked] == [1, 2, 3]
        await seat.press("enter")
        assert not isinstance(seat.console.screen, LoginDialog)


async def test_another_code_is_asked_for_and_a_failed_login_begun_again() -> None:
    async with logging_in() as seat:
        await seat.show_code()
        await seat.press("r")
        assert seat.control.asked(LoginRefresh) == [LoginRefresh(bot="qq:10003000")]
        await seat.go("failed", "The code has expired too often.")
        assert on_screen(seat.console, "expired too often")
        await seat.press("r")
        assert len(seat.control.asked(Login)) == 2
        await seat.show_code()
        assert seat.codes() == [LINK]


async def test_a_way_is_chosen() -> None:
    async with logging_in() as seat:
        seat.going.ask_choice()
        await seat.shown()
        assert on_screen(seat.console, "小明 [b]x[/b]")
        await seat.press("j", "enter")
        assert seat.going.answers == [{"choice": "code"}]


async def test_what_is_asked_is_typed_and_secrets_are_not_shown() -> None:
    async with logging_in() as seat:
        await seat.go("ask", "Log in.", asks=("uin", "password"), secret=("password",))
        await seat.press(*"10001", "enter", *"geheim")
        assert not on_screen(seat.console, "geheim")
        await seat.press("enter")
        assert seat.going.answers == [{"uin": "10001", "password": "geheim"}]


async def test_a_refused_answer_is_asked_for_again() -> None:
    control = LoggedControl()

    def refuse(_: LoginAnswer) -> None:
        raise Refused(reason="That is no code.")

    control.answers[LoginAnswer] = refuse
    async with logging_in(control=control) as seat:
        await seat.go("ask", "Type the code.", asks=("code",))
        await seat.press(*"1", "enter")
        assert on_screen(seat.console, "That is no code.")
        assert seat.dialog.view.asked == "code"


async def test_the_link_can_be_copied_while_something_is_asked() -> None:
    async with logging_in() as seat:
        await seat.go("ask", "Open the link.", asks=("ticket",), link="https://example.com/captcha")
        assert on_screen(seat.console, "https://example.com/captcha")
        await seat.press("escape", "y")
        assert on_screen(seat.console, "copied")
        await seat.press("enter", *"yes", "enter")
        assert seat.going.answers == [{"ticket": "yes"}]


async def test_the_link_is_opened_where_there_is_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    async with logging_in() as seat:
        await seat.show_code()
        await seat.press("o")
        await until(lambda: on_screen(seat.console, "the browser has it"))
        assert (tmp_path / "opened").read_text() == LINK


async def test_without_a_screen_no_browser_is_offered() -> None:
    async with logging_in() as seat:
        await seat.show_code("no link at all")
        assert not on_screen(seat.console, "open it")
        await seat.press("o")
        assert on_screen(seat.console, "there is no")


async def test_leaving_does_not_end_it_and_giving_up_does() -> None:
    async with logging_in() as seat:
        await seat.show_code()
        await seat.press("z", "escape", "escape")
        assert not isinstance(seat.console.screen, LoginDialog)
        assert on_screen(seat.console, "the login goes on")
        assert seat.control.asked(LoginEnd) == []
        await seat.press("l")
        await seat.shown()
        assert seat.codes() == [LINK]
        await seat.press("x")
        await until(lambda: seat.dialog.view.over)
        assert on_screen(seat.console, "given up")


async def test_the_picture_is_the_persons_own_and_gone_with_the_login(state_home: Path) -> None:
    path = state_home / "kagami" / "login.png"
    async with logging_in() as seat:
        await seat.show_code()
        await seat.press("s")
        assert path.read_bytes().startswith(b"\x89PNG")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await seat.go("done", "Logged in.")
        await until(lambda: not path.exists())
    async with logging_in() as seat:
        await seat.show_code()
        await seat.press("s")
        assert path.exists()
        await seat.press("escape")
        await until(lambda: not path.exists())


async def test_the_engine_may_be_away_for_a_while() -> None:
    control = LoggedControl()
    shown = control.answers[LoginStepOf]
    away = [EngineAway(address="the socket")]

    def lost(request: LoginStepOf) -> object:
        if away:
            raise away.pop()
        return shown(request)

    control.answers[LoginStepOf] = lost
    async with logging_in(control=control) as seat:
        await seat.show_code()
        assert seat.codes() == [LINK]


async def test_who_needs_no_login_is_told_so() -> None:
    control = LoggedControl()

    def refuse(_: Login) -> None:
        raise Refused(reason="This bot needs no login.")

    control.answers[Login] = refuse
    async with logging_in(control=control) as seat:
        await until(lambda: on_screen(seat.console, "needs no login"))
        await seat.press("escape")
        assert not isinstance(seat.console.screen, LoginDialog)


async def test_help_says_what_to_do_when_no_phone_reads_it() -> None:
    async with logging_in() as seat:
        await seat.press("g")
        assert on_screen(seat.console, "there is no code")
        await seat.show_code()
        await seat.press("g")
        assert isinstance(seat.console.screen, AnswerReader)
        assert on_screen(seat.console, "line spacing")
