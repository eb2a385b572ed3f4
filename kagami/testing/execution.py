"""One event of a test chat, in the hands of a plugin host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec

from kagami.errors import Denied, KagamiError
from kagami.model.action import Action, Failed, Receipt
from kagami.model.event import Event
from kagami.model.ids import SessionKey
from kagami.model.principal import Principal
from kagami.ports import Answer
from kagami.ports.staging import Staging


class Chat(Protocol):
    """What an event needs of its chat."""

    prefix: str
    calls: list[msgspec.Struct]
    answers: dict[type, Any]

    def perform(self, action: Action) -> Receipt: ...

    def reoffer(self, session: SessionKey) -> None: ...


class ChatExecution(Staging):
    """Implements `ports.Execution` and `ports.Answer` for one event of a test chat.

    `journal` holds the receipts of what was sent, by their order; `ended` is set when its process is gone.
    """

    def __init__(
        self,
        chat: Chat,
        event: Event,
        *,
        admin: Principal | None = None,
        attempts: int = 0,
        restarted: bool = False,
        journal: dict[int, Receipt] | None = None,
    ) -> None:
        super().__init__()
        self._chat = chat
        self.event = event
        self.admin = admin
        self.attempts = attempts
        self.restarted = restarted
        self.journal = {} if journal is None else journal
        self.only = ""
        self.ended = False
        self.prefix = chat.prefix
        self.marks: list[str] = []
        self.answers: list[Answer] = []
        self._asks_anew = not restarted
        self._ordinal = 0

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(f"{stage} {detail}".rstrip())

    @property
    def replays(self) -> bool:
        return self._ordinal in self.journal

    async def perform(self, action: Action) -> Receipt:
        if self.ended:
            raise asyncio.CancelledError
        ordinal = self._ordinal
        self._ordinal += 1
        if (before := self.journal.get(ordinal)) is not None:
            return before
        self._asks_anew = True
        receipt = self._chat.perform(action)
        if not isinstance(receipt, Failed):
            self.journal[ordinal] = receipt
        return receipt

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        self.mark("ask")
        if not self._asks_anew:
            self._chat.reoffer(self.event.session)
        yield

    def consumed(self, answer: Answer) -> None:
        self.answers.append(answer)

    async def call(self, request: msgspec.Struct) -> Any:
        self._chat.calls.append(request)
        if self.admin is None:
            raise Denied(scope=type(request).__name__)
        answer = self._chat.answers[type(request)]
        if isinstance(answer, KagamiError):
            raise answer
        return answer
