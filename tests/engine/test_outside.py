"""Applications at an engine: what they missed over a restart, pools behind rules, settings that change meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from kagami.engine import Engine
from kagami.model.trace import Trace
from kagami.operations.routes import AddRoute
from kagami.operations.settings import ApplySettings
from kagami.operations.traces import ListTraces
from kagami.operations.workers import Drain, ListWorkers
from kagami.ports import WorkerRow
from kagami.testing.onebot import Peer
from tests.engine.running import FREE, engine, until, visiting

ONE, TWO = "one-token-of-a-worker-for-tests", "two-token-of-a-worker-for-tests"
MIRROR = f'[[workers]]\nname = "app"\ntoken = "{ONE}"\n'
POOL = "".join(
    f'[[workers]]\nname = "{name}"\ntoken = "{token}"\npool = "ai"\n' for name, token in (("ai-1", ONE), ("ai-2", TWO))
)
UNPACED = "[pace]\naccount_per_second = 0\nchat_per_second = 0\n"
IN_POOL = AddRoute("chat:group:*", "ai")


class Application:
    """One that hears and speaks."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def told(self, post_type: str = "message") -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = msgspec.json.decode(await self.connection.recv())
            if frame.get("post_type", "answer") == post_type:
                return frame

    async def hears(self) -> str:
        return str((await self.told())["raw_message"])

    async def sends(self, text: str, group: int) -> None:
        call = {"action": "send_group_msg", "params": {"group_id": group, "message": text}}
        await self.connection.send(msgspec.json.encode(call), text=True)

    async def says(self, text: str, group: int) -> dict[str, Any]:
        await self.sends(text, group)
        return await self.told("answer")


@asynccontextmanager
async def application(opened: Engine, token: str = ONE, path: str = "/") -> AsyncIterator[Application]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"ws://127.0.0.1:{opened.gateway_port}{path}"
    unbounded = connect(url, additional_headers=headers, proxy=None, max_queue=None)
    async with unbounded as connection, asyncio.timeout(10):
        app = Application(connection)
        await app.told("meta_event")
        yield app


@asynccontextmanager
async def account(opened: Engine) -> AsyncIterator[Peer]:
    async with visiting(opened) as peer:
        rows = opened.parts.bots.rows
        await until(lambda: any(row.id == "qq:10001" and row.health.state == "online" for row in rows()))
        yield peer


async def row(opened: Engine, name: str) -> WorkerRow:
    (found,) = [each for each in await opened.call(ListWorkers()) if each.name == name]
    assert isinstance(found, WorkerRow)
    return found


async def test_over_a_restart_it_gets_exactly_what_it_missed(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + MIRROR) as opened, account(opened) as peer:
        async with application(opened) as app:
            await peer.say("heard", group="42")
            assert await app.hears() == "heard"
        await peer.say("before", group="42")
        await until(lambda: opened.parts.meters.count["events", "ignored"] == 2)
    async with engine(tmp_path / "home", "") as opened, account(opened) as peer:
        await peer.send(peer.message("after", group="42") | {"message_id": 77})
        await until(lambda: opened.parts.meters.count["events", "ignored"] == 1)
        async with application(opened) as app:
            missed = [await app.told() for _ in range(2)]
            assert [each["raw_message"] for each in missed] == ["before", "after"]
            assert all(each["kagami"]["late_s"] > 0 for each in missed)
            await peer.send(peer.message("live", group="42") | {"message_id": 78})
            live = await app.told()
            assert (live["raw_message"], "kagami" in live) == ("live", False)
            assert (feed := (await row(opened, "app")).feed)
            assert (feed.late, feed.skipped) == (2, 0)


async def test_what_is_older_than_its_window_is_a_gap(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + MIRROR + "late_seconds = 1.0\n") as opened, account(opened) as peer:
        async with application(opened):
            pass
        await peer.say("too old", group="42")
        await asyncio.sleep(1.05)
        async with application(opened) as app:
            await peer.say("live", group="42")
            assert await app.hears() == "live"
            assert (feed := (await row(opened, "app")).feed)
            assert feed.skipped == 1


async def test_an_answer_is_in_the_trace_of_what_it_answers(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + MIRROR) as opened, account(opened) as peer:
        async with application(opened) as app:
            await peer.say("hello", group="42")
            await app.hears()
            assert (await app.says("hi", 42))["data"]["message_id"] > 900_000
        (event,) = [each for each in await opened.parts.store.messages() if each.direction == "in"]
        await opened.parts.store.ledger.flush()
        (sent,) = await opened.parts.store.sends(event.execution)
        assert (sent.text, sent.outcome) == ("hi", "sent")


async def test_what_the_guard_keeps_out_is_nobodys_outside(tmp_path: Path) -> None:
    settings = FREE + MIRROR + "[limits]\nuser_per_minute = 2\n"
    async with engine(tmp_path / "home", settings) as opened, account(opened) as peer:
        async with application(opened) as app:
            for words in ("one", "two", "three", "four"):
                await peer.say(words, group="42")
            await peer.say("last", group="42", user="3")
            assert [await app.hears() for _ in range(3)] == ["one", "two", "last"]
        await peer.say("five", group="42")
        await peer.say("really last", group="42", user="3")
        await until(lambda: opened.parts.meters.count["events", "limited"] == 3)
        async with application(opened) as app:
            assert await app.hears() == "really last"


async def test_an_operators_command_is_nobodys_outside(tmp_path: Path) -> None:
    settings = 'admins = ["qq:20002"]\n' + FREE + MIRROR
    async with engine(tmp_path / "home", settings) as opened, account(opened) as peer, application(opened) as app:
        await peer.say("#status", group="42")
        await peer.say("#status", group="42", user="3")
        assert (await app.told())["user_id"] == 3


async def test_each_chat_of_a_pool_has_one_member(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + POOL + UNPACED) as opened, account(opened) as peer:
        await opened.call(IN_POOL)
        async with application(opened, ONE) as one, application(opened, TWO) as two:
            heard: dict[str, set[str]] = {}

            async def serve(name: str, app: Application) -> None:
                while True:
                    frame = await app.told()
                    heard.setdefault(str(frame["group_id"]), set()).add(name)
                    await app.sends(name, frame["group_id"])

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(serve(*each)) for each in (("ai-1", one), ("ai-2", two))]
                for turn in range(3):
                    for chat in range(1, 21):
                        await peer.say(f"{turn}", group=str(chat), user=str(1_000 + chat))
                for _ in range(60):
                    await peer.called("send_group_msg")
                for task in tasks:
                    task.cancel()
            assert {len(members) for members in heard.values()} == {1}
            assert {name for members in heard.values() for name in members} == {"ai-1", "ai-2"}
            rows = [await row(opened, name) for name in ("ai-1", "ai-2")]
            assert (sum(each.chats for each in rows), all(each.mean_ms > 0 for each in rows)) == (20, True)


async def test_the_chats_of_a_member_that_leaves_go_to_another(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + POOL) as opened, account(opened) as peer:
        await opened.call(IN_POOL)
        async with application(opened, ONE) as one:
            await peer.say("first", group="42")
            assert await one.hears() == "first"
            async with application(opened, TWO) as two:
                await peer.say("second", group="42")
                assert await one.hears() == "second"
                await one.connection.close()
                await until(lambda: any(each.state == "away" for each in opened.parts.routing.workers()))
                await peer.say("third", group="42")
                assert await two.hears() == "third"


async def test_when_all_members_are_away_the_next_rule_has_its_turn(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + POOL) as opened, account(opened) as peer:
        await opened.call(IN_POOL)
        await peer.say("/echo here", group="42")
        call = await peer.called("send_group_msg")
        assert call["params"]["message"] == [{"type": "text", "data": {"text": "here"}}]


async def test_a_drained_mirror_gets_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with engine(home, FREE + MIRROR) as opened, account(opened) as peer, application(opened) as app:
        await opened.call(Drain("app"))
        await peer.say("hello", group="42")
        await until(lambda: opened.parts.meters.count["events", "ignored"] == 1)
        assert (await row(opened, "app")).state == "drained"
        assert (await app.says("still here", 42))["retcode"] == 0
        assert opened.parts.meters.count["worker_events", "app"] == 0


async def test_workers_come_and_go_with_the_settings(tmp_path: Path) -> None:
    async with engine(tmp_path / "home") as opened, account(opened) as peer:
        await opened.call(ApplySettings({"workers": [{"name": "app", "token": ONE}]}))
        async with application(opened) as app:
            await peer.say("hello", group="42")
            assert await app.hears() == "hello"
            await opened.call(ApplySettings({"workers": []}))
            await app.connection.wait_closed()
        assert [each.name for each in await opened.call(ListWorkers())] == ["plugins"]


async def test_a_slow_application_holds_up_nobody(tmp_path: Path) -> None:
    two = MIRROR + f'[[workers]]\nname = "slow"\ntoken = "{TWO}"\n'
    async with engine(tmp_path / "home", FREE + two) as opened, account(opened) as peer:
        async with application(opened) as app, application(opened, TWO) as slow:
            slow.connection.transport.pause_reading()
            for number in range(1, 301):
                await peer.say("x" * 60_000, group=str(number), user=str(1_000 + number))
                assert len(await app.hears()) == 60_000
            assert opened.parts.meters.count["worker_events", "slow"] < 300
            slow.connection.transport.abort()
        async with application(opened, TWO) as slow:
            heard = [(await slow.told())["group_id"] for _ in range(300)]
        assert heard == list(range(1, 301))


async def test_the_trace_says_that_an_application_answered_or_that_its_answer_failed(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", FREE + MIRROR + UNPACED) as opened, account(opened) as peer:

        async def newest(outcome: str) -> Trace:
            async with asyncio.timeout(10):
                while not (found := await opened.call(ListTraces(outcome=outcome))):
                    await asyncio.sleep(0.01)
            trace: Trace = found[0]
            return trace

        async with application(opened) as app:
            await peer.say("one", group="42")
            await app.hears()
            await newest("ignored")
            await app.says("later than the trace", 42)
            answered = await newest("answered")
            assert (answered.text, answered.worker) == ("one", "app")
            del peer.answers["send_group_msg"]
            await peer.say("two", group="43")
            await app.hears()
            await app.says("refused", 43)
            unsent = await newest("unsent")
            assert (unsent.text, unsent.worker, bool(unsent.error)) == ("two", "app", True)
