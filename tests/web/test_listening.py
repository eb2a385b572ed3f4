from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import ClientSession, WSMsgType

from kagami.clock import SystemClock
from kagami.errors import StoreClosed
from kagami.ports import Pulse
from kagami.web import listening
from kagami.web.listening import LIVE_MESSAGE_BYTES
from tests.web.conftest import Serve
from tests.web.doubles import NOW_MS, OneKey


async def get(client: ClientSession, path: str) -> tuple[int, dict[str, object]]:
    async with client.get(path) as response:
        return response.status, await response.json()


async def ended(channel: aiohttp.ClientWebSocketResponse) -> tuple[int | None, str]:
    """The code and the reason with which it is closed; what comes before is left aside."""
    async with asyncio.timeout(5):
        while (message := await channel.receive()).type is WSMsgType.TEXT:
            pass
    return channel.close_code, str(message.extra or "")


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


async def test_the_port_has_the_feed_for_who_shows_a_token(serve: Serve) -> None:
    async with serve() as site:
        async with site.known.ws_connect("/api/v1/live") as channel:
            await channel.send_json({"topics": ["pulse", "bots"]})
            assert {(await channel.receive_json())["topic"] for _ in range(2)} == {"pulse", "bots"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.outside.ws_connect("/api/v1/live")
        assert refused.value.status == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost.evil"])
async def test_a_page_of_another_site_gets_no_feed_even_with_a_token(serve: Serve, origin: str) -> None:
    async with serve() as site:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.known.ws_connect("/api/v1/live", headers={"Origin": origin})
        assert refused.value.status == 403


async def test_a_topic_needs_its_right(serve: Serve) -> None:
    headers = {"Authorization": "Bearer bots"}
    async with (
        serve(people=OneKey(bots="bots:read")) as site,
        site.outside.ws_connect("/api/v1/live", headers=headers) as channel,
    ):
        await channel.send_json({"topics": ["bots", "audit"]})
        assert await ended(channel) == (1008, "this needs the right audit:read")


async def test_the_feed_ends_with_the_rights(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "AGAIN_SECONDS", 0.01)
    people = OneKey(admin="*")
    async with serve(people=people, clock=SystemClock()) as site, site.known.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        await channel.receive_json()
        people.tokens.clear()
        assert (await ended(channel))[0] == 1008


async def test_who_cannot_be_asked_about_keeps_the_feed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unsure(OneKey):
        async def principal(self, bearer: str, address: str) -> Any:
            if self.asked > 1:
                self.asked += 1
                raise StoreClosed(reason="busy")
            return await super().principal(bearer, address)

    monkeypatch.setattr(listening, "AGAIN_SECONDS", 0.01)
    people = Unsure(admin="*")
    async with serve(people=people, clock=SystemClock()) as site, site.known.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        await channel.receive_json()
        await channel.receive_json()
        assert people.asked > 3


async def test_a_store_that_is_away_ends_the_feed_for_now(serve: Serve) -> None:
    class Away:
        async def traces(self, **_: Any) -> Any:
            raise StoreClosed(reason="busy")

    async with serve(store=Away()) as site, site.inside.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["traces"]})
        code, reason = await ended(channel)
        assert (code, "busy" in reason) == (1013, True)


def test_rights_are_asked_for_often_enough() -> None:
    assert listening.AGAIN_SECONDS < 5


async def test_who_never_says_what_it_wants_is_left(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "FIRST_SECONDS", 0.01)
    async with serve() as site, site.known.ws_connect("/api/v1/live") as channel:
        assert (await ended(channel))[0] == 1003
