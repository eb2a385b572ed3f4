from __future__ import annotations

import pytest

from kagami.adapters.weixin.ilink import ILink, open_api, redirected, sound_base
from kagami.adapters.weixin.wire import Credentials
from kagami.errors import CredentialsRefused, KagamiError, NotReached, Unavailable, WireError
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

API = "https://ilinkai.weixin.qq.com"


def known(there: Weixin, token: str = "") -> Credentials:
    return Credentials(token or there.token, BOT, there.url + "/", USER)


async def test_a_question_that_is_held_too_long_is_no_error() -> None:
    async with open_weixin() as there, open_api(there.url) as api:
        assert await ILink(api, known(there)).updates("", 0.05) is None
        assert there.refused == []


async def test_the_end_of_the_token_is_an_error_wherever_it_is_told() -> None:
    async with open_weixin() as there, open_api(there.url) as api:
        ilink = ILink(api, known(there, "old"))
        for call in (ilink.send({}), ilink.updates("", 1.0), ilink.ticket(USER, ""), ilink.notify("start")):
            with pytest.raises(CredentialsRefused, match="log in again by QR"):
                await call


@pytest.mark.parametrize(("status", "error"), [(404, WireError), (307, WireError), (502, Unavailable)])
async def test_an_answer_that_is_not_the_protocols_is_an_error(status: int, error: type[KagamiError]) -> None:
    async with open_weixin() as there, open_api(there.url) as api:
        there.statuses["sendmessage"] = [status]
        with pytest.raises(error, match=f"HTTP status {status}"):
            await ILink(api, known(there)).send({})


async def test_nobody_there_is_told_apart(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with open_api(url) as api:
        with pytest.raises(NotReached):
            await ILink(api).code([])


async def test_an_empty_answer_is_a_good_one() -> None:
    async with open_weixin(says_ids=False) as there, open_api(there.url) as api:
        there.answers["notifystart"] = [{}]
        assert (await ILink(api, known(there)).notify("start")).code == 0


async def test_at_most_ten_tokens_are_told() -> None:
    async with open_weixin() as there, open_api(there.url) as api:
        await ILink(api).code([str(number) for number in range(12)])
        assert there.known_tokens == [[str(number) for number in range(10)]]


def test_a_login_goes_on_at_another_host() -> None:
    assert redirected("sz.ilink.weixin.qq.com", API) == "https://sz.ilink.weixin.qq.com"


def test_a_login_goes_on_at_the_own_host_as_it_is_reached() -> None:
    assert redirected("127.0.0.1", "http://127.0.0.1:81/") == "http://127.0.0.1:81"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "a.example:81",
        "u@a.example",
        "a.example/x",
        "https://a.example",
        "0x7f.1",
        "A.example",
        "a.example.",
        "a b.example",
        "8.8.8.8",
    ],
)
def test_a_redirect_to_anything_but_a_bare_name_is_refused(host: str) -> None:
    with pytest.raises(KagamiError):
        redirected(host, API)


@pytest.mark.parametrize(("url", "base"), [("", API), (API + "/", API), ("https://b.example/x", "https://b.example/x")])
def test_the_address_of_an_account_is_taken_when_it_is_safe(url: str, base: str) -> None:
    assert sound_base(url, API) == base


@pytest.mark.parametrize("url", ["http://b.example", "https://10.0.0.1", "https://u:p@b.example", "ftp://b.example"])
def test_an_unsafe_address_of_an_account_is_refused(url: str) -> None:
    with pytest.raises(WireError):
        sound_base(url, API)
