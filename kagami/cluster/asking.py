"""Sends that are made by whichever process has the account: asked for in the store, answered through it.

The row is the truth. A hint brings the outcome at once; who hears none looks it up.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.errors import KagamiError, StoreClosed
from kagami.model.action import Failed, Receipt, Unknown
from kagami.model.ids import ExecutionId
from kagami.ports import LONGEST_ASKED_S, Backlog, Fence, Ledger, SendRow
from kagami.ports.state import Bus

ASKED, ANSWERED = "bot-", "node-"
# Between two looks for what no hint has told, and for what nobody has taken and nobody waits for.
LOOK_S, CLEAR_S = 1.0, 10.0
LATE = "no process that has the account took it in time"
_log = log.get("cluster")

Key = tuple[ExecutionId, int]


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A hint to who waits: what became of a send, and of which attempt at it; 0 where that is not known."""

    execution: ExecutionId
    ordinal: int
    receipt: Receipt
    attempt: int = 0


class _Asked:
    """`written` when the store has it: what that says of an earlier attempt is not about this one."""

    __slots__ = ("answer", "attempt", "written")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.written = False


class Asking:
    """Sends of this process whose outcome others bring. `run` in a task."""

    def __init__(
        self,
        node: str,
        ledger: Ledger,
        backlog: Backlog,
        bus: Bus,
        clock: Clock,
        *,
        nap: Callable[[], float],
        key: bytes,
    ) -> None:
        self._node = node
        self._ledger = ledger
        self._backlog = backlog
        self._bus = bus
        self._clock = clock
        self._nap = nap
        self._key = key
        self._waiting: dict[Key, _Asked] = {}

    async def send(self, row: SendRow, *, fence: Fence | None, written: Callable[[], None]) -> Receipt:
        """Ask for it and wait for what comes of it; never raises for what the store or a platform does."""
        key = (row.execution, row.ordinal)
        # Before it is written: who has the account may be quicker than this loop.
        asked = self._waiting[key] = _Asked(row.attempt)
        try:
            await self._ledger.ask_send(row, self._node, fence)
            asked.written = True
            written()
            return await self._outcome(key, asked.answer)
        except StoreClosed as error:
            return Failed(str(error), "store")
        finally:
            del self._waiting[key]

    async def _outcome(self, key: Key, answer: asyncio.Future[Receipt]) -> Receipt:
        until = self._clock.monotonic() + LONGEST_ASKED_S
        while not answer.done():
            if (left := until - self._clock.monotonic()) > 0:
                await asyncio.wait([answer], timeout=left)
                continue
            try:
                given_up = await self._backlog.abandon(*key, LATE)
            except KagamiError:  # nobody can say now whether it will be made
                await asyncio.wait([answer], timeout=LOOK_S)
                continue
            if given_up:
                return Failed(LATE, "offline")
            # Somebody has begun: what comes of it will be in the store, but too late for who asked.
            return Unknown("it is being sent, and nobody knows yet what comes of it")
        return answer.result()

    def answered(self, told: Told) -> None:
        asked = self._waiting.get((told.execution, told.ordinal))
        if asked is None or asked.answer.done():
            return
        if told.attempt == asked.attempt or (asked.written and not told.attempt):
            asked.answer.set_result(told.receipt)

    async def run(self) -> None:
        """Hear of outcomes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._look())

    async def clear(self) -> None:
        """One process does it for all: give up what those have asked for that are gone. Until cancelled."""
        while True:
            await self._clock.sleep(CLEAR_S)
            with suppress(KagamiError):
                if given_up := await self._backlog.expire(LATE):
                    _log.warning("sends were not made: nobody took them in time", sends=given_up)

    async def _listen(self) -> None:
        topic = f"{ANSWERED}{self._node}"
        hints: AsyncGenerator[tuple[str, list[str]], None] = self._bus.hear(lambda: [topic])
        async with aclosing(hints):
            async for _, texts in hints:
                for text in texts:
                    if (told := read_hint(text, self._key)) is not None:
                        self.answered(told)

    async def _look(self) -> None:
        """What no hint has told: because there are none, or because an earlier try had asked already."""
        while True:
            await self._clock.sleep(min(LOOK_S, self._nap()))
            waiting = {execution for (execution, _), asked in self._waiting.items() if asked.written}
            if waiting:
                try:
                    found = await self._backlog.outcomes(waiting)
                except KagamiError:
                    continue  # it is told elsewhere that the store is away
                for execution, ordinal, receipt in found:
                    self.answered(Told(execution, ordinal, receipt))


def hint(told: Told, key: bytes) -> str:
    """Signed: whoever can write to the bus must not be able to say what was sent."""
    text = msgspec.json.encode(told).decode()
    return f"{_signed(text, key)} {text}"


def read_hint(text: str, key: bytes) -> Told | None:
    """None for what no process of ours has written."""
    mac, _, rest = text.partition(" ")
    if not hmac.compare_digest(mac.encode(), _signed(rest, key).encode()):
        return None
    try:
        return msgspec.json.decode(rest, type=Told)
    except msgspec.MsgspecError:  # of another version: it is looked up
        return None


def _signed(text: str, key: bytes) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]
