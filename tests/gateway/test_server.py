"""The gateway on a real socket: who is let in, who is not, and what one peer can do to another."""

from __future__ import annotations

import asyncio
import logging

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami.adapters.onebot11.link import OneBotReception
from kagami.clock import SystemClock
from kagami.gateway.config import GatewayConfig
from kagami.gateway.server import Gateway
from kagami.model.action import Send, Sent
from kagami.model.ids import ChatId
from kagami.model.message import text
from kagami.testing.gateway import TOKEN, OpenGateway, open_gateway
from kagami.testing.onebot import Peer, connect_implementation, handshake_headers

GROUP = ChatId("group:42")
MIB = 1024 * 1024
NAPCAT_S = 2.0  # for how long NapCat waits for an answer to its handshake


async def refused(url: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and body with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url, additional_headers=headers, proxy=None):
            pass
    response = caught.value.response
    return response.status_code, bytes(response.body or b"").decode()


def headers(without: str = "", **changed: str) -> dict[str, str]:
    fields = handshake_headers(account="10001", token=TOKEN, role="Universal")
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in fields.items() if name != without}


async def answers_on(port: OpenGateway, peer: Peer) -> bool:
    """Whether a bot's events still come in and its calls still go out."""
    message_id = await peer.say("are you there?", group="42")
    async with asyncio.timeout(5):
        event = await port.intake.event()
        receipt = await (await port.intake.bot(peer.account)).perform(Send(event.bot, event.chat, text("yes")))
    return event.message_id == str(message_id) and isinstance(receipt, Sent)


async def test_an_implementation_is_let_in_and_answers_calls(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        assert await answers_on(port, peer)


async def test_the_second_path_leads_to_the_same_place(port: OpenGateway) -> None:
    async with connect_implementation(f"ws://127.0.0.1:{port.port}/ws/bots/", token=TOKEN) as peer:
        assert await answers_on(port, peer)


@pytest.mark.parametrize(
    ("changed", "without", "status"),
    [
        ({}, "Authorization", 401),
        ({"Authorization": "Bearer "}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 403),
        ({"Origin": "https://evil"}, "", 403),
        ({"Origin": "null"}, "", 403),
        ({"Origin": "http://localhost.evil.com"}, "", 403),
        ({"Origin": "http://127.0.0.1:9999"}, "Authorization", 403),
        ({}, "X-Self-ID", 400),
        ({"X_Client_Role": "Root"}, "", 400),
    ],
)
async def test_a_refusal_has_its_status(port: OpenGateway, changed: dict[str, str], without: str, status: int) -> None:
    assert (await refused(port.url, headers(without, **changed)))[0] == status


@pytest.mark.parametrize("path", ["/", "/api", "/event", "/ws/workers", "/admin"])
async def test_nothing_else_is_served(port: OpenGateway, path: str) -> None:
    status, body = await refused(f"ws://127.0.0.1:{port.port}{path}", headers())
    assert (status, "/onebot/v11/ws" in body) == (404, True)


async def test_a_rebound_name_is_turned_away_without_a_word(port: OpenGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(b"GET /onebot/v11/ws HTTP/1.1\r\nHost: evil.example:3001\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert (answer.split(b"\r\n")[0], answer.endswith(b"\r\n\r\n")) == (b"HTTP/1.1 421 Misdirected Request", True)


async def test_a_plain_request_with_the_right_token_is_told_to_upgrade(port: OpenGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers(Host="127.0.0.1").items())
    writer.write(f"GET /onebot/v11/ws HTTP/1.1\r\n{fields}\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 426 ")


async def test_a_token_in_the_address_works_where_it_is_switched_on() -> None:
    async with (
        open_gateway(GatewayConfig(port=0, query_token=True)) as port,
        connect_implementation(f"{port.url}?access_token={TOKEN}") as peer,
    ):
        assert await answers_on(port, peer)


async def test_no_token_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="kagami")
    async with open_gateway(GatewayConfig(port=0, query_token=True)) as port:
        await refused(f"{port.url}?access_token=hunter2", headers("Authorization"))
        await refused(port.url, headers(Authorization="Bearer hunter3"))
        async with connect_implementation(f"{port.url}?access_token={TOKEN}") as peer:
            await answers_on(port, peer)
    told = "\n".join(f"{record.getMessage()} {record.__dict__.get('fields', '')}" for record in caplog.records)
    assert "connection refused" in told
    assert not [secret for secret in ("hunter2", "hunter3", TOKEN) if secret in told]


async def test_refusals_are_counted_by_status(port: OpenGateway) -> None:
    await refused(port.url, headers("Authorization"))
    assert port.meters.count["gateway_refused", "401"] == 1


async def test_a_second_claim_to_an_account_is_refused_with_409(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await answers_on(port, peer)
        assert await refused(port.url, headers()) == (409, "qq:10001 is already connected\n")


async def test_the_handshake_is_over_long_before_napcat_gives_up(port: OpenGateway) -> None:
    async with asyncio.timeout(NAPCAT_S), connect_implementation(port.url, token=TOKEN):
        pass


async def test_a_port_that_is_taken_is_an_os_error(port: OpenGateway) -> None:
    with pytest.raises(OSError, match="address already in use"):
        async with open_gateway(GatewayConfig(port=port.port)):
            pass


async def test_stopping_tells_the_peers_to_come_again() -> None:
    async with open_gateway() as port, connect_implementation(port.url, token=TOKEN) as peer:
        await answers_on(port, peer)
        await port.gateway.__aexit__(None, None, None)
        assert await peer.closed() == (1012, "the gateway stops")


async def test_stopping_does_not_wait_for_those_who_never_spoke() -> None:
    async with asyncio.timeout(5):
        async with open_gateway() as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port.port)
            while not port.gateway.strangers:
                await asyncio.sleep(0)
        writer.close()


async def test_the_port_is_free_after_stopping() -> None:
    async with open_gateway() as port:
        number = port.port
    async with open_gateway(GatewayConfig(port=number)) as again:
        assert again.port == number


async def test_the_configured_port_is_known_before_it_is_open(port: OpenGateway) -> None:
    reception = OneBotReception(port.intake, clock=SystemClock(), nursery=port.nursery, meters=port.meters)
    gateway = Gateway(GatewayConfig(), token=TOKEN, reception=reception, nursery=port.nursery, meters=port.meters)
    assert gateway.port == 3001


# --- one peer's trouble is not another's ---


async def beside(port: OpenGateway) -> Peer:
    return await port.nursery.start("beside", _connect_beside(port))


async def _connect_beside(port: OpenGateway) -> Peer:
    arrived: asyncio.Future[Peer] = asyncio.get_running_loop().create_future()

    async def stay() -> None:
        async with connect_implementation(port.url, token=TOKEN, account="10002") as peer:
            arrived.set_result(peer)
            await peer.closed()

    port.nursery.start("neighbour", stay())
    return await arrived


async def test_a_frame_over_16_mib_closes_its_connection_only(port: OpenGateway) -> None:
    neighbour = await beside(port)
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.send(b" " * (17 * MIB))
        code, _ = await peer.closed()
        assert (code, await answers_on(port, neighbour)) == (1009, True)


async def test_half_a_frame_is_no_event(port: OpenGateway) -> None:
    neighbour = await beside(port)
    async with connect_implementation(port.url, token=TOKEN) as peer:
        peer.break_off()
        await peer.closed()
        assert await answers_on(port, neighbour)
    assert [event.bot for event in port.intake.events] == ["qq:10002"]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="deep"),
        pytest.param(b'{"time":' + b"9" * 5000 + b"}", id="long integer"),
        pytest.param(b'{"time":NaN}', id="NaN"),
        pytest.param(b'{"raw_message":"\\ud800"}', id="lone surrogate"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"post_type":"message"', id="half"),
    ],
)
async def test_a_frame_that_is_not_onebot_is_kept_and_the_connection_stays(port: OpenGateway, frame: bytes) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.send(frame)
        bot, reason, kept = await port.intake.complaint()
        assert (bot, bool(reason), kept) == ("qq:10001", True, frame)
        assert await answers_on(port, peer)


async def test_a_peer_that_does_not_read_is_dropped_and_its_neighbour_answers_on(port: OpenGateway) -> None:
    neighbour = await beside(port)
    async with connect_implementation(port.url, token=TOKEN) as peer:
        bot = await port.intake.bot("10001")
        peer.stall()
        send = Send(bot.id, GROUP, text("x" * MIB))
        calls = [port.nursery.start("call", bot.perform(send)) for _ in range(20)]
        while not port.meters.count["socket_slow", ""]:
            await asyncio.sleep(0)
        assert await answers_on(port, neighbour)
        peer.connection.transport.abort()
        receipts = await asyncio.gather(*calls)
    assert {type(receipt).__name__ for receipt in receipts} == {"Failed", "Unknown"}
