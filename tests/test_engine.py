from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami import log
from kagami.config import Settings, load
from kagami.engine import Engine, gateway_url, open_engine
from kagami.errors import SettingError
from kagami.home import Home
from kagami.operations.messages import ListMessages, Say, Search
from kagami.operations.system import Connect, Status, Stop
from kagami.operations.traces import GetTrace, Traced
from kagami.testing.onebot import connect_implementation


def settings(home: Path, **environ: str) -> Settings:
    free = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"}
    return load(Home(home), environ=free | environ)


@asynccontextmanager
async def engine(home: Path, **environ: str) -> AsyncIterator[Engine]:
    async with open_engine(settings(home, **environ), log.Ring()) as opened:
        yield opened


async def traced(opened: Engine, execution: str) -> Traced:
    async with asyncio.timeout(10):
        while True:
            try:
                found: Traced = await opened.call(GetTrace(execution=execution))
            except Exception:  # noqa: BLE001 - not there yet
                await asyncio.sleep(0.01)
            else:
                return found


async def test_the_sandbox_answers_without_any_account(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        found = await traced(opened, await opened.call(Say(text="/echo 你好")))
        assert found.trace.outcome == "handled"
        assert [row.text for row in found.sends] == ["你好"]


async def test_an_implementation_connects_and_its_message_is_answered(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        where = await opened.call(Connect())
        url = where.url.replace(":0/", f":{opened.gateway_port}/")
        async with connect_implementation(url, token=where.token) as napcat, asyncio.timeout(10):
            await napcat.say("/echo hello", group="42")
            call = await napcat.called("send_group_msg")
        assert call["params"]["group_id"] == 42
        assert call["params"]["message"][0]["data"] == {"text": "hello"}


async def test_messages_are_found_by_two_chinese_characters(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        await traced(opened, await opened.call(Say(text="今天天气不错")))
        found = await opened.call(Search(text="天气"))
        assert [row.text for row in found] == ["今天天气不错"]


async def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path) as first:
        await traced(first, await first.call(Say(text="/echo one")))
    async with engine(tmp_path) as second:
        rows = await second.call(ListMessages())
        assert [(row.direction, row.text) for row in rows] == [("in", "/echo one"), ("out", "one")]


async def test_an_operator_can_stop_it(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        await opened.call(Stop())
        assert opened.stopping.is_set()


async def test_the_status_is_of_this_engine(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        status = await opened.call(Status())
        assert status.store_bytes > 0


async def test_the_feed_begins_with_what_is(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        feed = opened.feed(["pulse"])
        assert (await anext(feed)).topic == "pulse"
        await feed.aclose()


@pytest.mark.parametrize(("section", "short"), [("GATEWAY", "WS_PORT"), ("WEB", "WEBUI_PORT")])
async def test_a_port_that_is_taken_is_named_with_its_fix(tmp_path: Path, section: str, short: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SettingError) as caught:
            async with engine(tmp_path, **{f"KAGAMI_{section}__PORT": port}):
                pass
    assert short in caught.value.text()
    assert port in caught.value.text()


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("192.168.1.5", "192.168.1.5")],  # noqa: S104
)
def test_the_address_to_paste_can_be_dialled_from_here(tmp_path: Path, host: str, shown: str) -> None:
    given = settings(tmp_path, KAGAMI_GATEWAY__HOST=host)
    assert gateway_url(given) == f"ws://{shown}:0/onebot/v11/ws"
