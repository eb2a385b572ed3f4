"""The line to the Bot API: answers, what goes wrong on the way, proxies, and a token that nobody sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp.connector
import pytest

from kagami.adapters.telegram.api import BotApi
from kagami.adapters.telegram.config import TelegramConfig
from kagami.core.secrets import Secret
from kagami.errors import KagamiError, NotReached, Refused, Unavailable
from kagami.net.api import Api, Part
from kagami.testing.telegram import BOT, TOKEN, USER, TelegramServer, open_telegram
from tests.adapters.telegram.proxies import NAME, PASSWORD, open_door, open_proxy
from tests.adapters.telegram.proxies import USER as PROXY_USER


@asynccontextmanager
async def line(url: str, *, proxy: str = "", token: str = TOKEN) -> AsyncIterator[BotApi]:
    config = TelegramConfig(token=Secret(token), api_url=url, proxy=proxy)
    async with Api(url, proxy=proxy) as api:
        yield BotApi(api, config)


@asynccontextmanager
async def talker(answer: bytes, *, echo: bool = False) -> AsyncIterator[str]:
    """A server that says the same to everybody, and repeats what it was asked where `echo` is true."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(head.split(b"\r\n", 1)[0].replace(b"POST ", b"") if echo else b"")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def port_of(server: TelegramServer) -> int:
    return int(server.url.rpartition(":")[2])


async def test_an_answer_is_an_answer_whether_yes_or_no() -> None:
    async with open_telegram() as server, line(server.url) as api:
        assert (await api.ask("getMe", {})).ok
        answer = await api.ask("sendMessage", {"chat_id": 1, "text": "x"})
        assert (answer.ok, answer.error_code, answer.description) == (False, 400, "Bad Request: chat not found")


async def test_files_go_as_a_form_with_their_names() -> None:
    async with open_telegram() as server, line(server.url) as api:
        params = {"chat_id": USER, "photo": "attach://m0", "caption": "a", "reply_markup": {"inline_keyboard": []}}
        assert (await api.ask("sendPhoto", params, [Part("m0", b"content", "a.png")])).ok
        assert (server.sent[0]["content"], server.sent[0]["caption"]) == (b"content", "a")


async def test_a_file_is_fetched() -> None:
    async with open_telegram() as server, line(server.url) as api:
        assert await api.download(server.keep(b"content")["file_id"]) == b"content"


async def test_a_file_that_telegram_does_not_give_is_refused() -> None:
    async with open_telegram() as server, line(server.url) as api:
        with pytest.raises(Refused, match="invalid file_id"):
            await api.download("unknown")


async def test_a_server_that_fails_leaves_it_open_what_was_done() -> None:
    async with open_telegram() as server, line(server.url) as api:
        server.fail("Internal Server Error", 500)
        with pytest.raises(Unavailable, match="Internal Server Error"):
            await api.ask("sendMessage", {})


async def test_what_is_not_the_bot_api_is_named() -> None:
    async with (
        talker(b"HTTP/1.1 502 Bad\r\nContent-Length: 2\r\n\r\n<>") as url,
        line(url) as api,
    ):
        with pytest.raises(Unavailable, match="HTTP status 502"):
            await api.ask("getMe", {})


async def test_what_went_nowhere_is_certain(unused_tcp_port: int) -> None:
    async with line(f"http://127.0.0.1:{unused_tcp_port}") as api:
        with pytest.raises(NotReached):
            await api.ask("getMe", {})


@pytest.mark.parametrize(
    ("answer", "echo"),
    [
        (b"", False),
        (b" nonsense\r\n\r\n", True),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://[bad/bot%s/x\r\n\r\n" % TOKEN.encode(), False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: /bot%s/\r\n\r\n" % TOKEN.encode(), False),
    ],
)
async def test_the_token_is_in_no_error(answer: bytes, echo: bool) -> None:
    async with talker(answer, echo=echo) as url, line(url) as api:
        with pytest.raises(KagamiError) as caught:
            await api.ask("getMe", {})
    assert TOKEN not in caught.value.text()
    assert TOKEN not in repr(caught.value)


async def test_the_token_is_in_no_reason_that_a_server_gives() -> None:
    async with open_telegram() as server, line(server.url) as api:
        server.fail(f"Bad Request: bot{TOKEN}", 400)
        assert TOKEN not in (await api.ask("sendMessage", {})).description


async def test_the_token_without_its_number_is_in_no_reason_either() -> None:
    async with open_telegram() as server, line(server.url) as api:
        secret = TOKEN.partition(":")[2]
        server.fail(f"Bad Request: {BOT}%3A{secret}", 400)
        assert secret not in (await api.ask("sendMessage", {})).description


async def test_the_way_leads_through_a_socks_proxy_which_resolves_the_name() -> None:
    async with open_telegram() as server, open_proxy("socks", port_of(server)) as proxy:
        through = f"socks5://{PROXY_USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        async with line(f"http://{NAME}:80", proxy=through) as api:
            assert (await api.ask("getMe", {})).ok
            assert await api.download(server.keep(b"content")["file_id"]) == b"content"
        assert set(proxy.asked) == {NAME}


async def test_the_way_leads_through_an_http_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        open_telegram() as server,
        open_door(port_of(server), tmp_path) as (door, trust),
        open_proxy("connect", door) as proxy,
    ):
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trust)
        through = f"http://{PROXY_USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        async with line(f"https://{NAME}", proxy=through) as api:
            assert (await api.ask("getMe", {})).ok
        assert proxy.asked == [NAME]


@pytest.mark.parametrize("kind", ["socks", "connect"])
async def test_a_proxy_that_refuses_was_asked_for_nothing_and_its_password_is_not_shown(kind: str) -> None:
    async with open_proxy(kind, 1) as proxy:
        scheme = "socks5" if kind == "socks" else "http"
        wrong = f"{scheme}://{PROXY_USER}:not-{PASSWORD}@127.0.0.1:{proxy.port}"
        async with line(f"https://{NAME}", proxy=wrong) as api:
            with pytest.raises(NotReached, match="proxy") as caught:
                await api.ask("getMe", {})
        assert (PASSWORD in caught.value.text(), TOKEN in caught.value.text()) == (False, False)


async def test_a_proxy_that_is_not_there_is_certain(unused_tcp_port: int) -> None:
    async with line(f"http://{NAME}", proxy=f"socks5://127.0.0.1:{unused_tcp_port}") as api:
        with pytest.raises(NotReached):
            await api.ask("getMe", {})
