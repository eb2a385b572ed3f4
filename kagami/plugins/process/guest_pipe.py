"""The child's end of the pipe: lines out, lines in, requests that wait for their responses, records of the log."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from kagami import errors
from kagami.errors import KagamiError, PluginError
from kagami.i18n import Translate
from kagami.log import escape, read_record
from kagami.plugins.process.wire import LONGEST, Fault, Log, LogPayload, Ready, Request, Response, Result

FromGuest = Ready | Request | Log | Result
_DETAIL = re.compile(r"\{(\w+)\}")
_PLACE = re.compile(r"\\\{(\w+)\\\}")


class Pipe:
    """`out` is a descriptor for the protocol alone. `write` may be called from any thread."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._gone = False
        self.plugin = ""
        self.translate: Translate = str

    def write(self, message: FromGuest) -> None:
        """Write one line, waiting while the host does not read. `PluginError` for one that is too long."""
        line = msgspec.json.encode(message) + b"\n"
        if len(line) > LONGEST:
            raise PluginError(plugin=self.plugin, reason=f"a message of {len(line)} bytes is too long for the host")
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except OSError:  # nobody reads any more: that is noticed where lines come in
                return

    async def request(
        self, kind: type[Request], payload: dict[str, Any], *, name: str = "", event: str = ""
    ) -> dict[str, Any]:
        """Ask the host for something; the payload of its response, or the error that it sent."""
        if self._gone:
            raise self._farewell()
        number = str(next(self._numbers))
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self.write(kind(id=number, event=event, name=name, payload=payload))
            return await future
        finally:
            del self._waiting[number]

    def settle(self, response: Response) -> None:
        """One that nobody waits for any more is dropped."""
        future = self._waiting.get(response.id)
        if future is None or future.done():
            return
        if response.ok:
            future.set_result(response.payload or {})
        else:
            future.set_exception(read_fault(response.error or Fault(), self.plugin, self.translate))

    def close(self) -> None:
        """No response will come any more."""
        self._gone = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._farewell())

    def _farewell(self) -> PluginError:
        return PluginError(plugin=self.plugin, reason="the host is gone")


def read_fault(fault: Fault, plugin: str, translate: Translate = str) -> KagamiError:
    """An error of the host in the class that it has there, so that a plugin can catch it by its name.

    The message is the class's template, in the host's language, with the details filled in: they are read out of it.
    """
    kind = vars(errors).get(fault.code)
    if not (isinstance(kind, type) and issubclass(kind, KagamiError)) or issubclass(kind, PluginError):
        return PluginError(plugin=plugin, reason=fault.message or fault.code)
    text = kind.__doc__ or ""
    details = dict.fromkeys(_DETAIL.findall(text), fault.message)
    for template in (text, translate(text)):
        pattern = _PLACE.sub(r"(?P<\1>.*)", re.escape(template))
        if details and (found := re.fullmatch(pattern, fault.message, re.DOTALL)):
            details = found.groupdict()
    return kind(**details)


def listen(source: int, take: Callable[[bytes], object], end: Callable[[], object]) -> None:
    """Read lines in a thread, so that their end is noticed also while a plugin holds up the event loop."""

    def read() -> None:
        with os.fdopen(source, "rb") as stream:
            while line := stream.readline(LONGEST + 1):
                take(line)
        end()

    threading.Thread(target=read, name="pipe", daemon=True).start()


class Voice(logging.Handler):
    """Sends records of the log to the host."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        line = read_record(record, 0)
        fields = {escape(name): escape(value) for name, value in line.fields.items()}
        if line.source != self._pipe.plugin:
            fields["source"] = escape(line.source)
        level = logging.getLevelName(line.level).lower()
        try:
            self._pipe.write(Log(LogPayload(level, escape(line.text), dict(fields))))
        except PluginError:  # a line that nobody could read anyway
            self.handleError(record)
