"""The way out of plugins, against a real server: what it opens, and for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.errors import Denied, Unavailable
from kagami.net.http import HttpReach
from kagami.ports import Reach
from tests.net.served import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House() as opened:
        yield opened


async def test_the_house_is_a_reach_and_nothing_is_opened_before_it_is_used() -> None:
    async with HttpReach() as reach:
        port: Reach = reach
        port.of("p", ())
        assert reach._session is None


async def test_time_is_the_houses_unless_the_caller_says(house: House) -> None:
    with pytest.raises(Unavailable, match=r"no answer within 0\.05 s"):
        await house.http(seconds=0.05).get(house.url("/silent"))


@pytest.mark.parametrize("word", ["http:api.test", "http:API.test", "http:*.test", "http:*", "*"])
async def test_the_words_of_a_manifest_open_hosts(house: House, word: str) -> None:
    assert (await house.http(word).get(house.url("/echo"))).ok


@pytest.mark.parametrize("word", ["http:test", "http:*.api.test", "http:i.test", "http:*.est", "store", "http:"])
async def test_other_words_do_not(house: House, word: str) -> None:
    with pytest.raises(Denied, match=r"http:api\.test\."):
        await house.http(word).get(house.url("/echo"))
    assert not house.looked_up


async def test_every_hop_needs_its_word(house: House) -> None:
    with pytest.raises(Denied, match=r"http:other\.test"):
        await house.http("http:api.test").get(house.url(f"/redirect?to={house.url('/echo', 'other.test')}"))
    assert [request.path for request in house.asked] == ["/redirect"]
