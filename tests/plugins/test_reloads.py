"""A hundred reloads in a row: what one version had in memory is gone when the next one serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]

# A megabyte of what plugins are made of: rows, functions, classes of every make, settings, patterns, annotations.
PLUGIN = """
import dataclasses, enum, functools, logging, re, typing
from kagami.plugins.api import Context, Plugin, Rest, Settings

ROWS = ["x" * 100 + str(n) for n in range(6_000)]
log = logging.getLogger(__name__)

class Mine(Settings):
    name: str = "Ada"

class Color(enum.Enum):
    RED = "red"

@dataclasses.dataclass
class Row:
    text: typing.Optional[str] = None
    near: "typing.Union[Row, None]" = None

@functools.lru_cache
def cached(n: int) -> Row:
    return Row(ROWS[n])

plugin = Plugin(settings=Mine)

@plugin.command("row", aliases=["r"], cooldown="100/min/user")
async def row(ctx: Context[Mine], color: Color, n: int = 0) -> str:
    log.debug("row %s", n)
    if n < 0:
        raise ValueError(ROWS[n])
    return f"{cached(n).text} {re.sub('x', 'y', color.value)} {ctx.settings.name}"

@plugin.intent(keywords=["hello"], regex="h(a|e)llo")
async def hello(ctx: Context[Mine]) -> None:
    await ctx.store.put("seen", 1)

@plugin.start
async def begin(life) -> None:
    life.scope.task(wait(), name="wait")

async def wait() -> None:
    import asyncio
    await asyncio.Event().wait()
"""

# In a process of its own: what other tests had in memory would blur the figure.
RELOADS = """
import asyncio, contextlib, gc, sys
from pathlib import Path
import psutil
from kagami.errors import PluginError
from kagami.testing.chat import chat_with

def rss() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6

async def main() -> None:
    async with chat_with(Path(sys.argv[1])) as chat:
        async def one() -> None:
            await chat.says("/row red 5")
            assert "red" in await chat.hears()
            await chat.says("/row red -1")
            with contextlib.suppress(PluginError):
                await chat.finished()
            (row,) = await chat.host.office.reload("greeter")
            assert (row.error, row.survivors) == ("", ()), row
        for _ in range(5):
            await one()
        before = rss()
        for _ in range(100):
            await one()
        print(rss() - before)

asyncio.run(main())
"""


@pytest.mark.service
def test_memory_is_back_after_a_hundred_reloads(tmp_path: Path, write: Write) -> None:
    write("greeter", main=PLUGIN)
    run = subprocess.run(
        [sys.executable, "-c", RELOADS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert not run.returncode, run.stderr
    assert float(run.stdout.split()[-1]) < 10
