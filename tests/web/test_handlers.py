from __future__ import annotations

import asyncio
import io

import msgspec
import pytest
from aiohttp import ClientSession, WSMsgType

from kagami.clock import SystemClock
from kagami.errors import StoreClosed
from kagami.ports import Pulse
from kagami.web.handlers import LIVE_MESSAGE_BYTES
from tests.web.conftest import Serve
from tests.web.doubles import NOW_MS, SmallStore, StillHouse, pulse


async def get(client: ClientSession, path: str) -> tuple[int, dict[str, object]]:
    async with client.get(path) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
async def test_a_sound_engine_is_well(serve: Serve, path: str) -> None:
    async with serve() as site:
        status, told = await get(site.outside, path)
        assert (status, told["state"]) == (200, "ok")


async def test_health_names_its_components(serve: Serve) -> None:
    async with serve() as site:
        _, told = await get(site.outside, "/healthz")
        assert isinstance(told["components"], dict)
        assert set(told["components"]) == {"loop", "store", "gateway", "bots"}


async def test_a_broken_store_is_unready_and_alive(serve: Serve) -> None:
    store = SmallStore()
    store.broken = StoreClosed(reason="r")
    async with serve(store=store) as site:
        statuses = {path: (await get(site.outside, path))[0] for path in ("/livez", "/readyz", "/healthz")}
        assert statuses == {"/livez": 200, "/readyz": 503, "/healthz": 503}


async def test_a_stalled_loop_is_not_alive(serve: Serve) -> None:
    async with serve(house=StillHouse(pulse(loop_lag_ms=6_000))) as site:
        assert (await get(site.outside, "/livez"))[0] == 503


async def test_metrics_are_text(serve: Serve) -> None:
    async with serve() as site, site.outside.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "kagami_bots_online" in await response.text()


async def test_an_operation_is_called(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list", json={}) as response:
        assert (response.status, (await response.json())[0]["name"]) == (200, "shiori")


async def test_an_operation_needs_no_body(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list") as response:
        assert response.status == 200


async def test_what_the_console_does_is_audited(serve: Serve) -> None:
    store = SmallStore()
    async with serve(store=store) as site, site.inside.post("/api/v1/system/stop", json={}) as response:
        assert (response.status, store.audits) == (200, ["console system.stop begun", "console system.stop ok"])


async def test_another_type_of_body_is_refused(serve: Serve) -> None:
    async with serve() as site, site.inside.post("/api/v1/bots/list", data={"a": "b"}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (415, "UnsupportedMediaType")


async def test_a_huge_body_is_refused(serve: Serve) -> None:
    huge = io.BytesIO(b" " * (1 << 21))
    async with serve() as site, site.inside.post("/api/v1/bots/list", data=huge) as response:
        assert response.status == 413


async def test_asking_changes_nothing(serve: Serve) -> None:
    house = StillHouse()
    async with serve(house=house) as site, site.inside.get("/api/v1/system/stop") as response:
        assert (response.status, house.stopped) == (405, "")


async def test_the_live_feed_starts_with_a_pulse(serve: Serve) -> None:
    async with serve() as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        item = await channel.receive_json()
        assert (item["topic"], msgspec.convert(item["value"], Pulse).at_ms) == ("pulse", NOW_MS)


async def test_the_live_feed_goes_on(serve: Serve) -> None:
    async with serve(clock=SystemClock()) as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        assert [(await channel.receive_json())["topic"] for _ in range(2)] == ["pulse", "pulse"]


@pytest.mark.parametrize("said", ["pulse", "[]", '{"topics": 5}', '{"more": 1}'])
async def test_a_feed_of_nothing_is_closed(serve: Serve, said: str) -> None:
    async with serve() as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_str(said)
        message = await channel.receive()
        assert (message.type, channel.close_code) == (WSMsgType.CLOSE, 1003)


async def test_a_long_message_closes_the_feed(serve: Serve) -> None:
    async with serve() as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_str(" " * (LIVE_MESSAGE_BYTES + 1))
        assert (await channel.receive()).type is WSMsgType.CLOSE


async def test_a_listener_that_goes_is_forgotten(serve: Serve) -> None:
    async with serve(clock=SystemClock()) as site:
        async with site.inside.ws_connect("/api/v1/live") as channel:
            await channel.send_json({"topics": ["pulse"]})
            await channel.receive_json()
        assert (await get(site.inside, "/livez"))[0] == 200


async def test_listeners_hear_that_the_engine_stops(serve: Serve) -> None:
    async with serve() as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        await channel.receive_json()
        message, _ = await asyncio.gather(channel.receive(), site.server.__aexit__(None, None, None))
        assert (message.type, channel.close_code) == (WSMsgType.CLOSE, 1001)


async def test_a_listener_that_does_not_read_does_not_hold_up_the_stop(serve: Serve) -> None:
    async with serve() as site:
        channel = await site.inside.ws_connect("/api/v1/live")
        await channel.send_json({"topics": ["pulse"]})
        async with asyncio.timeout(5):
            await site.server.__aexit__(None, None, None)
        await channel.close()
