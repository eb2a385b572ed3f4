"""Times of whole commands: how long `--version` takes, and how long a terminal program takes to its first paint."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil

from bench import machine
from bench.kagami_side import environment, write_settings

SIZE = struct.pack("HHHH", 40, 140, 0, 0)
CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[P\]X^_].*?(?:\x1b\\|\x07)|\x1b.|[\x00-\x20]", re.DOTALL)
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
FULL_SCREEN = b"\x1b[?1049h"
PAINTED_BYTES = 20  # visible bytes outside of control sequences
PAINTS_WITHIN_S = 30.0
# What every terminal answers: where its cursor is, and that it has shown everything so far (DSR, ECMA-48).
ANSWERS = {b"\x1b[6n": b"\x1b[1;2R", b"\x1b[5n": b"\x1b[0n"}
ENDS_WITHIN_S = 10.0


def command_s(command: list[str], times: int) -> float:
    """Median seconds of a command that ends by itself."""
    late = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
        late.append(time.perf_counter() - began)
    return statistics.median(late)


def version_figures(times: int) -> dict[str, float]:
    return {
        "python_s": command_s([sys.executable, "-c", "pass"], times),
        "version_s": command_s([str(Path(sys.executable).with_name("kagami")), "--version"], times),
    }


def screen(command: list[str], *, stays_s: float = 3.0) -> tuple[float, float]:
    """Seconds to the first paint, and MiB when the screen has been open for a while."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment() | TERMINAL)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, SIZE)
    try:
        painted = _first_paint(terminal, began)
        _drain(terminal, stays_s)
        return painted, machine.memory_mib(pid)
    finally:
        # With all that it started: an engine outlives the process that waits for its console.
        family = machine.family(pid)
        os.kill(pid, signal.SIGTERM)
        _drain(terminal, 0.5)
        for each in psutil.wait_procs(family[1:], timeout=ENDS_WITHIN_S)[1]:
            each.kill()
        os.waitpid(pid, 0)
        os.close(terminal)


def _first_paint(terminal: int, began: float) -> float:
    shown = b""
    while time.perf_counter() - began < PAINTS_WITHIN_S:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += _read(terminal)
            except OSError:
                break
            painted = shown.partition(FULL_SCREEN)[2]
            if len(CONTROL.sub(b"", painted)) >= PAINTED_BYTES:
                return time.perf_counter() - began
    raise RuntimeError(f"nothing was painted: {shown[-2_000:]!r}")


def _drain(terminal: int, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                _read(terminal)
            except OSError:
                return


def _read(terminal: int) -> bytes:
    """What was written, answered as a terminal does."""
    written = os.read(terminal, 65_536)
    for question, answer in ANSWERS.items():
        os.write(terminal, answer * written.count(question))
    return written


def screen_figures(times: int) -> dict[str, float]:
    """Kagami's terminal with its engine beside the bare program, each in a terminal of 140 × 40."""
    bare, kagami = [], []
    for _ in range(times):
        bare.append(screen([sys.executable, "-m", "bench.bare"]))
        with tempfile.TemporaryDirectory() as home:
            write_settings(Path(home))
            kagami.append(screen([sys.executable, "-m", "kagami", "--home", home]))
    return {
        "bare_paint_s": statistics.median(paint for paint, _ in bare),
        "bare_mib": statistics.median(memory for _, memory in bare),
        "paint_s": statistics.median(paint for paint, _ in kagami),
        "screen_mib": statistics.median(memory for _, memory in kagami),
    }
