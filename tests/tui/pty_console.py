"""The demo in a real pseudo-terminal: what it writes, what it answers to keys, and how it ends."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).parents[2]


class PtyConsole:
    """A child process on a terminal of its own; `seen` is all that it wrote."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] = (80, 24), environ: dict[str, str] | None = None
    ) -> None:
        self.seen = b""
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.chdir(ROOT)
            os.execve(sys.executable, [sys.executable, "-m", "tests.tui.demo", *arguments], _environ(environ or {}))  # noqa: S606
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read_until(self, claim: Callable[[bytes], bool], seconds: float = 10.0) -> bytes:
        """Read until `claim` holds for all that was seen; `TimeoutError` with its end otherwise."""
        end = time.monotonic() + seconds
        while not claim(self.seen):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(self.seen[-2_000:])
            self.read(left)
        return self.seen

    def read(self, seconds: float) -> bool:
        """Take what comes next; False at the end of the terminal's other side."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.master, 65_536)
        except OSError:
            return False
        self.seen += piece
        return bool(piece)

    def wait_idle(self) -> None:
        self.read_until(lambda seen: seen.rfind("· idle".encode()) > seen.rfind("· busy".encode()))

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def hang_up(self) -> None:
        """SIGHUP to the console alone."""
        os.kill(self.pid, signal.SIGHUP)

    def close_terminal(self) -> None:
        os.close(self.master)
        self.master = -1

    def wait_end(self, seconds: float) -> int:
        """The exit code, negative for a signal; kills and raises `TimeoutError` when it does not end in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            if self.master >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
        self.end()
        raise TimeoutError(f"still running after {seconds} s")

    def end(self) -> None:
        """Leave nothing behind."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


def _environ(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "SSH_CONNECTION")}
    return {**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", "KAGAMI_WIDE": "0", **extra}
