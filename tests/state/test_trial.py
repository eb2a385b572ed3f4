"""A Redis is looked at once, and what is wrong is said with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.errors import Unusable
from kagami.state import trouble
from kagami.state.trial import look_at, try_redis
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey, free_port


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey(password="right") as opened:
        yield opened


async def _said(url: str) -> tuple[str, str]:
    (found,) = await look_at(url, "kg", str)
    assert bool(found.fix) == (found.state == "bad")
    assert "right" not in f"{found}"
    return found.state, found.text


async def test_a_sound_one_tells_its_version(valkey: Valkey) -> None:
    state, text = await _said(valkey.url)
    assert (state, text.startswith("Valkey "), text.endswith(" MB used")) == ("ok", True, True)


async def test_a_wrong_password_is_named(valkey: Valkey) -> None:
    assert await _said(valkey.url.replace("right", "wrong")) == ("bad", trouble.LOGIN)
    assert await _said(valkey.url.replace(":right@", "")) == ("bad", trouble.LOGIN)


async def test_a_password_where_none_is_wanted_is_named() -> None:
    async with Valkey() as valkey:
        assert await _said(f"redis://nobody:x@127.0.0.1:{valkey.port}") == ("bad", trouble.LOGIN)


async def test_a_port_where_nobody_listens_is_named() -> None:
    assert await _said(f"redis://127.0.0.1:{free_port()}") == ("bad", trouble.NOBODY)


async def test_a_host_that_is_none_is_named() -> None:
    assert await _said("redis://there-is-none.invalid") == ("bad", trouble.NO_NAME)


async def test_tls_where_none_is_spoken_is_named(valkey: Valkey) -> None:
    _, text = await _said(f"rediss://:right@127.0.0.1:{valkey.port}")
    assert text in {trouble.NO_TLS, trouble.HANGS_UP, trouble.SILENT}


async def test_a_file_that_is_not_there_is_named(valkey: Valkey) -> None:
    url = f"rediss://:right@127.0.0.1:{valkey.port}?ssl_ca_certs=/there/is/none.pem"
    assert await _said(url) == ("bad", trouble.NO_FILE)


async def test_silence_is_named(valkey: Valkey) -> None:
    async with FaultProxy("127.0.0.1", valkey.port) as proxy:
        proxy.black_hole()
        assert await _said(f"redis://{proxy.address}") == ("bad", trouble.SILENT)


async def test_a_read_only_replica_is_named(valkey: Valkey) -> None:
    await valkey.ask("REPLICAOF", "127.0.0.1", str(free_port()))
    assert await _said(valkey.url) == ("bad", trouble.REPLICA)


async def test_an_account_without_rights_is_named(valkey: Valkey) -> None:
    await valkey.ask("ACL", "SETUSER", "guest", "on", ">right", "~kg:*", "&kg:*", "+@read")
    assert await _said(valkey.url.replace("redis://:", "redis://guest:")) == ("bad", trouble.RIGHTS)


async def test_an_account_with_just_the_rights_it_needs_will_do(valkey: Valkey) -> None:
    rights = ("~kg:*", "&kg:*", "+@read", "+@write", "+@connection", "+@pubsub", "+@scripting", "+info")
    await valkey.ask("ACL", "SETUSER", "guest", "on", ">right", *rights)
    state, _ = await _said(valkey.url.replace("redis://:", "redis://guest:"))
    assert state == "ok"


async def test_one_that_may_forget_is_usable_and_named(valkey: Valkey) -> None:
    await valkey.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    first, second = await look_at(valkey.url, "kg", str)
    assert (first.state, "allkeys-lru" in first.text, second.state) == ("warn", True, "ok")
    await try_redis(valkey.url, "kg")


async def test_what_cannot_be_used_is_refused_with_the_fix(valkey: Valkey) -> None:
    with pytest.raises(Unusable, match=r"refuses the name or the password\. Correct the name"):
        await try_redis(valkey.url.replace("right", "wrong"), "kg")
