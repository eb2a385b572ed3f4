"""An engine with a Redis: moved to another while it runs, and people hear when it is away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kagami.engine.sharing import readings
from kagami.errors import Unusable
from kagami.operations.settings import ListSettings
from kagami.testing.valkey import Valkey, free_port
from tests.engine.running import FREE, answers, change, engine, visiting
from tests.state.nodes import away, node, until

pytestmark = pytest.mark.service


async def test_the_address_changes_while_the_bots_answer(tmp_path: Path) -> None:
    async with Valkey(password="s3cret") as valkey, engine(tmp_path) as opened, visiting(opened) as peer:
        await answers(peer, "/echo one", "one")
        assert await change(opened, redis__url=valkey.url) == {"redis.url": "reopened"}
        assert (await valkey.ask("CLIENT", "LIST")).count(b"addr=") >= 2
        await answers(peer, "/echo two", "two")
        assert await change(opened, redis__url=None) == {"redis.url": "reopened"}
        await answers(peer, "/echo three", "three")


async def test_a_wrong_address_is_refused_with_its_reason_and_nothing_changes(tmp_path: Path) -> None:
    async with Valkey(password="s3cret") as valkey, engine(tmp_path) as opened:
        await change(opened, redis__url=valkey.url)
        before = (tmp_path / "kagami.toml").read_text("utf-8")
        for wrong, reason in (
            (valkey.url.replace("s3cret", "wrong"), "it refuses the name or the password"),
            (f"redis://127.0.0.1:{free_port()}", "nobody listens there"),
        ):
            with pytest.raises(Unusable, match=reason):
                await change(opened, redis__url=wrong)
        rows = {row.key: row for row in await opened.call(ListSettings())}
        assert (tmp_path / "kagami.toml").read_text("utf-8") == before
        assert (rows["redis.url"].effect, rows["redis.url"].value["set"]) == ("reopen", True)


async def test_an_engine_starts_without_the_redis_that_it_should_have(tmp_path: Path) -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}"
    async with engine(tmp_path, f'{FREE}[redis]\nurl = "{url}"\n') as opened, visiting(opened) as peer:
        await answers(peer, "/echo one", "one")


async def test_people_hear_that_it_is_away_and_what_is_wrong_with_it() -> None:
    async with Valkey() as valkey, node(valkey.url) as state:
        assert readings(state) == {}
        await valkey.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        await until(lambda: "redis setup" in readings(state))
        assert "allkeys-lru" in readings(state)["redis setup"].fields["reason"]
        valkey.kill()
        await away(state.bus)
        await until(lambda: "nobody" in state.bus.trouble)
        told = readings(state)["redis"]
        assert told.text.format_map(told.fields).startswith(
            f"Redis 127.0.0.1:{valkey.port} is away: nobody listens there."
        )


async def test_two_engines_limit_a_user_together(tmp_path: Path) -> None:
    """One whole minute's messages to one of them leave little for the other."""
    async with Valkey() as valkey:
        text = f'{FREE}[redis]\nurl = "{valkey.url}"\n[limits]\nuser_per_minute = 10\n'
        async with engine(tmp_path / "a", text) as one, engine(tmp_path / "b", text) as other:
            async with visiting(one) as peer:
                for number in range(10):
                    await answers(peer, f"/echo {number}", str(number))
            async with asyncio.timeout(20):
                while not await valkey.ask("EXISTS", "kg:{b:user:qq:20002}"):
                    await asyncio.sleep(0.01)
            async with visiting(other) as peer:
                told = 0
                while not other.parts.meters.count["events", "limited"]:
                    await peer.say(f"/echo {told}", user="20002", group="42")
                    told += 1
                    await asyncio.sleep(0.1)
    assert told < 10
