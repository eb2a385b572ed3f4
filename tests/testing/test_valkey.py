"""A real server, and what a test may do to it."""

from __future__ import annotations

import pytest
from redis.exceptions import ResponseError

from kagami.testing.valkey import Valkey

pytestmark = pytest.mark.service


async def test_it_starts_with_its_options_and_keeps_nothing() -> None:
    async with Valkey("maxmemory 50mb", password="a b") as valkey:
        assert await valkey.ask("CONFIG", "GET", "maxmemory") == [b"maxmemory", b"52428800"]
        assert await valkey.ask("CONFIG", "GET", "save") == [b"save", b""]


async def test_it_forgets_everything_when_it_is_killed() -> None:
    async with Valkey() as valkey:
        await valkey.ask("SET", "a", "1")
        valkey.kill()
        await valkey.start()
        assert await valkey.ask("GET", "a") is None


async def test_a_paused_one_answers_when_it_goes_on() -> None:
    async with Valkey() as valkey:
        valkey.pause()
        with pytest.raises(TimeoutError):
            await valkey.ask("PING")
        valkey.resume()
        assert await valkey.ask("PING") == b"PONG"


async def test_an_error_of_it_is_raised() -> None:
    async with Valkey() as valkey:
        with pytest.raises(ResponseError, match="unknown command"):
            await valkey.ask("NONSENSE")


async def test_options_it_does_not_know_are_told_with_its_own_words() -> None:
    with pytest.raises(RuntimeError, match="nonsense"):
        async with Valkey("nonsense 1"):
            pass
