"""A running engine goes by its settings while they change."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kagami.errors import Conflict, SettingError
from kagami.i18n import translator
from kagami.operations.bots import AddBot, BotKinds
from kagami.operations.registry import Request
from kagami.operations.settings import (
    ListSettings,
    SetSetting,
    SettingsFile,
)
from kagami.operations.workers import AddWorker
from kagami.testing.onebot import Peer
from tests.engine.running import FREE, answers, change, engine, free_port, visiting


async def test_words_prefix_and_level_change_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        await answers(peer, "/echo one", "one")
        found = await change(opened, prefix="!", language="zh", log__level="debug", hub__dedupe=100)
        assert found == {
            "prefix": "applied", "language": "applied", "log.level": "applied", "hub.dedupe": "restart needed"
        }  # fmt: skip
        await answers(peer, "!echo two", "two")
        assert logging.getLogger("kagami").level == logging.DEBUG
        await peer.say("!help", group="42")
        assert "命令" in str((await peer.called("send_group_msg"))["params"])
    logging.getLogger("kagami").setLevel(logging.INFO)


async def test_an_admin_of_the_moment_may_command(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        await peer.say("#status", user="20002", group="42")
        assert await change(opened, admins=["qq:20002"]) == {"admins": "applied"}
        await peer.say("#status", user="20002", group="42")
        await peer.called("send_group_msg")
        assert await change(opened, admins=None, limits__user_per_minute=1) == {
            "admins": "applied", "limits.user_per_minute": "applied"
        }  # fmt: skip
        await answers(peer, "/echo a", "a")
        await peer.say("/echo b", user="20002", group="42")
        await answers_of_another(peer)


async def answers_of_another(peer: Peer) -> None:
    await peer.say("/echo c", user="20003", group="42")
    call = await peer.called("send_group_msg")
    assert call["params"]["message"][0]["data"]["text"] == "c"


@pytest.mark.parametrize(
    "bot",
    [
        AddBot(url="http://x"),
        AddBot(kind="fax", url="ws://x"),
        AddBot(kind="telegram"),
        AddBot(url="ws://x", keys={"colour": "red"}),
        AddBot(url="ws://x", keys={"enabled": "maybe"}),
    ],
)
async def test_a_bad_bot_is_not_written(tmp_path: Path, bot: AddBot) -> None:
    async with engine(tmp_path) as opened:
        with pytest.raises(SettingError):
            await opened.call(bot)
        assert (tmp_path / "kagami.toml").read_text() == FREE


async def test_the_kinds_of_bots_tell_their_keys(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        kind = next(each for each in await opened.call(BotKinds()) if each.kind == "onebot11")
        assert kind.required == ("url",)
        assert {"url", "token", "name", "enabled", "pace.chat_per_second"} <= {row.key for row in kind.keys}
        assert all(row.text for row in kind.keys)


async def test_one_key_is_set_by_its_text(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        await opened.call(SetSetting(key="hub.tries", value="3"))
        (row,) = await opened.call(ListSettings(text="hub.tries"))
        assert (row.value, row.effect) == (3, "live")
        modified = await opened.call(ListSettings(modified=True))
        assert {each.key for each in modified} == {"gateway.port", "web.port", "hub.tries"}
        assert (await opened.call(SettingsFile())).path == str(tmp_path / "kagami.toml")


async def test_a_file_that_was_edited_is_not_taken_over_by_accident(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        (tmp_path / "kagami.toml").write_text(FREE + '[log]\nlevel = "error"\n')
        with pytest.raises(Conflict, match=r"\+level"):
            await change(opened, language="en")


@pytest.mark.service
async def test_a_service_reads_its_file_again_when_it_is_told_to(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "kagami.toml").write_text(FREE)
    command = [sys.executable, "-m", "kagami", "--home", str(tmp_path), "run"]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env={**os.environ, "LANG": "C"})
    assert child.stdout is not None
    try:
        async with asyncio.timeout(30):
            await said(child.stdout, b"ready")
            (tmp_path / "kagami.toml").write_text("broken = [")
            child.send_signal(signal.SIGHUP)
            await said(child.stdout, b"the settings stay as they were")
            (tmp_path / "kagami.toml").write_text(FREE.replace("port = 0  #", f"port = {port}  #"))
            child.send_signal(signal.SIGHUP)
            await said(child.stdout, b"settings changed")
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
    finally:
        child.terminate()
        assert await child.wait() == 0


async def said(stream: asyncio.StreamReader, words: bytes) -> None:
    while words not in (line := await stream.readline()):
        assert line, "it ended"


@pytest.mark.parametrize(
    "request_", [SetSetting(key="hub.tries", value="0"), AddWorker(name="../w"), AddBot(kind="fax", url="ws://x")]
)
async def test_what_is_refused_is_told_in_the_language_of_who_reads_it(tmp_path: Path, request_: Request) -> None:
    """The engine's own is nobody's: a program is told in English, a person in theirs."""
    async with engine(tmp_path, FREE, KAGAMI_LANGUAGE="zh") as opened:
        with pytest.raises(SettingError) as caught:
            await opened.call(request_)
    assert caught.value.text().isascii()
    assert "expected" not in caught.value.text(translator("zh"))
