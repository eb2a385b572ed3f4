"""The client of NapCat's WebUI."""

from __future__ import annotations

import asyncio

import pytest

from kagami.adapters.napcat.webui import RATE_SECONDS, RENEW_SECONDS, WebUi
from kagami.errors import CodeNeeded, CredentialsRefused, NotReached, Refused, Throttled, Unavailable
from kagami.net.api import Api
from kagami.testing.clock import FakeClock
from kagami.testing.napcat import NapCatHost


async def test_many_requests_need_one_log_in(napcat: NapCatHost, webui: WebUi) -> None:
    await asyncio.gather(*(webui.status() for _ in range(5)))
    assert napcat.log_ins == 1


async def test_a_credential_is_renewed_before_it_ends(napcat: NapCatHost, webui: WebUi, clock: FakeClock) -> None:
    await webui.status()
    await clock.advance(RENEW_SECONDS - 1)
    await webui.status()
    assert napcat.log_ins == 1
    await clock.advance(1)
    await webui.status()
    assert napcat.log_ins == 2


async def test_after_a_restart_it_logs_in_once_more(napcat: NapCatHost, webui: WebUi) -> None:
    await webui.status()
    napcat.restart()
    assert not (await webui.status()).isLogin
    assert napcat.log_ins == 2


async def test_a_credential_that_is_never_taken_is_not_asked_for_without_end(
    napcat: NapCatHost, webui: WebUi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(napcat, "_knows", lambda _header: False)
    with pytest.raises(CredentialsRefused, match="the credential that it gave"):
        await webui.status()
    assert napcat.log_ins == 2


async def test_a_wrong_token_is_refused_without_showing_it(napcat: NapCatHost, clock: FakeClock) -> None:
    async with Api(napcat.url) as api:
        with pytest.raises(CredentialsRefused, match=r"correct bots\.webui_token") as caught:
            await WebUi(api, "s3cret-and-wrong", clock).status()
    assert "s3cret" not in caught.value.text()


async def test_after_too_many_log_ins_nobody_asks_for_a_minute(
    napcat: NapCatHost, webui: WebUi, clock: FakeClock
) -> None:
    napcat.rate = 0
    for _ in range(3):
        with pytest.raises(Throttled):
            await webui.status()
    assert napcat.log_ins == 1
    napcat.rate = 10
    await clock.advance(RATE_SECONDS)
    await webui.status()
    assert napcat.log_ins == 2


async def test_a_second_factor_is_asked_for(napcat: NapCatHost, webui: WebUi) -> None:
    napcat.totp = "123456"
    with pytest.raises(CodeNeeded):
        await webui.status()
    with pytest.raises(CodeNeeded, match="Invalid or expired code"):
        await webui.log_in("000000")
    await webui.log_in("123456")
    assert not (await webui.status()).isLogin


async def test_napcats_own_word_is_the_reason(webui: WebUi) -> None:
    with pytest.raises(Refused, match="Not Login"):
        await webui.network()


async def test_who_is_logged_in_already_has_logged_in(napcat: NapCatHost, webui: WebUi) -> None:
    napcat.scan()
    await webui.quick_login("10001")
    assert await webui.qr_code() == ""
    assert (await webui.account()).uin == "10001"


async def test_a_port_of_another_kind_is_named(unused_tcp_port: int, clock: FakeClock) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmail")
        writer.close()
        await writer.wait_closed()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port),
        Api(f"http://127.0.0.1:{unused_tcp_port}") as api,
    ):
        with pytest.raises(Unavailable, match="does not answer as NapCat's WebUI does"):
            await WebUi(api, "t", clock).status()


async def test_nobody_there_is_not_reached(unused_tcp_port: int, clock: FakeClock) -> None:
    async with Api(f"http://127.0.0.1:{unused_tcp_port}") as api:
        with pytest.raises(NotReached):
            await WebUi(api, "t", clock).status()
