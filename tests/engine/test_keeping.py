from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path

import pytest

from kagami.centre.seal import Seal
from kagami.clock import SystemClock
from kagami.core.secrets import Secret
from kagami.engine.keeping import BOTS, VAULT, SecretFiles, StoredMemory, StoredVault
from kagami.errors import Unavailable
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.ports import StorePut
from kagami.storage.store import open_store
from tests.engine.running import FREE, engine, until


def seal() -> Seal:
    return Seal(Secret("k" * 43))


BOT, OTHER = BotId("weixin:1"), BotId("weixin:11")


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_facts_of_a_bot_outlive_the_store(tmp_path: Path) -> None:
    place = str(tmp_path / "k.db")
    async with open_store(place, clock=SystemClock(), meters=Meters()) as store:
        await StoredMemory(store, seal).write(BOT, {"cursor": "a\u2028b", "token/2": "y"})
    async with open_store(place, clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store, seal)
        assert await memory.read(BOT, "cursor") == "a\u2028b"
        assert await memory.items(BOT, "token/") == {"token/2": "y"}


async def test_one_bot_does_not_see_another_ones(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store, seal)
        await memory.write(OTHER, {"cursor": "x"})
        assert (await memory.read(BOT, "cursor"), await memory.items(BOT)) == ("", {})


async def test_an_empty_fact_is_forgotten(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store, seal)
        await memory.write(BOT, {"cursor": "x"})
        await memory.write(BOT, {"cursor": ""})
        assert await memory.items(BOT) == {}


async def test_a_secret_is_for_the_owner_alone(tmp_path: Path) -> None:
    vault = SecretFiles(tmp_path)
    await vault.write("weixin-one.json", b"{}")
    assert await vault.read("weixin-one.json") == b"{}"
    assert stat.S_IMODE((tmp_path / "weixin-one.json").stat().st_mode) == 0o600
    assert names(tmp_path) == ["weixin-one.json"]


async def test_two_who_write_a_secret_at_once_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=5)
    sync = os.fsync

    def both_wait(file: int) -> None:
        together.wait()
        sync(file)

    monkeypatch.setattr(os, "fsync", both_wait)
    vault, contents = SecretFiles(tmp_path), [b"a" * 9, b"b" * 5]
    await asyncio.gather(*(vault.write("one", each) for each in contents))
    assert await vault.read("one") in contents
    assert names(tmp_path) == ["one"]


async def test_a_secret_can_be_forgotten_twice(tmp_path: Path) -> None:
    vault = SecretFiles(tmp_path)
    await vault.write("one", b"x")
    await vault.delete("one")
    await vault.delete("one")
    assert await vault.read("one") == b""


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a\nb", "x" * 200])
async def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a secret"):
        await SecretFiles(tmp_path).write(name, b"x")


async def test_what_lets_one_speak_in_a_chat_is_sealed_in_the_store(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        await StoredMemory(store, seal).write(BOT, {"peer/u": "context-token", "cursor": "c"})
        await store.put_many([StorePut(BOTS, f"{BOT}/peer/old", '"written by an older version"')])
        assert "context-token" not in str(await store.items(BOTS))
        assert await StoredMemory(store, seal).items(BOT, "peer/") == {
            "peer/u": "context-token",
            "peer/old": "written by an older version",
        }
        other = StoredMemory(store, lambda: Seal(Secret("o" * 43)))
        assert (await other.read(BOT, "peer/u"), await other.read(BOT, "cursor")) == ("", "c")


async def test_a_login_of_one_process_is_another_ones_too(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        vault = StoredVault(store, seal, SecretFiles(tmp_path / "one"))
        await vault.write("weixin-one.json", b'{"token": "deep"}')
        assert (
            await StoredVault(store, seal, SecretFiles(tmp_path / "two")).read("weixin-one.json")
            == b'{"token": "deep"}'
        )
        assert "deep" not in str(await store.items(VAULT))
        await vault.delete("weixin-one.json")
        assert await vault.read("weixin-one.json") == b""


async def test_a_file_of_a_time_before_is_taken_up_once(tmp_path: Path) -> None:
    await SecretFiles(tmp_path).write("weixin-one.json", b"old")
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        vault = StoredVault(store, seal, SecretFiles(tmp_path))
        assert await vault.read("weixin-one.json") == b"old"
        assert "weixin-one.json" not in names(tmp_path)
        assert await vault.read("weixin-one.json") == b"old"


async def test_what_is_sealed_under_one_name_opens_under_no_other(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        vault = StoredVault(store, seal, SecretFiles(tmp_path))
        await vault.write("one", b"x")
        moved = await store.get(VAULT, "one")
        await store.put_many([StorePut(VAULT, "two", moved)])
        with pytest.raises(Unavailable):
            await vault.read("two")


async def test_a_login_that_others_have_sealed_is_told_in_the_health_of_its_account(
    tmp_path: Path, postgres_url: str
) -> None:
    async with open_store(postgres_url, clock=SystemClock(), meters=Meters()) as store:
        await StoredVault(store, seal, SecretFiles(tmp_path)).write("weixin-wx.json", b"{}")
    text = f'{FREE}[[bots]]\nkind = "weixin"\nname = "wx"\n'
    async with engine(tmp_path / "home", text, KAGAMI_STORE__URL=postgres_url) as opened:
        await until(lambda: "Set cluster.secret" in "".join(each.health.reason for each in opened.parts.bots.rows()))
