"""The fake implementation does what real ones do."""

from __future__ import annotations

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami.testing.gateway import TOKEN, open_gateway
from kagami.testing.onebot import connect_implementation, handshake_headers, listen_as_implementation, number, silent


async def test_it_greets_and_answers_calls_with_their_echo() -> None:
    async with listen_as_implementation(account="77") as napcat, connect(napcat.url, proxy=None) as client:
        greeting = msgspec.json.decode(await client.recv())
        await client.send('{"action":"get_login_info","echo":{"seq":1}}')
        answer = msgspec.json.decode(await client.recv())
    assert (greeting["self_id"], greeting["sub_type"]) == (77, "connect")
    assert (answer["data"]["user_id"], answer["echo"]) == (77, {"seq": 1})


async def test_an_action_that_it_has_not_is_a_1404() -> None:
    async with listen_as_implementation(greeting=False) as napcat, connect(napcat.url, proxy=None) as client:
        await client.send('{"action":"fly"}')
        assert msgspec.json.decode(await client.recv())["retcode"] == 1404


async def test_a_silent_action_is_seen_and_not_answered() -> None:
    async with listen_as_implementation(greeting=False, answers={"fly": silent}) as napcat:
        async with connect(napcat.url, proxy=None) as client:
            await client.send('{"action":"fly"}')
            await client.send('{"action":"get_login_info","echo":1}')
            assert msgspec.json.decode(await client.recv())["echo"] == 1
        assert [call["action"] for call in napcat.peers[0].calls] == ["fly", "get_login_info"]


async def test_it_refuses_a_token_in_http() -> None:
    async with listen_as_implementation(token="right") as napcat:
        with pytest.raises(InvalidStatus):
            await connect(napcat.url, proxy=None)
        assert (napcat.attempts, napcat.peers) == (1, [])


async def test_it_refuses_a_token_as_napcat_does() -> None:
    async with listen_as_implementation(token="right", refusing="napcat") as napcat:
        async with connect(napcat.url, proxy=None) as client:
            assert msgspec.json.decode(await client.recv())["retcode"] == 1403
            await client.wait_closed()
        assert napcat.open == 0


async def test_it_says_what_it_is_told_to_say() -> None:
    async with open_gateway() as port, connect_implementation(port.url, token=TOKEN) as napcat:
        message_id = await napcat.say("hi", user="5", group="6", name="Mira")
        event = await port.intake.event()
    assert (event.message_id, event.user, event.chat, event.sender.name) == (str(message_id), "5", "group:6", "Mira")


async def test_calls_can_be_waited_for_by_name() -> None:
    async with listen_as_implementation(greeting=False) as napcat, connect(napcat.url, proxy=None) as client:
        for action in ("one", "two"):
            await client.send(msgspec.json.encode({"action": action}))
        assert (await (await napcat.accepted()).called("two"))["action"] == "two"


@pytest.mark.parametrize("listening", [True, False])
async def test_half_a_frame_breaks_the_connection(listening: bool) -> None:
    if listening:
        async with listen_as_implementation() as napcat, connect(napcat.url, proxy=None) as client:
            (await napcat.accepted()).break_off()
            await client.wait_closed()
            assert client.close_code == 1006
    else:
        async with open_gateway() as port, connect_implementation(port.url, token=TOKEN) as peer:
            peer.break_off()
            assert (await peer.closed())[0] == 1006


def test_napcat_without_a_token_sends_the_word_alone() -> None:
    headers = handshake_headers(account="1", token="", role="Universal", platform="wechat")
    assert (headers["Authorization"], headers["X-Platform"]) == ("Bearer ", "wechat")


@pytest.mark.parametrize(("name", "written"), [("42", 42), ("wxid_1", "wxid_1")])
def test_ids_are_numbers_where_they_can_be(name: str, written: object) -> None:
    assert number(name) == written
