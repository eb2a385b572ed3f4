"""The console at the other end of a line: what it sends, how long keys take, and a terminal that stops reading.

`python -m bench.terminal [--quick]`. The console is `tests.tui.corpus_demo`, whose world is always the same; only the
stalled terminal is in front of a real engine, whose heartbeat is what matters there.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.kagami_side import environment, write_settings
from kagami.home import Home

IDLE = "· idle\x07".encode()
DEMO = ("-m", "tests.tui.corpus_demo")
TICK_S = 0.005
WITHIN_S = 30.0
FRAMES = b"\x1b[5n"
ANSWER = b"\x1b[0n"


class Goal(NamedTuple):
    name: str
    value: float
    most: float
    unit: str


class Line:
    """A program on a terminal behind a line of `rate` bytes a second (0: as fast as they come), read in a thread.

    `seen` is what has arrived. The terminal answers where the cursor is, and after each frame that it has come.
    """

    def __init__(self, command: Sequence[str], size: tuple[int, int], rate: int = 0, **environ: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        given = environment() | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"} | environ
        given.pop("NO_COLOR", None)
        self.child = subprocess.Popen(
            [sys.executable, *command], stdin=slave, stdout=slave, stderr=slave, env=given, start_new_session=True
        )
        os.close(slave)
        self.seen = bytearray()
        self.stalled = threading.Event()
        self._rate = rate
        self._grown = threading.Condition()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        allowance, before = 0.0, time.perf_counter()
        while not self._ended.is_set():
            now = time.perf_counter()
            allowance = min(allowance + (now - before) * self._rate, max(1.0, self._rate * TICK_S * 2))
            before = now
            room = int(allowance) if self._rate else 65_536
            if self.stalled.is_set() or not room or not select.select([self.master], [], [], TICK_S)[0]:
                time.sleep(TICK_S if self.stalled.is_set() or not room else 0)
                continue
            try:
                piece = os.read(self.master, room)
            except OSError:
                return
            allowance -= len(piece)
            self._arrived(piece)

    def _arrived(self, piece: bytes) -> None:
        start = max(0, len(self.seen) - 3)
        with self._grown:
            self.seen += piece
            self._grown.notify_all()
        tail = bytes(self.seen[start:])
        for _ in range(tail.count(b"\x1b[6n")):
            os.write(self.master, b"\x1b[1;2R")
        for _ in range(tail.count(FRAMES)):
            os.write(self.master, ANSWER)

    def press(self, keys: str) -> int:
        """Type; returns where in `seen` the answer will begin."""
        place = len(self.seen)
        os.write(self.master, keys.encode())
        return place

    def wait(self, claim: Callable[[bytes], bool], after: int = 0, within: float = WITHIN_S) -> float:
        """Seconds until `claim` holds for what came behind `after`; `TimeoutError` when it does not."""
        began = time.perf_counter()
        with self._grown:
            if not self._grown.wait_for(lambda: claim(bytes(self.seen[after:])), within):
                raise TimeoutError(bytes(self.seen[-500:]))
        return time.perf_counter() - began

    def wait_idle(self, after: int = 0) -> float:
        return self.wait(lambda seen: IDLE in seen, after)

    def quiet(self, seconds: float = 0.3) -> None:
        """Until nothing has come for so long."""
        while True:
            with self._grown:
                if not self._grown.wait(seconds):
                    return

    def close(self) -> None:
        self._ended.set()
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
        self._reader.join()
        os.close(self.master)


@contextmanager
def line(
    command: Sequence[str] = DEMO, size: tuple[int, int] = (80, 24), rate: int = 0, **environ: str
) -> Iterator[Line]:
    opened = Line(command, size, rate, **environ)
    try:
        yield opened
    finally:
        opened.close()


def paint_and_idle(seconds: float) -> list[Goal]:
    """A1 and A2: bytes until the first picture stands, and bytes a second while nothing happens but the clock."""
    with line((*DEMO, "--still")) as there:
        there.wait_idle()
        there.quiet()
        first = len(there.seen)
        time.sleep(1.0)  # the first seconds still fill the charts
        # The calmest of three: on a busy machine a picture of before may come late, into the first of them.
        idle = min(_rate(there, seconds) for _ in range(3))
    return [Goal("A1 first paint", first, 15_000, "B"), Goal("A2 idle", idle, 50, "B/s")]


def _rate(there: Line, seconds: float) -> float:
    """Bytes a second, for so long."""
    before = len(there.seen)
    time.sleep(seconds)
    return (len(there.seen) - before) / seconds


def live_bytes(seconds: float) -> list[Goal]:
    """A4: bytes a second at 140 × 40 on Overview and Logs while the log gets a hundred lines a second."""
    goals = []
    with line((*DEMO, "--feed", "100"), (140, 40)) as there:
        there.wait_idle()
        for key, place in (("1", "overview"), ("3", "logs")):
            there.press(key)
            time.sleep(0.5)
            goals.append(Goal(f"A4 live, {place}", _rate(there, seconds), 10_000, "B/s"))
    return goals


def keys_on_a_slow_line(rate: int, most_ms: float, keys: int) -> Goal:
    """A6: median milliseconds from a key to the first byte that only it can have caused."""
    letters, late = "йцукенгшщзхъфывапролджэячсмитьбю", list[float]()
    with line((*DEMO, "--feed", "20"), (80, 24), rate) as there:
        there.wait_idle()
        there.quiet(0.2)
        there.wait(lambda seen: b"sandbox" in seen, there.press("8"))
        there.quiet(0.2)
        for number in range(keys):
            letter = letters[number % len(letters)]
            after = there.press(letter)
            late.append(there.wait(lambda seen, letter=letter: letter.encode() in seen, after))  # type: ignore[misc]
            time.sleep(0.1)
    return Goal(f"A6 key at {rate // 1_000} kB/s", 1_000 * statistics.median(late), most_ms, "ms")


def stalled_terminal(seconds: float) -> list[Goal]:
    """A7: the engine's heartbeat while its terminal does not read, and whether the newest picture comes after it."""
    with tempfile.TemporaryDirectory() as home:
        write_settings(Path(home))
        with line(("-m", "kagami", "--home", home, "--lang", "en"), (140, 40), XDG_STATE_HOME=home) as there:
            there.wait_idle()
            gaps = list[float]()
            ended = threading.Event()
            beating = threading.Thread(target=_heartbeat, args=(Home(Path(home)).socket, gaps, ended))
            there.wait(lambda seen: b"LIVE" in seen)
            beating.start()
            there.stalled.set()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                there.press("\x1bOR\x1bOR")
                time.sleep(0.05)
            after = there.press("3")
            there.stalled.clear()
            painted = there.wait(lambda seen: "logs · idle".encode() in seen, after)
            ended.set()
            beating.join()
    return [
        Goal("A7 heartbeat, largest gap", max(gaps), 0.2, "s"),
        Goal("A7 picture after the stall", painted, 2.0, "s"),
    ]


def _heartbeat(socket: Path, gaps: list[float], ended: threading.Event) -> None:
    """Ask the engine for its health again and again."""
    from kagami.cli.health import ask_health  # noqa: PLC0415 (loads an HTTP library)

    while not ended.is_set():
        began = time.perf_counter()
        ask_health(socket)
        gaps.append(time.perf_counter() - began)
        time.sleep(0.01)


def figures(*, quick: bool) -> list[Goal]:
    seconds, keys = (3.0, 15) if quick else (20.0, 60)
    return [
        *paint_and_idle(seconds),
        *live_bytes(seconds),
        keys_on_a_slow_line(30_000, 100, keys),
        keys_on_a_slow_line(10_000, 250, keys),
        *stalled_terminal(2.0 if quick else 10.0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.terminal", description="The console at the end of a line.")
    parser.add_argument("--quick", action="store_true", help="short runs: an impression, not a result")
    missed = 0
    for goal in figures(quick=parser.parse_args().quick):
        reached = goal.value <= goal.most
        missed += not reached
        sys.stdout.write(
            f"{goal.name:<28} {goal.value:10.2f} {goal.unit:<4} of {goal.most:g}{'' if reached else '  MISSED'}\n"
        )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
