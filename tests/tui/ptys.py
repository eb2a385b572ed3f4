"""A console in a child process on a real pseudo-terminal: keys go in, and every byte that comes out is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

QUIET_S = 0.15
FIRST_PAINT = "· idle\x07".encode()


class Terminal:
    """The other end of a console. `output` is everything that it has sent."""

    def __init__(self, command: Sequence[str], size: tuple[int, int], environ: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = bytearray()
        self.child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environ), start_new_session=True
        )
        os.close(slave)

    def read(self, seconds: float) -> bool:
        """Take what comes within this time; False when nothing did or the other end is closed."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self._master, 65_536)
        except OSError:
            return False
        self.output += chunk
        # The terminal is asked where the cursor is: this one is in the first column, as after a narrow character.
        for _ in range(chunk.count(b"\x1b[6n")):
            os.write(self._master, b"\x1b[1;2R")
        return bool(chunk)

    def wait_for(self, wanted: bytes, seconds: float = 20.0) -> None:
        """Read until these bytes have come."""
        end = time.monotonic() + seconds
        while wanted not in self.output:
            if time.monotonic() > end:
                raise TimeoutError(bytes(self.output[-500:]))
            self.read(0.1)

    def settle(self, seconds: float = 5.0) -> None:
        """Read until nothing comes for a moment."""
        end = time.monotonic() + seconds
        while self.read(QUIET_S) and time.monotonic() < end:
            pass

    def press(self, keys: str) -> None:
        """Send keys and take what they cause."""
        os.write(self._master, keys.encode())
        self.settle()

    def close(self) -> None:
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        os.close(self._master)


@contextmanager
def terminal(module: str, *arguments: str, size: tuple[int, int] = (100, 30)) -> Iterator[Terminal]:
    """`python -m module` on a terminal of this size that has true colour and speaks UTF-8."""
    environ = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    environ.pop("NO_COLOR", None)
    opened = Terminal([sys.executable, "-m", module, *arguments], size, environ)
    try:
        yield opened
    finally:
        opened.close()
