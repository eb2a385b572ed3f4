"""Plays the host to a real child: writes its lines, reads what it says."""

from __future__ import annotations

import asyncio
import textwrap
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import KagamiError
from kagami.model.action import Sent
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text as as_text
from kagami.plugins.process import wire
from kagami.plugins.process.guest_kit import Line
from kagami.plugins.process.guest_pipe import Pipe
from kagami.plugins.process.limits import guest_command
from kagami.plugins.process.wire import Ready

WITHIN_S = 20.0
HEAD = "from kagami.plugins.api import *\nimport asyncio, os, sys, time\nplugin = Plugin()\n"
Frame = dict[str, Any]


def event_of(text: str, *, kind: Any = "message", chat: str = "private:10001") -> Event:
    return Event(
        ExecutionId("e"),
        BotId("test:1"),
        kind,
        "private",
        ChatId(chat),
        UserId("10001"),
        1,
        "1",
        as_text(text),
        "77",
    )


class GuestHost:
    """`logs` are the texts of log lines, `kept` the values of the plugin."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.logs: list[str] = []
        self.kept: dict[str, Any] = {}
        self._numbers = count(1)

    def say(self, **frame: Any) -> None:
        self.write(msgspec.json.encode(frame) + b"\n")

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    async def hears(self) -> Frame:
        """The next message that is no log line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await self.process.stdout.readline():
                frame: Frame = msgspec.json.decode(line)
                if frame["type"] != "log":
                    return frame
                self.logs.append(frame["payload"]["text"])
        raise EOFError

    async def hello(self, folder: Path, entry: str = "main:plugin", **more: Any) -> Ready:
        payload = {"protocol": 1, "plugin": "tested", "version": "1.0.0", "folder": str(folder), "entry": entry}
        self.say(type="hello", id="0", payload=payload | more)
        return msgspec.convert(await self.hears(), Ready)

    def event(self, name: str, event: Event | None = None, /, **payload: Any) -> str:
        number = str(next(self._numbers))
        given = {} if event is None else {"event": msgspec.to_builtins(event)}
        self.say(type="event", id=number, name=name, correlation_id="e", payload=given | payload)
        return number

    def command(self, ready: Ready, line: str, **payload: Any) -> str:
        """Somebody writes a command of the plugin."""
        word = line.removeprefix("/").split()[0]
        key = next(each.key for each in ready.payload.commands if word in each.names)
        return self.event("command", event_of(line), handler=key, word=word, end=1 + len(word), **payload)

    def respond(self, request: Frame, **payload: Any) -> None:
        self.say(type="response", id=request["id"], ok=True, payload=payload)

    def refuse(self, request: Frame, code: str, message: str) -> None:
        self.say(type="response", id=request["id"], ok=False, error={"code": code, "message": message})

    def answer(self, question: Frame, text: str) -> None:
        """A person answers a question."""
        self.respond(question, event=msgspec.to_builtins(event_of(text)))

    async def says(self) -> str:
        """The text of the next reply, which is sent."""
        request = await self.hears()
        assert (request["type"], request["name"]) == ("action", "reply"), request
        self.respond(request, receipt=msgspec.to_builtins(Sent("1")))
        return said(request["payload"]["message"])

    async def stores(self) -> Frame:
        """The next request to the store, which is served."""
        request = await self.hears()
        assert request["type"] == "storage", request
        payload = request["payload"]
        match request["name"]:
            case "put":
                self.kept[payload["key"]] = payload["value"]
                self.respond(request)
            case "delete":
                self.kept.pop(payload["key"], None)
                self.respond(request)
            case "get":
                found = payload["key"] in self.kept
                self.respond(request, found=found, value=self.kept.get(payload["key"]))
            case "keys":
                self.respond(request, keys=[each for each in self.kept if each.startswith(payload["prefix"])])
            case _:
                self.respond(request, items=self.kept)
        return request

    async def ends(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            return await self.process.wait()


class ScriptedLine(Line):
    """A line whose answers the test gives: the next of `answers`, or nothing. `asked` is what was requested."""

    def __init__(self, *answers: Frame | KagamiError) -> None:
        super().__init__(Pipe(-1), "7")
        self.asked: list[tuple[str, str, Frame]] = []
        self._answers = list(answers)

    async def request(self, kind: type[wire.Request], payload: Frame, name: str = "") -> Frame:
        self.asked.append((kind.__name__, name, payload))
        answer = self._answers.pop(0) if self._answers else {}
        if isinstance(answer, KagamiError):
            raise answer
        return answer


def said(message: str | Sequence[Frame]) -> str:
    return message if isinstance(message, str) else "".join(each.get("text", "") for each in message)


@asynccontextmanager
async def guest(argv: Sequence[str] = ()) -> AsyncIterator[GuestHost]:
    """A child; it is killed when it is still there at the end."""
    process = await asyncio.create_subprocess_exec(
        *(argv or guest_command()), stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=1 << 21
    )
    try:
        yield GuestHost(process)
    finally:
        if process.returncode is None:
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.communicate()


def plugin(folder: Path, code: str, head: str = HEAD) -> Path:
    (folder / "main.py").write_text(head + textwrap.dedent(code), "utf-8")
    return folder
