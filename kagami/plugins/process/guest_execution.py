"""One event in the hands of a child: what a handler does becomes requests to the host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from kagami import operations
from kagami.errors import WireError
from kagami.model.action import Action, Delete, Receipt, Send
from kagami.model.event import Event
from kagami.model.principal import Principal
from kagami.plugins.process import wire
from kagami.plugins.process.guest_kit import Line, PipeValues
from kagami.ports import Answer, StorePut

_RECEIPT: Any = Receipt


class GuestExecution:
    """Implements `ports.Execution` over a line. What is written stays here until the handler has succeeded."""

    def __init__(self, line: Line, payload: Mapping[str, Any], prefix: str) -> None:
        self._staged: dict[str, StorePut] = {}
        self.line = line
        self.event = msgspec.convert(payload.get("event"), Event)
        self.admin = Principal("chat", self.event.user, frozenset({"*"})) if payload.get("admin") else None
        self.attempts = int(payload.get("attempts") or 0)
        self.restarted = bool(payload.get("restarted"))
        self.prefix = prefix
        self.only = ""

    @property
    def replays(self) -> bool:
        """The host knows, and answers accordingly."""
        return False

    def mark(self, stage: str, detail: str = "") -> None:
        """Traces are the host's."""

    async def perform(self, action: Action) -> Receipt:
        payload: dict[str, Any]
        match action:
            case Send(chat=chat, message=message) if chat == self.event.chat:
                name, payload = "reply", {"message": message}
            case Send(chat=chat, message=message):
                name, payload = "send", {"chat": chat, "message": message}
            case Delete(message_id=message_id):
                name, payload = "delete", {"message_id": message_id}
            case _:
                name, payload = "call", {"name": action.name, "params": action.params}
        response = await self.line.request(wire.Action, payload, name)
        try:
            receipt: Receipt = msgspec.convert(response.get("receipt"), _RECEIPT)
        except msgspec.ValidationError as error:
            raise WireError(reason=str(error)) from None
        return receipt

    def stage(self, write: StorePut) -> None:
        self._staged[write.key] = write

    def staged(self, plugin: str) -> Mapping[str, str | None]:  # noqa: ARG002 - there is only one
        return {key: write.value for key, write in self._staged.items()}

    def savepoint(self) -> Callable[[], None]:
        kept = dict(self._staged)

        def forget() -> None:
            self._staged = kept

        return forget

    async def flush(self) -> None:
        """Hand what was written to the host, where it becomes real together with the event's completion."""
        await PipeValues(self.line).put_many(tuple(self._staged.values()))
        self._staged.clear()

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        yield

    def consumed(self, answer: Answer) -> None:
        """The host closes the answer."""

    async def call(self, request: msgspec.Struct) -> Any:
        operation = operations.registry().of(request)
        response = await self.line.request(wire.Action, {"name": operation.name, "request": request}, "operate")
        return msgspec.convert(response.get("answer"), operation.answer)
