"""The child: runs an ordinary plugin of `kagami.plugins.api`, and does over a pipe what the host does in process.

It reads `hello`, says `ready`, and then handles events side by side until it is told to go or its stdin ends. The
plugin's own output goes to stderr, so that nothing of it can be taken for the protocol.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading

import msgspec

from kagami.errors import KagamiError, PluginError
from kagami.i18n import translator
from kagami.plugins.contain import contained, describe
from kagami.plugins.frames import shown_trace
from kagami.plugins.process import wire
from kagami.plugins.process.guest_pipe import Pipe, Voice, listen
from kagami.plugins.process.guest_version import Version, load
from kagami.plugins.scope import start

# For everything that there is still to do when the end has come; the host has less patience.
END_S = 5.0
_DECODER = msgspec.json.Decoder(wire.Hello | wire.Event | wire.Response | wire.Cancel | wire.Shutdown)


class Guest:
    """One child. `leave` ends it."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._version: Version | None = None
        self._leaving = asyncio.Event()
        self._greeting: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until it is told to leave; then everything is undone, in bounded time."""
        await self._leaving.wait()
        for task in self._calls.values():
            task.cancel()
        if self._calls:
            await asyncio.wait(set(self._calls.values()), timeout=END_S)
        if self._version is not None:
            await self._end(self._version)

    def take(self, line: bytes) -> None:
        """One line of the host. One that cannot be read is logged, and nothing else."""
        try:
            message = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._complain(f"the host sent no message: {error}")
            return
        match message:
            case wire.Hello(payload=payload):
                self._greeting = self._greeting or start("hello", self._greet(payload))
            case wire.Event():
                task = start(f"call {message.id}", self._serve(message))
                self._calls[message.id] = task
                task.add_done_callback(lambda _: self._calls.pop(message.id, None))
            case wire.Response():
                self._pipe.settle(message)
            case wire.Cancel(id=number):
                if (task := self._calls.get(number)) is not None:  # type: ignore[assignment]
                    task.cancel()
            case _:
                self.leave()

    def leave(self) -> None:
        self._leaving.set()

    def abandon(self) -> None:
        """The host is gone."""
        self._pipe.close()
        self.leave()

    async def _greet(self, hello: wire.HelloPayload) -> None:
        self._pipe.plugin = hello.plugin
        self._pipe.translate = translator(hello.language)
        try:
            await contained(hello.plugin, self._begin(hello))
        except KagamiError as error:
            told = shown_trace(error) if isinstance(error, PluginError) else str(error)
            self._pipe.write(wire.Ready(wire.ReadyPayload(error=_readable(told))))

    async def _begin(self, hello: wire.HelloPayload) -> None:
        self._version = version = await load(hello, self._pipe)
        self._pipe.write(wire.Ready(version.ready()))

    async def _serve(self, call: wire.Event) -> None:
        """Every call gets its result, however it ends."""
        fault: wire.Fault | None = None
        payload = wire.ResultPayload()
        try:
            if self._version is None:
                raise PluginError(plugin=self._pipe.plugin, reason="it is not ready")
            payload = await self._version.serve(call)
        except KagamiError as error:
            fault = fault_of(error)
        except (msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
            fault = wire.Fault("WireError", f"the call cannot be read: {describe(error)}")
        except asyncio.CancelledError:
            fault = wire.Fault("Cancelled", "the call was cancelled")
        self._say(wire.Result(call.id, ok=fault is None, payload=payload, error=fault))

    def _say(self, result: wire.Result) -> None:
        try:
            self._pipe.write(result)
        except (PluginError, UnicodeEncodeError, TypeError) as error:
            fault = wire.Fault("WireError", f"the result cannot be written: {describe(error)}")
            self._pipe.write(wire.Result(result.id, ok=False, error=fault))

    async def _end(self, version: Version) -> None:
        try:
            async with asyncio.timeout(END_S):
                await version.stop()
                for survivor in await version.close():
                    self._complain(survivor)
        except (KagamiError, TimeoutError) as error:
            self._complain(f"the plugin does not stop: {describe(error)}")

    def _complain(self, what: str) -> None:
        self._pipe.write(wire.Log(wire.LogPayload("warning", what[:1000])))


def fault_of(error: KagamiError) -> wire.Fault:
    """An error of a handler as it is told in process: what the plugin's own code raised, without our wrapping."""
    cause = error.__cause__
    if isinstance(error, PluginError) and cause is not None:
        return wire.Fault(type(cause).__name__, _readable(str(cause)), _readable(shown_trace(error)))
    return wire.Fault(error.code, _readable(str(error.details.get("reason", error))))


def _readable(text: str) -> str:
    """Without lone surrogates, which JSON cannot hold."""
    return text.encode(errors="replace").decode()


def main() -> None:
    """Take stdin and stdout for the protocol, and run until the end."""
    source, out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    pipe = Pipe(out)
    listen_to_logs(pipe)
    asyncio.run(_run(source, pipe))
    # A thread that the plugin left behind must not keep the process.
    sys.stdout.flush()
    os._exit(0)


def listen_to_logs(pipe: Pipe) -> None:
    voice = Voice(pipe)
    logging.getLogger().addHandler(voice)
    logging.getLogger("kagami").setLevel(logging.INFO)


async def _run(source: int, pipe: Pipe) -> None:
    loop = asyncio.get_running_loop()
    guest = Guest(pipe)

    def end() -> None:
        """The host is gone. A plugin that holds up the loop does not notice: then the process ends without it."""
        loop.call_soon_threadsafe(guest.abandon)
        threading.Event().wait(END_S * 3)
        os._exit(1)

    listen(source, lambda line: loop.call_soon_threadsafe(guest.take, line), end)
    await guest.run()


if __name__ == "__main__":
    main()
