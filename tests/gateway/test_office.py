"""Applications at the gateway's port and those that are dialled, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from kagami.clock import SystemClock
from kagami.core.handshake import Visitor
from kagami.core.secrets import Secret
from kagami.errors import Unavailable
from kagami.gateway import office as module
from kagami.gateway.config import GatewayConfig
from kagami.gateway.office import PATIENCE_S, Office
from kagami.gateway.server import Gateway
from kagami.gateway.table import WorkerTable
from kagami.net.supervise import Nursery
from kagami.ports import FeedRow, Worker, WorkerRow
from kagami.testing.gateway import TOKEN
from tests.gateway.house import FEISHU, QQ, House, qq_event

KEY, OTHER = "a-token-of-a-worker-for-tests", "a-token-of-another-worker"
APP = WorkerTable(name="app", token=Secret(KEY))


class Nobody:
    """Implements `ports.Reception`: no implementation comes here."""

    async def admit(self, welcome: Any) -> None:
        raise AssertionError(welcome)

    async def serve(self, socket: Any, welcome: Any) -> None:
        raise AssertionError(socket, welcome)


class Port:
    def __init__(self, nursery: Nursery) -> None:
        self.house = House(nursery, SystemClock())
        self.office = Office(self.house.means)
        self.gateway = Gateway(
            GatewayConfig(port=0, query_token=True),
            token=TOKEN,
            reception=Nobody(),
            nursery=nursery,
            meters=self.house.meters,
            office=self.office,
        )

    def url(self, path: str = "/") -> str:
        return f"ws://127.0.0.1:{self.gateway.port}{path}"

    @asynccontextmanager
    async def application(self, path: str = "/", token: str = KEY) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(self.url(path), additional_headers=headers, proxy=None) as connection, asyncio.timeout(5):
            yield connection

    async def refused(self, path: str = "/", token: str = KEY) -> tuple[int, str]:
        with pytest.raises(InvalidStatus) as caught:
            async with self.application(path, token):
                pass
        response = caught.value.response
        return response.status_code, bytes(response.body or b"").decode()


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    async with Nursery() as nursery:
        port = Port(nursery)
        await port.office.configure([APP])
        async with port.gateway:
            yield port


async def told(connection: Any, post_type: str = "message") -> dict[str, Any]:
    """The next frame of this kind."""
    while True:
        frame: dict[str, Any] = msgspec.json.decode(await connection.recv())
        if frame.get("post_type", "answer") == post_type:
            return frame


async def answered(connection: ClientConnection, action: str, **params: Any) -> dict[str, Any]:
    await connection.send(msgspec.json.encode({"action": action, "params": params, "echo": "e"}), text=True)
    return await told(connection, "answer")


@pytest.mark.parametrize(("name", "patience"), [("app", PATIENCE_S), ("member", None), ("nobody", None)])
async def test_only_who_has_no_substitute_is_waited_for(port: Port, name: str, patience: float | None) -> None:
    await port.office.configure([APP, WorkerTable(name="member", token=Secret(OTHER), pool="ai")])
    assert port.office.patience_with(Visitor(name, "universal")) == patience


class TestForward:
    @pytest.mark.parametrize("path", ["/", "/ws/workers", "/ws/workers/", f"/?access_token={KEY}", "/?bot=qq:10001"])
    async def test_it_hears_and_speaks(self, port: Port, path: str) -> None:
        async with port.application(path) as app:
            await told(app, "meta_event")
            port.house.flow.happens(qq_event(1, "hi"))
            assert (await told(app))["message_id"] == 1
            answer = await answered(app, "send_group_msg", group_id=42, message="yes")
            assert answer == {
                "status": "ok", "retcode": 0, "data": {"message_id": 900}, "message": "", "wording": "", "echo": "e",
            }  # fmt: skip

    async def test_calls_and_events_may_have_a_connection_each(self, port: Port) -> None:
        async with port.application("/event") as events, port.application("/api") as calls:
            await told(events, "meta_event")
            port.house.flow.happens(qq_event())
            await told(events)
            assert (await answered(calls, "get_version_info"))["data"]["app_name"] == "Kagami"

    @pytest.mark.parametrize(
        ("path", "token", "status", "word"),
        [
            ("/", "wrong", 403, "wrong token"),
            ("/", "", 401, "a token is needed"),
            ("/", TOKEN, 403, "for implementations"),
            ("/onebot/v11/ws", KEY, 403, "of an application"),
            ("/?bot=a%20b", KEY, 400, "bot must name"),
            ("/admin", KEY, 404, "nothing is here"),
        ],
    )
    async def test_who_is_not_let_in(self, port: Port, path: str, token: str, status: int, word: str) -> None:
        found, body = await port.refused(path, token)
        assert (found, word in body) == (status, True)

    async def test_a_second_one_that_wants_the_same_events_is_refused(self, port: Port) -> None:
        async with port.application():
            status, body = await port.refused("/event")
            assert (status, "already connected" in body) == (409, True)

    async def test_a_dead_one_makes_way(self, port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "ALIVE_S", 0.02)
        async with port.application() as dead:
            dead.transport.pause_reading()
            async with port.application() as app:
                await told(app, "meta_event")
                port.house.flow.happens(qq_event())
                await told(app)
            dead.transport.resume_reading()

    async def test_one_for_each_account_may_be_there(self, port: Port) -> None:
        async with port.application("/?bot=10001") as one, port.application("/?bot=feishu:cli_1") as other:
            assert (await told(one, "meta_event"))["self_id"] == 10_001
            assert (await told(other, "meta_event"))["self_id"] == await port.house.number("cli_1")


async def test_who_comes_to_another_process_leaves_this_one(port: Port) -> None:
    later = port.house.clock.wall_ms() + 1_000_000
    there = [WorkerRow(name, "live", feed=FeedRow("in", since=(("", later),))) for name in (APP.name, "unknown")]
    async with port.application() as app:
        await told(app, "meta_event")
        dialled = msgspec.structs.replace(there[0], feed=FeedRow("out", since=(("", later),)))
        port.office.give_way([dialled, WorkerRow(APP.name, "live")])
        await (await app.ping())
        port.office.give_way(there)
        await app.wait_closed()
        assert app.close_code == 1008


class TestSettings:
    async def test_a_worker_that_is_added_may_come(self, port: Port) -> None:
        assert (await port.refused(token=OTHER))[0] == 403
        await port.office.configure([APP, WorkerTable(name="other", token=Secret(OTHER))])
        async with port.application(token=OTHER) as app:
            await told(app, "meta_event")

    async def test_a_worker_that_is_removed_is_sent_away(self, port: Port) -> None:
        async with port.application() as app:
            await told(app, "meta_event")
            await port.office.configure([])
            await app.wait_closed()
            assert (app.close_code, port.house.watch.workers) == (1012, [])
        assert (await port.refused())[0] == 404

    async def test_a_filter_is_changed_under_a_connection(self, port: Port) -> None:
        async with port.application() as app:
            await told(app, "meta_event")
            await port.office.configure([msgspec.structs.replace(APP, chats=("group:1",))])
            port.house.flow.happens(qq_event(1))
            port.house.flow.happens(qq_event(2, group=1))
            assert (await told(app))["message_id"] == 2

    async def test_a_paused_worker_may_not_come(self, port: Port) -> None:
        other = WorkerTable(name="other", token=Secret(OTHER))
        await port.office.configure([msgspec.structs.replace(APP, enabled=False), other])
        assert (await port.refused())[0] == 403

    async def test_of_one_with_an_address_the_token_opens_no_door(self, port: Port) -> None:
        other = WorkerTable(name="other", token=Secret(OTHER))
        await port.office.configure([msgspec.structs.replace(APP, url="ws://127.0.0.1:1/"), other])
        assert (await port.refused())[0] == 403


class Listening:
    """An application that listens."""

    def __init__(self) -> None:
        self.url = ""
        self.came: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handle(self, connection: ServerConnection) -> None:
        self.came.put_nowait(connection)
        await connection.wait_closed()

    async def next(self) -> tuple[ServerConnection, dict[str, str]]:
        async with asyncio.timeout(5):
            connection = await self.came.get()
        assert connection.request is not None
        return connection, dict(connection.request.headers.raw_items())


async def explained(worker: Worker, start: str) -> None:
    """Its reason begins so, or is none when there is to be none."""
    async with asyncio.timeout(5):
        while (feed := worker.feed()) is None or feed.reason[: len(start) or None] != start:
            await asyncio.sleep(0.01)


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    listening = Listening()
    async with serve(listening.handle, "127.0.0.1", 0, close_timeout=1) as server:
        listening.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/onebot/v11/ws"
        yield listening


class TestReverse:
    async def test_it_is_dialled_once_for_each_account_as_an_implementation_would(
        self, port: Port, listening: Listening
    ) -> None:
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url)])
        found = {headers["X-Self-ID"]: headers for _, headers in [await listening.next() for _ in range(2)]}
        assert sorted(found) == sorted(["10001", str(await port.house.number("cli_1"))])
        for headers in found.values():
            assert headers["X-Client-Role"] == "Universal"
            assert (headers["Authorization"], headers["User-Agent"]) == (f"Bearer {KEY}", "OneBot/11")

    async def test_it_hears_and_speaks(self, port: Port, listening: Listening) -> None:
        port.house.accounts.here.pop(FEISHU)
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url)])
        app, _ = await listening.next()
        async with asyncio.timeout(5):
            assert (await told(app, "meta_event"))["sub_type"] == "connect"
            port.house.flow.happens(qq_event(1, "hi"))
            assert (await told(app))["message_id"] == 1
            call = {"action": "send_group_msg", "params": {"group_id": 42, "message": "x"}}
            await app.send(msgspec.json.encode(call), text=True)
            assert (await told(app, "answer"))["data"] == {"message_id": 900}

    async def test_for_an_account_that_was_never_online_it_is_not_dialled(
        self, port: Port, listening: Listening, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        port.house.accounts.here[QQ].state = "connecting"
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url, bots=("qq:*",))])
        await asyncio.sleep(0.03)
        assert listening.came.empty()
        port.house.accounts.here[QQ].state = "online"
        assert (await listening.next())[1]["X-Self-ID"] == "10001"

    async def test_for_an_account_of_another_process_that_one_dials(
        self, port: Port, listening: Listening, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        port.house.accounts.move(FEISHU)
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url)])
        app, headers = await listening.next()
        assert headers["X-Self-ID"] == "10001"
        port.house.accounts.move(QQ)
        await app.wait_closed()
        assert listening.came.empty()

    async def test_what_failed_before_it_was_dialled_is_tried_again(
        self, port: Port, listening: Listening, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        give, tries = port.house.numbers.give, list[int]()

        async def away_at_first(texts: Mapping[str, str]) -> dict[str, int]:
            tries.append(1)
            if len(tries) == 1:
                raise Unavailable(what="the store", reason="it is full")
            return await give(texts)

        port.house.numbers.give = away_at_first  # type: ignore[method-assign]
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url, bots=("qq:*",))])
        assert (await listening.next())[1]["X-Self-ID"] == "10001"

    async def test_an_account_that_is_gone_for_good_hangs_up(
        self, port: Port, listening: Listening, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url, bots=("qq:*",))])
        app, _ = await listening.next()
        port.house.accounts.here.clear()
        async with asyncio.timeout(5):
            await app.wait_closed()

    async def test_a_worker_that_is_removed_is_hung_up_on(self, port: Port, listening: Listening) -> None:
        await port.office.configure([msgspec.structs.replace(APP, url=listening.url)])
        app, _ = await listening.next()
        await port.office.configure([])
        async with asyncio.timeout(5):
            await app.wait_closed()
        assert not [name for name in port.house.nursery.names() if "worker" in name]

    async def test_for_how_many_bots_it_cannot_be_reached_is_told(
        self, port: Port, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "LOOK_S", 0.01)

        def check(connection: ServerConnection, request: Request) -> Response | None:
            known = request.headers["X-Self-ID"] == "10001"
            return None if known else connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "")

        async with serve(Listening().handle, "127.0.0.1", 0, close_timeout=1, process_request=check) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            await port.office.configure([msgspec.structs.replace(APP, url=url)])
            (worker,) = port.house.watch.workers
            await explained(worker, "1 of 2 bots are not connected: refused with HTTP 503; next try in ")
            assert worker.live
            port.house.accounts.move(FEISHU)
            await explained(worker, "")

    async def test_why_it_cannot_be_reached_is_told(self, port: Port) -> None:
        await port.office.configure([msgspec.structs.replace(APP, url="ws://127.0.0.1:9/", bots=("qq:*",))])
        (worker,) = port.house.watch.workers
        await explained(worker, "the connection was refused; next try in ")
