"""Tells the service manager how the engine is: sd_notify(3), datagrams to the socket that NOTIFY_SOCKET names.

READY=1 when it serves, STOPPING=1 when it begins to stop, and WATCHDOG=1 at half of the interval that WATCHDOG_USEC
asks for, from the engine's own loop: a process that is alive and does nothing is restarted.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from kagami.clock import Clock

MICRO = 1_000_000


class ReadyLine:
    """The line to the service manager; without one, saying something does nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.interval_s = _interval(environ)

    def say(self, state: str) -> None:
        """`READY=1` and the like. A manager that does not listen is none of our trouble."""
        if not self._address:
            return
        # An abstract socket's name starts with a null byte, written as `@`.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            try:
                line.sendto(state.encode(), address)
            except OSError:
                self._address = ""

    async def beat(self, clock: Clock) -> None:
        """Until cancelled: that the loop turns. Ends at once when nobody wants to know."""
        while self._address and self.interval_s:
            self.say("WATCHDOG=1")
            await clock.sleep(self.interval_s / 2)


def _interval(environ: Mapping[str, str]) -> float:
    """Seconds within which the manager wants to hear something; 0 when it does not, or means another process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) / MICRO if given.isdigit() else 0.0
