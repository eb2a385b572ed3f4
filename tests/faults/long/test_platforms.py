"""The process is killed again and again while a platform brings messages: what was acknowledged is never lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import tomlkit

from kagami.adapters.kinds import BotConfig, abilities, kind_of
from kagami.client import HttpControl
from kagami.core.secrets import Secret
from kagami.errors import EngineAway
from kagami.operations import registry
from kagami.operations.messages import ListMessages
from kagami.ports import MessageRow
from kagami.testing.adapters import Notes
from tests.adapters.contract import KINDS, Peer, opener

ROUNDS, MESSAGES = 3, 3
PATIENCE_S = 60.0
SURE = tuple(kind for kind in KINDS if next(each.send for each in abilities(kind) if each.name == "redelivers") != "no")

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


# A fake may live at another time, which makes its messages old.
SAYING = """
from kagami.plugins.api import Context, Plugin, Rest

plugin = Plugin(max_age=1e12)

@plugin.command("say")
async def say(ctx: Context, text: Rest[str]) -> str:
    return text
"""


def configuration(bot: BotConfig) -> str:
    table = tomlkit.table()
    table["kind"] = kind_of(bot)
    for name, value in msgspec.structs.asdict(bot).items():
        if isinstance(value, Secret):
            table[name] = value.reveal()
        elif isinstance(value, str | bool | float) and value != "":
            table[name] = value
    document = tomlkit.document()
    document["gateway"] = {"port": 0}
    document["web"] = {"port": 0}
    document["limits"] = {"user_per_minute": 0, "chat_per_minute": 0}
    document["pace"] = {"account_per_second": 0, "chat_per_second": 0}
    document["plugins"] = {"http": {"private": ["127.0.0.1"]}}
    document["bots"] = tomlkit.aot()
    document["bots"].append(table)
    return tomlkit.dumps(document)


def home_of(peer: Peer, folder: Path) -> Path:
    notes, home = Notes(), folder / "home"
    peer.prepare(notes)
    (home / "secrets").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    folder = home / "plugins" / "say" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text('{"id": "say", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
    (folder / "main.py").write_text(SAYING, "utf-8")
    (home / "kagami.toml").write_text(configuration(peer.config()), "utf-8")
    for name, content in notes.secrets.items():
        (home / "secrets" / name).write_bytes(content)
        (home / "secrets" / name).chmod(0o600)
    return home


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """An engine of its own, which is killed at the end if it still runs."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAGAMI_")}
    with (home / "run.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kagami", "--home", home, "run"), stdout=log, stderr=log, env=clean
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(claim: object, told: object = "") -> None:
    assert callable(claim)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not claim():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(told() if callable(told) else told) from None


async def rows(home: Path, direction: str) -> list[MessageRow]:
    """The messages that the engine knows, as soon as it answers."""
    control = HttpControl(registry(), home / "kagami.sock")
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    found: list[MessageRow] = await control.call(ListMessages(limit=200))
                    return [row for row in found if row.direction == direction]
                except EngineAway:
                    await asyncio.sleep(0.05)
    finally:
        await control.close()


@pytest.mark.parametrize("kind", SURE)
async def test_a_kill_loses_nothing_that_was_acknowledged(kind: str, tmp_path: Path) -> None:
    chance = random.Random(20261122)  # noqa: S311 - to be had again
    async with opener(kind)() as peer:
        home, said = home_of(peer, tmp_path), dict[str, str]()

        async def speak() -> None:
            await until(lambda: peer.listening)
            for number in range(ROUNDS * MESSAGES):
                text = f"/say {kind} {number}"
                said[await peer.say(text, chat=peer.private)] = text.removeprefix("/say ")
                await asyncio.sleep(chance.uniform(0, 0.3))

        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(speak())
            for _ in range(ROUNDS):
                async with running(home) as process:
                    await until(lambda: peer.listening, (home / "run.log").read_text)
                    await asyncio.sleep(chance.uniform(0, 0.5))
                    process.send_signal(signal.SIGKILL)
                    await process.wait()
            async with running(home) as process:
                await until(lambda: speaking.done() and all(map(peer.acknowledged, said)), (home / "run.log").read_text)
                await settled(home, peer, said)
                kept = Counter(row.message_id for row in await rows(home, "in"))
                assert kept == dict.fromkeys(said, 1)
                process.terminate()
                assert await asyncio.wait_for(process.wait(), 30) == 0


async def settled(home: Path, peer: Peer, said: dict[str, str]) -> None:
    """Every message has its answer at the platform, once, or Kagami says that it does not know."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            heard = Counter(each.text for each in peer.heard)
            doubtful = {row.text for row in await rows(home, "out") if row.outcome == "unknown"}
            if all(heard[text] == 1 or text in doubtful for text in said.values()):
                break
            await asyncio.sleep(0.1)
    assert not [text for text, times in heard.items() if times > 1 and text not in doubtful]
