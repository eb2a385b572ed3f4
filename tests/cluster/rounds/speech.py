"""The platforms' process, as the one who orders it sees it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Self

import msgspec

from tests.cluster.rounds.platform import Done, Order, Place, World

ROOT = Path(__file__).parents[3]


class Platforms:
    """Lives as long as the block; `place` is where it can be found."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._child: asyncio.subprocess.Process | None = None
        self.place = Place("")

    @property
    def child(self) -> asyncio.subprocess.Process:
        assert self._child, "not opened"
        return self._child

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        with Path(self._world.file).with_suffix(".err").open("wb") as errors:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.cluster.rounds.platform"),
                cwd=ROOT,
                stdin=pipe,
                stdout=pipe,
                stderr=errors,
            )
        self._write(self._world)
        self.place = msgspec.json.decode(await self._line(), type=Place)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.child.stdin
        self.child.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self.child.wait()
        except TimeoutError:
            self.child.kill()
            await self.child.wait()

    async def order(self, do: str, *, events: int = 0, rate: float = 0.0, seconds: float = 0.0) -> Done:
        self._write(Order(do, events, rate, seconds))
        return msgspec.json.decode(await self._line(), type=Done)

    def _write(self, line: msgspec.Struct) -> None:
        assert self.child.stdin
        self.child.stdin.write(msgspec.json.encode(line) + b"\n")

    async def _line(self) -> bytes:
        assert self.child.stdout
        line = await self.child.stdout.readline()
        assert line, (
            f"the platforms are gone:\n{Path(self._world.file).with_suffix('.err').read_text('utf-8')[-3_000:]}"
        )
        return line
