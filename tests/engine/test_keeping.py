from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.engine.keeping import SecretFiles, StoredMemory
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.storage.store import open_store

BOT, OTHER = BotId("weixin:1"), BotId("weixin:11")


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_facts_of_a_bot_outlive_the_store(tmp_path: Path) -> None:
    place = str(tmp_path / "k.db")
    async with open_store(place, clock=SystemClock(), meters=Meters()) as store:
        await StoredMemory(store).write(BOT, {"cursor": "a\u2028b", "token/2": "y"})
    async with open_store(place, clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store)
        assert await memory.read(BOT, "cursor") == "a\u2028b"
        assert await memory.items(BOT, "token/") == {"token/2": "y"}


async def test_one_bot_does_not_see_another_ones(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store)
        await memory.write(OTHER, {"cursor": "x"})
        assert (await memory.read(BOT, "cursor"), await memory.items(BOT)) == ("", {})


async def test_an_empty_fact_is_forgotten(tmp_path: Path) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=SystemClock(), meters=Meters()) as store:
        memory = StoredMemory(store)
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
