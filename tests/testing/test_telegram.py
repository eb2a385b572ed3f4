"""The fake server by itself; that it is like the real one is shown by clients in tests/clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from kagami.net.supervise import Nursery
from kagami.testing.telegram import GROUP, TOKEN, USER, TelegramServer, open_telegram


class Client:
    def __init__(self, server: TelegramServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session

    async def ask(self, method: str, *, token: str = TOKEN, **params: Any) -> tuple[int, Any]:
        async with self._session.post(f"{self.server.url}/bot{token}/{method}", json=params) as response:
            told = await response.json()
            return response.status, told.get("result", told)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with open_telegram() as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


async def test_a_wrong_token_is_refused_and_counted(client: Client) -> None:
    assert (await client.ask("getMe", token="4711:wrong"))[0] == 401
    assert (await client.ask("getMe", token="wrong"))[0] == 404
    assert client.server.refused == 2


async def test_method_names_have_no_case(client: Client) -> None:
    assert (await client.ask("GETME"))[0] == 200
    assert (await client.ask("getNothing"))[0] == 404


async def test_updates_stay_until_an_offset_is_behind_them(client: Client) -> None:
    numbers = [client.server.update("message", client.server.message(each)) for each in "abc"]
    _, first = await client.ask("getUpdates")
    _, again = await client.ask("getUpdates", offset=numbers[1], limit=1)
    assert ([each["update_id"] for each in first], [each["update_id"] for each in again]) == (numbers, [numbers[1]])
    assert client.server.waiting == numbers[1:]


async def test_a_negative_offset_keeps_the_last(client: Client) -> None:
    numbers = [client.server.update("message", client.server.message(each)) for each in "abc"]
    await client.ask("getUpdates", offset=-1)
    assert client.server.waiting == numbers[2:]


async def test_kinds_that_are_not_wanted_do_not_come(client: Client) -> None:
    client.server.update("message_reaction", {})
    await client.ask("getUpdates", allowed_updates=["message_reaction"])
    client.server.say("a")
    client.server.update("message_reaction", {})
    assert len(client.server.waiting) == 1


async def test_the_newer_of_two_polls_wins(client: Client) -> None:
    async with Nursery() as nursery:
        older = nursery.start("older", client.ask("getUpdates", timeout=50))
        while not client.server.listening:
            await asyncio.sleep(0)
        newer = nursery.start("newer", client.ask("getUpdates", timeout=50))
        status, told = await older
        assert (status, "other getUpdates request" in told["description"]) == (409, True)
        client.server.say("a")
        assert (await newer)[0] == 200
    assert client.server.most_listening == 1


async def test_a_webhook_stands_in_the_way(client: Client) -> None:
    await client.ask("setWebhook", url="https://a.b")
    assert (await client.ask("getUpdates"))[0] == 409
    await client.ask("deleteWebhook")
    assert (await client.ask("getUpdates"))[0] == 200


async def test_a_limit_says_how_long_it_lasts(client: Client) -> None:
    client.server.limit(2.5)
    status, told = await client.ask("sendMessage", chat_id=USER, text="a")
    assert (status, told["parameters"]) == (429, {"retry_after": 3})
    assert (await client.ask("sendMessage", chat_id=USER, text="a"))[0] == 200


async def test_a_group_that_moved_says_where_it_is(client: Client) -> None:
    client.server.moved[-5] = GROUP
    _, told = await client.ask("sendMessage", chat_id=-5, text="a")
    assert told["parameters"] == {"migrate_to_chat_id": GROUP}


async def test_a_file_is_fetched_with_the_token_alone(client: Client) -> None:
    _, found = await client.ask("getFile", file_id=client.server.keep(b"content")["file_id"])
    async with aiohttp.ClientSession() as session:
        for token, status in ((TOKEN, 200), ("other", 404)):
            async with session.get(f"{client.server.url}/file/bot{token}/{found['file_path']}") as response:
                assert response.status == status
