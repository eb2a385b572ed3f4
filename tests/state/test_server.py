"""What a Redis says of itself."""

from __future__ import annotations

import pytest

from kagami.state.server import Server, read_server
from kagami.testing.valkey import Valkey

GOOD = Server(version="7.0.15", policy="noeviction")


def _flaws(**other: object) -> list[tuple[str, bool]]:
    server = Server(**{"version": "7.0.15", "policy": "noeviction", **other})  # type: ignore[arg-type]
    return [(each.text.format(each.found), each.bad) for each in server.flaws()]


async def test_a_real_one_is_read() -> None:
    async with Valkey("maxmemory 100mb") as valkey:
        server = read_server(await valkey.ask("INFO"))
    assert (server.valkey, server.policy, server.most, server.replica) == (True, "noeviction", 100 << 20, False)
    assert (list(server.flaws()), server.version.split(".")[0].isdigit(), server.used > 0) == ([], True, True)


def test_an_answer_without_a_fact_is_taken_well() -> None:
    assert read_server("redis_version:7.2.1\r\n") == Server(version="7.2.1", policy="noeviction")


@pytest.mark.parametrize(
    ("other", "text", "bad"),
    [
        ({"version": "6.2.14"}, "version 6.2.14 is older than 7.0", True),
        ({"replica": True}, "it is a replica and read-only", True),
        ({"loading": True}, "it is loading its data", False),
        ({"policy": "allkeys-lru"}, "maxmemory-policy is allkeys-lru: it may forget what waits to be read", False),
        ({"most": 100, "used": 95}, "95 % of its memory is used", False),
        ({"most": 100, "used": 100}, "100 % of its memory is used", True),
    ],
)
def test_a_flaw_is_named(other: dict[str, object], text: str, bad: bool) -> None:
    assert _flaws(**other) == [(text, bad)]


def test_a_sound_one_has_no_flaw() -> None:
    assert list(GOOD.flaws()) == []


def test_valkey_counts_its_own_versions() -> None:
    assert _flaws(version="1.0.0", valkey=True) == []
