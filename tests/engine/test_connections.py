"""Bots come and go one by one, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.core.backoff import Restarts
from kagami.engine import Engine, connections
from kagami.errors import NotFound, Refused, SettingError
from kagami.model.ids import BotId
from kagami.operations.bots import AddBot, EditBot, ListBots, Pause, Reconnect, RemoveBot, RenameBot, Resume
from kagami.operations.bots import TestBot as TryBot
from kagami.operations.settings import (
    SettingsHistory,
    UndoSettings,
)
from kagami.ports import BotRow, Intake, Login
from kagami.testing.onebot import Listening, listen_as_implementation
from tests.engine.running import FREE, answers, engine, until, visiting


@asynccontextmanager
async def listening(account: str, token: str = "") -> AsyncIterator[Listening]:
    async with listen_as_implementation(account=account, token=token) as found:
        yield found


async def test_one_is_connected_again_while_another_is_removed(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, listening("10001") as one, listening("10002") as two, asyncio.timeout(20):
        for name, each in (("one", one), ("two", two)):
            await opened.call(AddBot(url=each.url, name=name))
            await each.accepted()
        await asyncio.gather(opened.call(Reconnect(bot="two")), opened.call(RemoveBot(bot="one")))
        await answers(await two.accepted(), "/echo again", "again")
        assert (one.open, two.open) == (0, 1)


class Stumbling:
    """Implements `ports.Adapter`: it fails in a way that nobody thought of, once."""

    id = BotId("sandbox:stumbling")

    def __init__(self) -> None:
        self.runs = 0

    def configure(self, config: Any) -> bool:
        return bool(config)

    async def run(self, intake: Intake) -> None:
        del intake
        self.runs += 1
        if self.runs == 1:
            raise ZeroDivisionError
        await asyncio.get_running_loop().create_future()

    def login(self) -> Login | None:
        return None


async def test_a_connection_that_fails_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stumbling = Stumbling()
    monkeypatch.setattr(connections, "open_bot", lambda *_: stumbling)
    monkeypatch.setattr("kagami.net.supervise.Restarts", partial(Restarts, cap=0.0))
    async with engine(tmp_path) as opened:
        await opened.call(AddBot(url="ws://127.0.0.1:1", name="one"))
        await until(lambda: stumbling.runs == 2)


async def test_what_it_has_kept_is_forgotten_when_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[str] = []

    class Keeping(Stumbling):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.runs = 1
            self.name = config.address

        async def forget(self) -> None:
            forgotten.append(self.name)

    monkeypatch.setattr(connections, "open_bot", lambda config, *_: Keeping(config))
    async with engine(tmp_path) as opened:
        for number, name in enumerate(("one", "two"), 1):
            await opened.call(AddBot(url=f"ws://127.0.0.1:{number}", name=name))
        await opened.call(RemoveBot(bot="one"))
        assert forgotten == ["ws://127.0.0.1:1"]


def test_two_accounts_of_one_host_that_nobody_has_are_two() -> None:
    tables = [OneBot11Config(url=f"ws://127.0.0.1:1/{path}") for path in "ab"]
    assert len({row.id for row in connections.unheld(tables, ())}) == 2


def test_an_account_that_another_process_has_goes_by_its_new_name() -> None:
    before, after = (OneBot11Config(url="ws://127.0.0.1:1", name=name) for name in ("one", "two"))
    ((first,), (second,)) = (connections.unheld([each], ()) for each in (before, after))
    elsewhere = connections.Elsewhere(first.id)
    assert elsewhere.configure(after)
    assert elsewhere.id == second.id != first.id


async def test_one_that_fails_again_and_again_is_seen_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Falling(Stumbling):
        async def run(self, intake: Intake) -> None:
            del intake
            self.runs += 1
            raise ZeroDivisionError("by nothing")

    falling = Falling()
    monkeypatch.setattr(connections, "open_bot", lambda *_: falling)
    monkeypatch.setattr("kagami.net.supervise.Restarts", partial(Restarts, cap=0.02))
    async with engine(tmp_path) as opened:
        await opened.call(AddBot(url="ws://127.0.0.1:1", name="one"))
        async with asyncio.timeout(10):
            while (found := await rows(opened)).get("one") is None or found["one"].health.state != "crash_loop":
                await asyncio.sleep(0.005)
        assert "ZeroDivisionError: by nothing" in found["one"].health.reason
        assert found["one"].adapter == "onebot11"
        await opened.call(RemoveBot(bot="one"))
        assert "one" not in await rows(opened)


async def rows(opened: Engine) -> dict[str, BotRow]:
    return {row.name: row for row in await opened.call(ListBots())}


async def test_a_bot_is_added_changed_paused_resumed_and_removed_while_another_stays(tmp_path: Path) -> None:
    async with (
        engine(tmp_path) as opened,
        listening("10001", "s3cret") as one,
        listening("10002") as two,
        asyncio.timeout(20),
    ):
        await opened.call(AddBot(url=two.url, name="two"))
        await two.accepted()
        added = await opened.call(AddBot(url=one.url, token="s3cret", name="one"))
        assert {each.result for each in added.keys} == {"reopened"}
        await answers(await one.accepted(), "/echo hello", "hello")

        await opened.call(RenameBot(bot="qq:10001", name="uno"))
        await opened.call(EditBot(bot="uno", keys={"pace.chat_per_second": 9.0}))
        assert (await rows(opened))["uno"].id == "qq:10001"
        await opened.call(Pause(bot="uno"))
        paused = (await rows(opened))["uno"]
        assert (paused.id, paused.health.state) == ("qq:10001", "stopped")
        assert one.open == 0
        await opened.call(Resume(bot="qq:10001"))
        await answers(await one.accepted(), "/echo back", "back")
        await opened.call(Reconnect(bot="uno"))
        await one.accepted()

        await opened.call(RemoveBot(bot="uno"))
        assert "uno" not in await rows(opened)
        assert len(one.peers) == 3
        assert len(two.peers) == 1
        text = (tmp_path / "kagami.toml").read_text()
        assert text.startswith(FREE)
        assert text.count("[[bots]]") == 1
        while await opened.call(SettingsHistory()):
            try:
                await opened.call(UndoSettings())
            except Refused:
                break
        assert (tmp_path / "kagami.toml").read_text() == FREE


async def test_a_bot_is_tried_step_by_step_before_it_is_added(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, listening("10001", "s3cret") as one:
        found = await opened.call(TryBot(url=one.url, token="wrong"))
        assert [each.state for each in found] == ["ok", "bad"]
        found = await opened.call(TryBot(url=one.url, token="s3cret"))
        assert "10001" in found[-1].text
        await opened.call(AddBot(url=one.url, token="s3cret", name="one"))
        assert (await opened.call(TryBot(bot="one")))[-1].state == "ok"
        with pytest.raises(SettingError):
            await opened.call(TryBot(url="http://x"))


async def test_a_bot_that_comes_by_itself_has_no_entry_to_change(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        await until(lambda: opened.parts.bots.get("qq:10001"))  # type: ignore[arg-type]
        for request in (Pause(bot="qq:10001"), RenameBot(bot="qq:10001", name="x"), RemoveBot(bot="qq:10001")):
            with pytest.raises(Refused, match="connects by itself"):
                await opened.call(request)
        with pytest.raises(NotFound):
            await opened.call(Pause(bot="nobody"))
        await opened.call(Reconnect(bot="qq:10001"))
        await peer.closed()
