"""How a Redis is at the moment: asked every two seconds, doubted by whoever meets an error, each change told once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from redis.exceptions import ResponseError

from kagami import log
from kagami.core.backoff import Backoff
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.state.server import Server, read_server
from kagami.state.trouble import ERRORS, concerns_all, told
from kagami.state.wire import ANSWER_S, Command, Wire

PROBE_S = 2.0
# A trial takes up to 2 s: with pauses up to 2.5 s the end of an outage is noticed within 5 s.
TRIAL_S, FIRST_S, LONGEST_S = 2.0, 0.1, 2.5
LEAST_S = 0.1
T = TypeVar("T")
_log = log.get("state")


def pauses() -> Backoff:
    """Between tries; whatever works once begins anew."""
    return Backoff(random.random, base=FIRST_S, cap=LONGEST_S, healthy=0.0)


class Line:
    """One Redis, seen by one process. `url` holds secrets and is never told; `named` is what is told of it."""

    def __init__(self, url: str, prefix: str, named: str, meters: Meters) -> None:
        self.url = url
        self.generation = 0
        self.named = named
        self.trouble = mark("it was not asked yet")
        self.server = Server()
        self._prefix = prefix
        self._meters = meters
        meters.gauge["redis_healthy"] = 0.0
        self._wire = self.wire()
        self._risen = asyncio.Event()
        self._doubted = asyncio.Event()
        self._asked = asyncio.Event()
        self._using: set[asyncio.Timeout] = set()
        self.closed = False

    @property
    def healthy(self) -> bool:
        return self._risen.is_set()

    def wire(self, answer_s: float = ANSWER_S) -> Wire:
        """A connection of this line's, which is made anew when the line has fallen or risen."""
        return Wire(self.url, answer_s, lambda: self.generation)

    def key(self, name: str) -> str:
        """All of one name are in one slot, wherever keys are spread."""
        return f"{self._prefix}:{{{name}}}"

    async def asked(self) -> None:
        """Wait until it is known how it is, for the first time."""
        await self._asked.wait()

    async def risen(self) -> None:
        """Wait until it is healthy."""
        await self._risen.wait()

    def doubt(self, error: BaseException) -> None:
        """Something did not work: nothing is sent any more until a probe says that it works again."""
        if concerns_all(error):
            if self.healthy:
                self._fall(error)
                self._doubted.set()
        else:
            _log.warning("Redis refuses a command", redis=self.named, reason=str(error))

    @asynccontextmanager
    async def using(self) -> AsyncIterator[None]:
        """What waits in here ends with a `TimeoutError` when the line falls or rises: its connection is an old one."""
        async with asyncio.timeout(None) as scope:
            self._using.add(scope)
            try:
                yield
            finally:
                self._using.discard(scope)

    async def used(self, work: Awaitable[T]) -> T:
        """Its result; its error is doubt, too, unless it is one of an old connection."""
        generation = self.generation
        try:
            async with self.using():
                return await work
        except ERRORS as error:
            if generation == self.generation:
                self.doubt(error)
            raise

    async def again(self, generation: int, backoff: Backoff) -> None:
        """Wait before what failed on a connection of that generation is tried anew: not at all when it rose since."""
        if self.healthy:
            await asyncio.sleep(backoff.delay() if self.generation == generation else 0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(backoff.delay()):
                await self._risen.wait()

    def close(self) -> None:
        """Whoever listens on it ends."""
        self.closed = True
        self._turn(self._risen.clear)

    async def trial(self) -> str:
        """Ask it once: why it does not work, or nothing."""
        try:
            error = await self._probe()
        finally:
            await self._wire.close()
        return told(error) if error else ""

    async def run(self) -> None:
        """Watch it until cancelled."""
        backoff = pauses()
        try:
            while True:
                error = await self._probe()
                self._doubted.clear()
                self._asked.set()
                if error is None:
                    self._rise()
                    backoff.lived(0.0)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PROBE_S):
                            await self._doubted.wait()
                    await asyncio.sleep(LEAST_S if self._doubted.is_set() else 0)
                else:
                    self._fall(error)
                    await asyncio.sleep(backoff.delay())
        finally:
            await self._wire.close()

    async def _probe(self) -> BaseException | None:
        """What is wrong, if anything: it must take a write. After that the connection is made anew: maybe elsewhere."""
        probe = self.key("probe")
        # Whoever listens for the live feed listens for this, too: silence is a broken connection.
        commands: list[Command] = [("XADD", probe, "*", "h", ""), ("DEL", probe), ("PUBLISH", probe, ""), ("INFO",)]
        try:
            async with asyncio.timeout(TRIAL_S):
                *answers, facts = await self._wire.ask(commands)
        except ERRORS as error:
            return error
        wrong = next((each for each in (*answers, facts) if isinstance(each, ResponseError)), None)
        if wrong is None:
            self.server = read_server(facts)
        else:
            await self._wire.close()
        return wrong

    def _fall(self, error: BaseException) -> None:
        trouble = told(error)
        if self.healthy or trouble != self.trouble:
            self.trouble = trouble
            _log.warning("Redis is away", redis=self.named, reason=trouble)
        if self.healthy:
            self._turn(self._risen.clear)

    def _rise(self) -> None:
        if not self.healthy:
            self.trouble = ""
            _log.info("Redis is there", redis=self.named, version=self.server.version)
            self._turn(self._risen.set)

    def _turn(self, act: Callable[[], None]) -> None:
        act()
        self._meters.gauge["redis_healthy"] = float(self.healthy)
        self.generation += 1
        now = asyncio.get_running_loop().time()
        for scope in self._using:
            if not scope.expired():
                scope.reschedule(now)
