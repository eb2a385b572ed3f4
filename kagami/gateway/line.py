"""One connection of an application: events and signs of life go out on it, calls come in."""

from __future__ import annotations

from contextlib import AsyncExitStack

from kagami import log
from kagami.core.admission import Admission
from kagami.core.handshake import Role
from kagami.core.numbers import is_of
from kagami.core.position import Position
from kagami.errors import StoreClosed, Unavailable, WireError
from kagami.gateway.clerk import Clerk
from kagami.gateway.cursor import Cursor
from kagami.gateway.frames import Frames
from kagami.gateway.means import Means
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.onebot.serve import write_heartbeat, write_lifecycle
from kagami.ports import ONLINE, Happened, Socket

LOOK_S = 1.0
BEAT_S = 15.0
# An application that has not read on by then is not counted on. Whoever follows is waited for as long as its connection
# lives: some never come back after one that was closed on them.
TAKES_S = 180.0
POOL_TAKES_S = 5.0
# Who has answered within so many seconds is there; who took longer than this to answer was away until then.
FRESH_S = 0.25
HELD_S = 1.0
# Who is further behind than this gets even a live event as a late one.
LATE_S = 10.0
# What is missed beyond this is not caught up with.
MOST_MISSED = 10_000
MOST_CALLS = 64
MOST_CALL_BYTES = 32 << 20
POLICY = 1008

_say = log.get("workers")


class Line:
    """`only` is the bot or the account that this connection is for, empty for all that the worker may see.

    `follows` is False for a member of a pool, whom rules lead events to, and where nothing but calls go.
    """

    def __init__(
        self,
        worker: str,
        socket: Socket,
        role: Role,
        clerk: Clerk,
        means: Means,
        *,
        only: str,
        follows: bool,
        before: Cursor | None = None,
    ) -> None:
        self.socket = socket
        self.role = role
        self.only = only
        self.cursor = Cursor(means.store, f"{worker}|{only}" if only else worker)
        self._before = before
        self.late = self.skipped = 0
        self.since_ms = means.common_ms()
        self._worker = worker
        self._clerk = clerk
        self._means = means
        self._frames = Frames(means)
        self._follows = follows
        self._greeted: dict[BotId, int] = {}
        self._calls = self._call_bytes = 0
        self._confirming = self._catching_up = self._holding = False
        self._answered: float | None = None
        self._missed = Position.at(0, means.stream.slots)

    @property
    def tells(self) -> bool:
        """Whether events go out on it."""
        return self.role != "api"

    @property
    def admission(self) -> Admission:
        return self._clerk.admission

    def serves(self, bot: BotId) -> bool:
        return self.admission.serves(bot) and (not self.only or is_of(bot, self.only))

    @property
    def behind_s(self) -> float:
        """How old the last event is that it has taken, while it catches up."""
        behind = self._catching_up or self._holding or self.cursor.waits
        return max(0.0, (self._means.clock.wall_ms() - self.cursor.taken_ms) / 1000) if behind else 0.0

    async def run(self, *, late_s: float) -> None:
        """Until the connection ends (`EOFError`). `late_s` is how old what was missed may be."""
        nursery, follows = self._means.nursery, self._follows and self.tells
        async with AsyncExitStack() as stack:
            if follows:  # before it is greeted: whoever was, goes on from here
                await self._open(stack, late_s)
            await self._look()
            tasks = [nursery.start(f"signs of life for {self._worker}", self._beat())] if self.tells else []
            if follows:
                tasks.append(nursery.start(f"events for {self._worker}", self._follow()))
            try:
                await self.socket.listen(self._hear)
            finally:
                for task in tasks:
                    task.cancel()
                await self._save()

    # --- events ---

    async def deliver(self, event: Event, late_s: float) -> None:
        """Send one event, and wait until it was read: `Unavailable` when that cannot be known."""
        try:
            read = await self._reads(POOL_TAKES_S)
            if read:
                await self._send(event, late_s)
                read = await self._probed(POOL_TAKES_S)
        except (EOFError, ConnectionError) as error:
            raise Unavailable(what=f"the worker {self._worker}", reason=str(error)) from None
        if not read:
            raise Unavailable(what=f"the worker {self._worker}", reason="it reads nothing")

    async def _reads(self, limit: float) -> bool:
        """Whether it reads now. What is written to a stopped process lies there until it goes on: by then the event
        went to somebody else, or comes again on a new connection.
        """
        answered = self._answered
        fresh = answered is not None and self._means.clock.monotonic() - answered < FRESH_S
        return fresh or await self._probed(limit)

    async def _probed(self, limit: float) -> bool:
        answered = await self.socket.probe(limit) is not None
        if answered:
            self._answered = self._means.clock.monotonic()
        return answered

    async def _send(self, event: Event, late_s: float) -> None:
        if event.bot not in self._greeted:
            await self._greet(event.bot)
        if late_s:
            self.late += 1
            self._means.meters.count["worker_events_late", self._worker] += 1
        frame = await self._frames.event(event, late_s)
        await self.socket.send(frame)
        self._means.meters.count["worker_events", self._worker] += 1

    async def _open(self, stack: AsyncExitStack, window_s: float) -> None:
        now_ms = self._means.clock.wall_ms()
        try:
            self._missed = await stack.enter_async_context(self._means.stream.follow())
            self.cursor.begin(self._missed, now_ms, self._before)
            if not await self.cursor.open(self._missed, now_ms, self._before):
                await self._skip(window_s)
        except (StoreClosed, Unavailable) as error:
            await self._give_up(error)
            raise EOFError("the store is away") from None

    async def _give_up(self, error: StoreClosed | Unavailable) -> None:
        _say.error("cannot go on with a worker's events", worker=self._worker, reason=error.text())
        await self.socket.close(1011, "the store is away")

    async def _follow(self) -> None:
        """Everything that passes, from where it was, in order; what happened while it was away comes late."""
        means, cursor = self._means, self.cursor
        try:
            while True:
                self._catching_up = cursor.sent.behind(self._missed)
                found = await means.stream.after(cursor.reader, self._idle)
                while means.posts.drained(self._worker):
                    await means.clock.sleep(LOOK_S)
                await self._frames.prepare(each.event for each in found if self._passes(each.event))
                for each in found:
                    await self._pass(each)
                self._confirm()
        except (EOFError, ConnectionError):
            return  # whoever listens sees it too
        except (StoreClosed, Unavailable) as error:
            await self._give_up(error)

    def _idle(self) -> None:
        """The newest number may be a send's, or of an event that is nobody's outside: nothing is left all the same."""
        self._catching_up = False
        self.cursor.rest()

    async def _pass(self, happened: Happened) -> None:
        event = happened.event
        if self._passes(event):
            await self._hold()
            old_s = (self._means.clock.wall_ms() - happened.accepted_ms) / 1000
            late = self._missed.has(happened.number) or old_s >= LATE_S
            self._means.places.met(event, happened.accepted_ms)
            try:
                await self._send(event, max(old_s, 0.1) if late else 0.0)
            except WireError as error:
                _say.error("an event cannot be told", worker=self._worker, number=happened.number, reason=error.text())
        self.cursor.advance(happened.number, happened.accepted_ms)
        self._holding = False

    async def _hold(self) -> None:
        """Until it reads."""
        self._holding, since = True, self._means.clock.monotonic()
        if not await self._reads(TAKES_S):
            await self.socket.close(POLICY, "it reads nothing")
            raise EOFError("it reads nothing")
        if self._means.clock.monotonic() - since >= HELD_S:
            self._missed = self._means.stream.reached

    def _passes(self, event: Event) -> bool:
        return self.serves(event.bot) and self.admission.passes(event) and not self._means.stream.hides(event)

    async def _skip(self, window_s: float) -> None:
        """Leave out what is too old, or too much."""
        since_ms = self._means.clock.wall_ms() - int(window_s * 1000)
        passed = await self._means.stream.passed(self.cursor.sent, since_ms, MOST_MISSED)
        if not passed.amount:
            return
        self.skipped += passed.amount
        self._means.meters.count["worker_events_skipped", self._worker] += passed.amount
        _say.warning(
            "a worker was away for too long: there is a gap", worker=self._worker, events=passed.amount, within=window_s
        )
        for number in passed.numbers:
            self.cursor.advance(number, since_ms)

    def _confirm(self) -> None:
        if not self._confirming and self.cursor.waits:
            self._confirming = True
            self._means.nursery.start(f"confirmations of {self._worker}", self._confirmed())

    async def _confirmed(self) -> None:
        """An answer to a ping comes when everything before it was read."""
        try:
            while self.cursor.waits:
                sent, events = self.cursor.sent.copy(), self.cursor.sent_events
                if not await self._probed(TAKES_S):
                    return
                self.cursor.confirm(sent, events)
        finally:
            self._confirming = False

    async def _save(self) -> None:
        if self._follows and self.tells:
            try:
                await self.cursor.save()
            except StoreClosed as error:
                _say.warning("how far a worker is cannot be kept", worker=self._worker, reason=error.text())

    # --- signs of life ---

    async def _look(self) -> None:
        """Tell of each bot that is here for the first time."""
        if not self.tells:
            return
        for row in self._means.bots.rows():
            if row.id not in self._greeted and row.health.state in ONLINE and self.serves(row.id):
                await self._greet(row.id)

    async def _greet(self, bot: BotId) -> None:
        number = self._greeted[bot] = await self._frames.number(bot)
        await self.socket.send(write_lifecycle(self_id=number, time_s=self._means.clock.wall_ms() // 1000))

    async def _beat(self) -> None:
        means = self._means
        due = means.clock.monotonic() + BEAT_S
        try:
            while True:
                await means.clock.sleep(LOOK_S)
                await self._look()
                await self._save()
                if means.clock.monotonic() >= due:
                    due = means.clock.monotonic() + BEAT_S
                    await self._heartbeats()
        except (EOFError, ConnectionError):
            return

    async def _heartbeats(self) -> None:
        now_s, interval_ms = self._means.clock.wall_ms() // 1000, int(BEAT_S * 1000)
        for bot, number in [each for each in self._greeted.items() if self.serves(each[0])]:
            online = self._means.reachable(bot)
            beat = write_heartbeat(self_id=number, time_s=now_s, interval_ms=interval_ms, online=online)
            await self.socket.send(beat)

    # --- calls ---

    def _hear(self, frame: bytes) -> None:
        if self.role == "event":
            return  # nothing is said on it
        self._calls += 1
        self._call_bytes += len(frame)
        if self._busy():
            self.socket.pause_while(self._busy)
        self._means.nursery.start(f"call of {self._worker}", self._answer(frame))

    def _busy(self) -> bool:
        return self._calls >= MOST_CALLS or self._call_bytes >= MOST_CALL_BYTES

    async def _answer(self, frame: bytes) -> None:
        try:
            await self.socket.send(await self._clerk.answer(frame, self.only))
        except (EOFError, ConnectionError):
            return  # nobody is there to hear it; what was done is in the log
        finally:
            self._calls -= 1
            self._call_bytes -= len(frame)
