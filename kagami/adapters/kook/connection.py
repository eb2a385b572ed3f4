"""One connection to the gateway: frames in, pings out, every event acknowledged when it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.kook import wire
from kagami.adapters.kook.codec import read
from kagami.adapters.kook.session import Heard, Leave, Ready, Session
from kagami.errors import CredentialsRefused, KagamiError, RowRefused, WireError
from kagami.net.link import Again
from kagami.ports import Intake, Socket

# Events that are on their way to the disk; no more are read from the network while there are as many.
MOST_COMING = 256
HEALTHY_SECONDS = 60.0
LEAVING = 1000

Save = Callable[[], Awaitable[int]]


class Connection:
    """`save` keeps where the session stands and returns the number that is kept: no higher one is acknowledged, so that
    the next run can go on from it. `taking` has the events on their way to the disk, which outlive the connection: one
    that comes again meanwhile waits for the first.
    """

    def __init__(
        self,
        socket: Socket,
        session: Session,
        account: Account,
        intake: Intake,
        kit: Kit,
        *,
        save: Save,
        taking: set[asyncio.Task[bool]],
    ) -> None:
        self._socket = socket
        self._session = session
        self._account = account
        self._intake = intake
        self._kit = kit
        self._save = save
        self._coming: asyncio.Queue[tuple[Ready, asyncio.Task[bool] | None]] = asyncio.Queue()
        self._taking = taking
        self._opened = kit.clock.monotonic()
        self._resuming = session.resuming

    async def run(self) -> None:
        """Until it ends: `EOFError`, `Again` when the next one is due at once, `CredentialsRefused`."""
        self._session.opened(self._opened)
        name = self._account.id
        beside = [
            self._kit.nursery.start(f"pings of {name}", self._beat()),
            self._kit.nursery.start(f"acknowledgements of {name}", self._settle()),
            self._kit.nursery.start(f"watch {name}", self._account.watch()),
        ]
        try:
            while True:
                await self._hear(await self._socket.receive())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _hear(self, raw: bytes) -> None:
        now = self._kit.clock.monotonic()
        self._account.heard()
        try:
            heard = self._session.take(wire.read(raw), now)
        except WireError as error:
            self._account.complain(error.text(), raw)
            return
        await self._obey(heard, now)

    async def _obey(self, heard: Heard, now: float) -> None:
        for ready in heard.ready:
            self._take(ready, now)
        if heard.leave is not None:
            self._leave(heard.leave)
        if heard.rtt:
            self._account.heard(1000 * heard.rtt)
        if heard.joined:
            await self._save()
            self._account.tell("online", peer=self._socket.peer)
        if heard.ping:
            await self._ping()
        if self._crowded():
            self._socket.pause_while(self._crowded)

    def _leave(self, leave: Leave) -> None:
        if leave.way == "refused":
            reason = f"{leave.reason}; set bots.token to the one of the developers' page"
            raise CredentialsRefused(peer="KOOK", reason=reason)
        if leave.way == "resume":
            raise EOFError(leave.reason)
        self._session.forget()
        if self._resuming or self._kit.clock.monotonic() - self._opened >= HEALTHY_SECONDS:
            raise Again
        raise EOFError(leave.reason)

    # --- events ---

    def _crowded(self) -> bool:
        return self._coming.qsize() >= MOST_COMING or self._intake.crowded

    def _take(self, ready: Ready, read_at: float) -> None:
        """Begun at once and in order; on disk when it has ended."""
        task = None
        now_ms = self._kit.clock.wall_ms()
        try:
            event = read(ready.d, self._account.id, execution=self._kit.execution, now_ms=now_ms)
        except WireError as error:
            self._account.complain(error.text(), bytes(ready.d))
            event = None
        if event is not None:
            task = self._kit.nursery.start(f"event of {self._account.id}", self._account.take(event, read_at))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)
        self._coming.put_nowait((ready, task))

    async def _settle(self) -> None:
        """Count each event as done when all before it are, and it is on disk."""
        while True:
            ready, task = await self._coming.get()
            try:
                if task is not None:
                    await asyncio.shield(task)  # it goes on when this connection ends
            except RowRefused as error:  # it would be refused again
                self._account.complain(error.text(), bytes(ready.d))
            except KagamiError as error:
                await self._socket.close(LEAVING, f"an event was not kept: {error.text()}"[:100])
                return
            self._session.done = ready.sn

    # --- signs of life ---

    async def _beat(self) -> None:
        """Ping when it is due, and close a connection on which nobody answers."""
        clock = self._kit.clock
        while True:
            await clock.sleep(max(0.0, self._session.due - clock.monotonic()))
            due = self._session.look(clock.monotonic())
            if isinstance(due, Leave):
                if due.way == "anew":
                    self._session.forget()
                await self._socket.close(LEAVING, due.reason)
                return
            if due == "ping":
                try:
                    await self._ping()
                except (EOFError, ConnectionError):
                    return  # the reader hears of it too

    async def _ping(self) -> None:
        done = await self._save()
        self._session.pinged(self._kit.clock.monotonic())
        await self._socket.send(wire.ping(done))
