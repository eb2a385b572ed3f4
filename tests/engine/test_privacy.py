"""An engine with secrets and private things in it: neither is in what it shows or keeps for showing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from kagami import log
from kagami.config import Settings, load
from kagami.core.privacy.desk import place_of
from kagami.core.secrets import Secret
from kagami.engine import Engine, open_engine
from kagami.engine.privacy import open_privacy, secrets_of
from kagami.home import Home
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.model.principal import Principal
from kagami.operations.messages import ListChats, ListMessages, Say
from kagami.operations.traces import ListTraces

PHONE = "13800138000"
TOKEN = "5f0c1e2d3b4a59687766554433221100"
VIEWER = Principal("person", "v", frozenset({"*:read"}))


def settings(home: Path, *, on: bool) -> Settings:
    environ = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0", "KAGAMI_GATEWAY__TOKEN": TOKEN}
    return load(Home(home), environ=environ | {"ENABLE_PRIVACY_GUARD": str(on).lower()})


def said_in_the_log(given: Settings, text: str, *, cause: Exception | None = None) -> str:
    ring = log.Ring()
    log.configure("info", ring=ring)
    with AsyncExitStackOfNothing() as stack:
        open_privacy(stack, given)
        log.get("test").error(text, cause=cause, url=f"ws://x/?access_token={TOKEN}", user=PHONE)
    (line,) = ring.window(wanted=lambda _: True)
    return f"{line.text} {line.fields}"


class AsyncExitStackOfNothing:
    """Closes what is pushed on it without a loop."""

    def __enter__(self) -> AsyncExitStack:
        self._stack = AsyncExitStack()
        return self._stack

    def __exit__(self, *_: object) -> None:
        asyncio.run(self._stack.aclose())


def refuse(reason: str) -> NoReturn:
    raise RuntimeError(reason)


def failure() -> Exception:
    try:
        refuse(f"no answer from https://bot:{TOKEN}@api.example/{TOKEN} for {PHONE}")
    except RuntimeError as error:
        return error


def test_a_secret_is_in_no_line_and_no_traceback(tmp_path: Path) -> None:
    shown = said_in_the_log(settings(tmp_path, on=False), f"token {TOKEN}", cause=failure())
    assert TOKEN not in shown
    assert PHONE in shown


def test_a_phone_number_is_in_no_line_while_the_guard_is_on_but_who_it_is_about_is(tmp_path: Path) -> None:
    shown = said_in_the_log(settings(tmp_path, on=True), f"打{PHONE}", cause=failure())
    assert "打[phone-1]" in shown
    assert shown.count(PHONE) == 1
    assert f"'user': '{PHONE}'" in shown


def test_after_the_engine_lines_are_as_they_were_said(tmp_path: Path) -> None:
    said_in_the_log(settings(tmp_path, on=True), "x")
    assert log.hiding.secrets(TOKEN) == TOKEN
    assert log.hiding.private(PHONE) == PHONE


def test_what_kills_the_process_is_told_without_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with AsyncExitStackOfNothing() as stack:
        open_privacy(stack, settings(tmp_path, on=False))
        log.crash(failure())
    assert TOKEN not in capsys.readouterr().err


async def handled(engine: Engine, text: str) -> None:
    """Until the message has its trace."""
    await engine.call(Say(text=text))
    async with asyncio.timeout(10):
        while not await engine.call(ListTraces()):
            await asyncio.sleep(0)


async def test_traces_keep_placeholders_and_messages_are_whole_for_who_may_reveal(tmp_path: Path) -> None:
    async with open_engine(settings(tmp_path, on=True), log.Ring()) as engine:
        await handled(engine, f"打{PHONE}")
        (trace,) = await engine.call(ListTraces())
        seen = await engine.call(ListMessages(), VIEWER)
        whole = await engine.call(ListMessages())
    assert trace.text == "打[phone-1]"
    assert [row.text for row in seen] == ["打[phone-1]"]
    assert [row.text for row in whole] == [f"打{PHONE}"]


async def test_names_are_hidden_after_a_restart_too(tmp_path: Path) -> None:
    name, given = "李小龙", settings(tmp_path, on=True)
    event = Event(
        ExecutionId("x1"), BotId("qq:1"), "message", "group", ChatId("group:1"), UserId("2"), 1, "m:1",
        message=text(f"{name}的电话"), sender=Sender(card=name),
    )  # fmt: skip
    async with open_engine(given, log.Ring()) as engine:
        await engine.parts.store.ledger.accept(event, 1)
    async with open_engine(given, log.Ring()) as engine:
        (row,) = await engine.call(ListMessages(), VIEWER)
        (chat,) = await engine.call(ListChats(), VIEWER)
        while name in engine.parts.privacy.mask(name, place_of(event.bot, event.chat)):
            await asyncio.sleep(0)
    assert name not in f"{row} {chat}"


def test_secrets_are_found_by_type_by_name_and_in_addresses() -> None:
    given = {
        "a": Secret("by-its-type"),
        "endpoints": [{"url": "https://x", "keys": ["by-its-name"]}],
        "proxy": "socks5://me:in%20an-address@host",
        "port": 3001,
    }
    assert set(secrets_of(given)) == {"by-its-type", "by-its-name", "in%20an-address", "in an-address"}
