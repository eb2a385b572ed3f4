"""Every kind of bot configured and connected, and nothing said: how soon that is, and how much memory it takes.

Ready is when the gateway takes a connection; the bots come a few at once, and then one after the other.
The platforms are the fakes of the adapters' contract suite.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import tomlkit

from bench import machine
from bench.load import Load
from bench.sides import GATEWAY_PATH
from kagami.testing.adapters import Notes
from tests.adapters.contract import KINDS, opener
from tests.faults.long.test_platforms import configuration, running

STAYS_S = 3.0
PATIENCE_S = 60.0


async def _once(folder: Path) -> tuple[float, float, float]:
    """Seconds until the gateway takes a connection and until all are connected, and MiB a while later."""
    port, token = machine.free_port(), secrets.token_urlsafe(32)
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(opener(kind)()) for kind in KINDS]
        document = tomlkit.parse(configuration(peers[0].config()))
        notes = Notes()
        for peer in peers:
            peer.prepare(notes)
        for peer in peers[1:]:
            table = tomlkit.parse(configuration(peer.config()))["bots"]
            document["bots"].append(table[0])
        document["gateway"] = {"port": port, "token": token}
        for name, content in notes.secrets.items():
            (folder / "secrets" / name).write_bytes(content)
        (folder / "kagami.toml").write_text(tomlkit.dumps(document), "utf-8")
        began = time.perf_counter()
        async with running(folder) as process, asyncio.timeout(PATIENCE_S):
            ready = await _hears(port, token, began)
            while not all(peer.listening for peer in peers):
                await asyncio.sleep(0.005)
            there = time.perf_counter() - began
            await asyncio.sleep(STAYS_S)
            return ready, there, machine.memory_mib(process.pid)


async def _hears(port: int, token: str, began: float) -> float:
    while True:
        load = Load()
        try:
            await load.open(port, GATEWAY_PATH, token)
        except ConnectionRefusedError:
            await asyncio.sleep(0.005)
        else:
            ready = time.perf_counter() - began
            await load.close()
            return ready


def platform_figures(times: int) -> dict[str, float]:
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(asyncio.run(_once(Path(folder) / "home")))
    ready, there, memory = zip(*found, strict=True)
    return {
        "kinds": len(KINDS),
        "ready_s": statistics.median(ready),
        "there_s": statistics.median(there),
        "idle_mib": statistics.median(memory),
    }
