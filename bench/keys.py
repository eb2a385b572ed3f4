"""How long a key takes to its paint while the engine behind the console is under load.

The console stands in a terminal of its own with the sandbox open; each key is a letter that nothing else on the screen
shows, and it has been painted when its bytes come out of the terminal. Meanwhile an implementation sends messages that
no plugin wants, evenly, in steps of 10 ms.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import suppress
from pathlib import Path

from bench import machine
from bench.commands import SIZE, TERMINAL
from bench.kagami_side import environment, write_settings
from bench.load import Load

LETTERS = "йцукенгшщзхъфывапролджэячсмитьбю"
EVENTS_PER_S = 5_000
STEP_S = 0.01
KEYS = 60
STARTS_WITHIN_S = 30.0
PAINTS_WITHIN_S = 5.0


class Terminal:
    """`kagami` on a pty; `drawn` is everything that it wrote so far."""

    def __init__(self, home: str) -> None:
        self.drawn = bytearray()
        self._home = home
        self._grown = asyncio.Event()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            command = [sys.executable, "-m", "kagami", "--home", home, "--lang", "en"]
            os.execvpe(command[0], command, environment() | TERMINAL | {"XDG_STATE_HOME": home})
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, SIZE)
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def _read(self) -> None:
        with suppress(OSError):
            self.drawn += os.read(self.master, 65_536)
            self._grown.set()

    async def shows(self, what: bytes, *, after: int, within: float) -> float:
        """Seconds until `what` stands behind position `after`."""
        began = time.perf_counter()
        async with asyncio.timeout(within):
            while what not in self.drawn[after:]:
                self._grown.clear()
                await self._grown.wait()
        return time.perf_counter() - began

    def press(self, keys: str) -> int:
        """Type; returns the position behind which the answer will stand."""
        place = len(self.drawn)
        os.write(self.master, keys.encode())
        return place

    def close(self) -> None:
        """Leave the console, and end the engine that it leaves behind."""
        asyncio.get_running_loop().remove_reader(self.master)
        os.kill(self.pid, signal.SIGTERM)
        os.close(self.master)
        os.waitpid(self.pid, 0)
        line = [sys.executable, "-m", "kagami", "--home", self._home, "system", "stop", "--yes"]
        subprocess.run(line, capture_output=True, env=environment(), check=False)
        with (Path(self._home) / "kagami.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the engine has let go of it: nothing is written any more


async def talk(load: Load, events_per_s: int, said: list[int]) -> None:
    """Send so many events a second, evenly, until cancelled."""
    batch = int(events_per_s * STEP_S)
    due = time.perf_counter()
    while True:
        load.chat(batch)
        said[0] += batch
        due += STEP_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def key_figures(events_per_s: int = EVENTS_PER_S, keys: int = KEYS) -> dict[str, float]:
    """Median, p90 and worst milliseconds of a key, and the rate that the load really had."""
    with tempfile.TemporaryDirectory() as home:
        port, token = machine.free_port(), "the bench speaks to this machine alone 0123456789"
        write_settings(Path(home), port, token)
        terminal = Terminal(home)
        load = Load()
        try:
            await _connected(load, port, token)
            await terminal.shows(b"Overview", after=0, within=STARTS_WITHIN_S)
            await terminal.shows(b"say something", after=terminal.press("8"), within=STARTS_WITHIN_S)
            said = [0]
            began = time.perf_counter()
            talking = asyncio.ensure_future(talk(load, events_per_s, said))
            await asyncio.sleep(1.0)
            late = [await _key(terminal, LETTERS[number % len(LETTERS)]) for number in range(keys)]
            rate = said[0] / (time.perf_counter() - began)
            talking.cancel()
        finally:
            terminal.close()
    cuts = statistics.quantiles(late, n=10)
    return {"median_ms": statistics.median(late), "p90_ms": cuts[8], "worst_ms": max(late), "events_per_s": rate}


async def _key(terminal: Terminal, letter: str) -> float:
    await asyncio.sleep(random.uniform(0.08, 0.25))
    return 1000 * await terminal.shows(letter.encode(), after=terminal.press(letter), within=PAINTS_WITHIN_S)


async def _connected(load: Load, port: int, token: str) -> None:
    async with asyncio.timeout(STARTS_WITHIN_S):
        while True:
            try:
                await load.open(port, "/onebot/v11/ws", token)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                return


if __name__ == "__main__":
    for name, value in asyncio.run(key_figures()).items():
        sys.stdout.write(f"{name:>14} {value:9.1f}\n")
