"""Clients of the platforms that were not written here, each in an environment of its own; `make test` makes them.

`requirements-clients-<kind>.lock` names the packages with their hashes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ANSWER_S = 60.0
HERE = Path(__file__).parent


def python_of(kind: str) -> Path:
    """The interpreter of a kind's client."""
    python = Path(sys.prefix, "clients", kind, "bin", "python")
    assert python.exists(), f"the client for {kind} has no environment yet: `make test` makes it"
    return python


class Side:
    """A script beside this file that runs a client: JSON lines in, JSON lines out. What it logs is in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def tell(self, what: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def told(self) -> Any:
        """The next line of the client."""
        assert self._process.stdout
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        assert line, f"the client ended: {self._log.read_text('utf-8', 'replace')[-2000:]}"
        return json.loads(line)


@asynccontextmanager
async def side(kind: str, folder: Path, *words: str, script: str = "") -> AsyncIterator[Side]:
    """`<kind>_side.py words…` with the client's own interpreter, until the block ends."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KAGAMI_", "PYTHON"))}
    log = folder / f"{kind}.log"
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            python_of(kind),
            HERE / (script or f"{kind}_side.py"),
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=clean,
            limit=2**24,
        )
    try:
        yield Side(process, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.communicate(), ANSWER_S)
