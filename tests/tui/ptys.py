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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

QUIET_S = 0.15
"""After a key without an answer for so long, nothing will come. Longer than the pause that makes an ESC a key."""
NEXT_S = 0.04
"""Between two parts of one answer passes less than this."""
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
        # And after each frame, whether it has come that far.
        for _ in range(chunk.count(b"\x1b[5n")):
            os.write(self._master, b"\x1b[0n")
        return bool(chunk)

    def wait_for(self, wanted: bytes, seconds: float = 20.0) -> None:
        """Read until these bytes have come."""
        self.wait_until(lambda output: wanted in output, seconds)

    def settle(self, seconds: float = 5.0) -> None:
        """Read until nothing comes for a moment."""
        self._read_on(QUIET_S, seconds)

    def _read_on(self, pause: float, seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        more = self.read(QUIET_S)
        while more and time.monotonic() < end:
            more = self.read(pause)

    def press(self, keys: str) -> None:
        """Send keys and take what they cause."""
        os.write(self._master, keys.encode())
        self._read_on(QUIET_S if keys.endswith("\x1b") else NEXT_S)

    def leave(self, seconds: float = 20.0) -> int:
        """Press q until the console has ended; its exit code. On a slow machine an ESC may swallow the first q."""
        end = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < end:
            with suppress(OSError):  # it has ended just now
                self.press("q")
        return self.child.wait(0.1)

    def wait_until(self, claim: Callable[[bytes], bool], seconds: float = 20.0) -> None:
        """Read until what has come is as it should be."""
        end = time.monotonic() + seconds
        while not claim(bytes(self.output)):
            if time.monotonic() > end:
                raise TimeoutError(bytes(self.output[-500:]))
            self.read(0.1)

    def close(self) -> None:
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        os.close(self._master)


@contextmanager
def terminal(module: str, *arguments: str, size: tuple[int, int] = (100, 30), wire: str = "thin") -> Iterator[Terminal]:
    """`python -m module` on a terminal of this size that has true colour and speaks UTF-8."""
    environ = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "KAGAMI_WIRE": wire,
    }
    environ.pop("NO_COLOR", None)
    opened = Terminal([sys.executable, "-m", module, *arguments], size, environ)
    try:
        yield opened
    finally:
        opened.close()
