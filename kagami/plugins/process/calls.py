"""The open calls and requests of one child, by their ids. What it says for none of them is not of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kagami.errors import WireError
from kagami.plugins.process import wire

# An event that was in the process's hands at so many of its ends is not given to it again.
DEADLY = 3
DEATHS_KEPT = 1_000
MOST_REQUESTS = 256
# Bytes of all open requests, as they came; the same as values of Python are twenty times as large.
MOST_HELD = 8 << 20
_LONGEST_NUMBER = 15

Item = wire.Request | wire.Result | wire.Deeds


class Call:
    """One event in the hands of the child. `asking` counts its open questions: then people are waited for.

    `over` is set when nothing more is expected for it.
    """

    __slots__ = ("asking", "execution", "id", "inbox", "over")

    def __init__(self, number: str, execution: str) -> None:
        self.id = number
        self.execution = execution
        self.inbox: asyncio.Queue[Item | BaseException] = asyncio.Queue()
        self.asking = 0
        self.over = False

    async def next(self) -> Item:
        """What the child says to this call; a `Result` is its last word. Raises what somebody put into the inbox."""
        item = await self.inbox.get()
        if isinstance(item, BaseException):
            raise item
        return item


class Calls:
    """Numbers go on over all runs of the child, so that no answer of one run can be taken for one of another."""

    def __init__(self) -> None:
        self._open: dict[str, Call] = {}
        self._left: dict[str, asyncio.Task[None]] = {}
        self._requests: dict[str, int] = {}
        self._deaths: dict[str, int] = {}
        self._newest = 0

    def open(self, execution: str) -> Call:
        self._newest += 1
        call = self._open[str(self._newest)] = Call(str(self._newest), execution)
        return call

    def close(self, call: Call) -> bool:
        """Forget a call; whether the child still works on it."""
        return self._open.pop(call.id, None) is not None and not call.over

    def succeeded(self, call: Call) -> None:
        """The child has survived this event."""
        self._deaths.pop(call.execution, None)

    def await_end(self, call: Call, bell: asyncio.Task[None]) -> None:
        """The child owes the result of a call that was cancelled; `bell` is cancelled by it."""
        self._left[call.id] = bell

    def still_owes(self, call: Call) -> bool:
        """Whether a cancelled call has not ended. Asked once."""
        return self._left.pop(call.id, None) is not None

    def end(self, number: str, message: wire.Result | wire.Deeds, *, strict: bool) -> None:
        """An answer came; `WireError` for one that nobody waits for. `strict` also for one that is only late."""
        if (bell := self._left.pop(number, None)) is not None:
            bell.cancel()
        elif (call := self._open.get(number)) is not None and not call.over:
            call.over = isinstance(message, wire.Result)
            call.inbox.put_nowait(message)
        elif strict or not self._was(number):
            raise WireError(reason=f"an answer for call {number[:20]!r}, which it was not given")

    def ask(self, request: wire.Request, size: int = 0) -> bool:
        """A request of `size` bytes came; False when it belongs to no open call.

        `WireError` for one that cannot be served: what is open is held, also while a question waits for a year.
        """
        if request.id in self._requests:
            raise WireError(reason="two open requests have one id")
        if len(self._requests) >= MOST_REQUESTS:
            raise WireError(reason=f"more than {MOST_REQUESTS} requests are open")
        if sum(self._requests.values()) + size > MOST_HELD:
            raise WireError(reason=f"the open requests have more than {MOST_HELD} bytes")
        call = self._open.get(request.event)
        if call is None and request.event and not self._was(request.event):
            raise WireError(reason=f"a request for call {request.event[:20]!r}, which it was not given")
        self._requests[request.id] = size
        if call is None or call.over:
            return False
        call.inbox.put_nowait(request)
        return True

    def answered(self, request: wire.Request) -> None:
        self._requests.pop(request.id, None)

    def deadly(self, execution: str) -> bool:
        return self._deaths.get(execution, 0) >= DEADLY

    def forgive(self) -> None:
        self._deaths.clear()

    def bury(self, failure: Callable[[Call], BaseException], *, blame: bool) -> None:
        """The process has ended. Its calls fail; `blame` those that were at work when it did."""
        for call in self._open.values():
            if blame and call.execution and not call.asking:
                self._deaths[call.execution] = self._deaths.get(call.execution, 0) + 1
            call.over = True
            call.inbox.put_nowait(failure(call))
        while len(self._deaths) > DEATHS_KEPT:
            del self._deaths[next(iter(self._deaths))]
        for bell in self._left.values():
            bell.cancel()
        self._open.clear()
        self._left.clear()
        self._requests.clear()

    def _was(self, number: str) -> bool:
        """Whether there was a call of this number: what still comes for it is only late."""
        return (
            number.isascii()
            and number.isdecimal()
            and len(number) <= _LONGEST_NUMBER
            and 0 < int(number) <= self._newest
        )
