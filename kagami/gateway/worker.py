"""An application outside, as the house sees it: `ports.Worker` over however many connections it has."""

from __future__ import annotations

from kagami import log
from kagami.core.handshake import Role
from kagami.core.newest import Newest
from kagami.errors import Unavailable
from kagami.gateway.clerk import Clerk
from kagami.gateway.cursor import Cursor
from kagami.gateway.line import LATE_S, POLICY, Line
from kagami.gateway.means import Means
from kagami.gateway.table import WorkerTable
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, execution_ms
from kagami.ports import Execution, FeedRow, Handled, Socket

# What is said later than this is no answer to what was heard.
ANSWER_S = 10.0
RESTARTING = 1012
TRY_LATER = 1013
# Each has tasks and a cursor of its own.
MOST_LINES = 256

_say = log.get("workers")


class OutsideWorker:
    """Implements `ports.Worker`. Lives as long as its table; connections come and go."""

    tells_pace = True

    def __init__(self, table: WorkerTable, means: Means) -> None:
        self.table = table
        self.reason = "waiting for it to connect"
        self._means = means
        self._clerk = Clerk(table.name, table.admission, means, self._spoke)
        self._lines: dict[Line, None] = {}
        self._asked: Newest[tuple[BotId, ChatId], float] = Newest(2_000)
        self._cursors: Newest[str, Cursor] = Newest(MOST_LINES)
        self._late = self._skipped = 0

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def pool(self) -> str:
        return self.table.pool

    @property
    def weight(self) -> float:
        return self.table.weight

    @property
    def live(self) -> bool:
        return self.table.enabled and any(line.tells for line in self._lines)

    def configure(self, table: WorkerTable) -> None:
        """Go on with another table of the same connection."""
        self.table = table
        self._clerk.admission = table.admission

    def holder(self, role: Role, only: str) -> Line | None:
        """Who takes the events that a new connection wants too."""
        if role == "api" or self.pool:
            return None
        return next((line for line in self._lines if line.tells and line.only == only), None)

    async def serve(self, socket: Socket, role: Role, only: str) -> None:
        """Speak with it on this connection until that ends (`EOFError`)."""
        if len(self._lines) >= MOST_LINES:
            await socket.close(TRY_LATER, f"{MOST_LINES} connections are open already")
            raise EOFError("too many connections")
        self._supersede(role, only)
        line = Line(
            self.name,
            socket,
            role,
            self._clerk,
            self._means,
            only=only,
            follows=not self.pool,
            before=self._cursors.get(only),
        )
        self._lines[line] = None
        if line.tells:
            self._cursors[only] = line.cursor
        self.reason = ""
        _say.info("a worker is here", worker=self.name, peer=socket.peer, role=role, bot=only)
        self._means.changed()
        try:
            await line.run(late_s=self.table.late_seconds)
        finally:
            del self._lines[line]
            self._late, self._skipped = self._late + line.late, self._skipped + line.skipped
            if not self._lines:
                self.reason = "it has left"
            self._means.changed()
            _say.info("a worker is gone", worker=self.name, peer=socket.peer)

    def _supersede(self, role: Role, only: str) -> None:
        """Of two that came at once the later one stays: events go out once."""
        before = self.holder(role, only)
        if before is not None:
            self._means.nursery.start(
                f"close a former connection of {self.name}", before.socket.close(POLICY, "another connection took over")
            )

    async def close(self, reason: str, code: int = RESTARTING) -> None:
        for line in list(self._lines):
            await line.socket.close(code, reason)

    def admits(self, event: Event) -> bool:
        """Whether its table lets it see an event."""
        return self.table.enabled and self._clerk.admission.serves(event.bot) and self._clerk.admission.passes(event)

    def give_way(self, only: str, since_ms: int) -> None:
        """It is connected for the same events elsewhere, since then: what came before that is closed."""
        before = [line for line in self._lines if line.tells and line.only == only and line.since_ms < since_ms]
        for line in before:
            self._means.nursery.start(
                f"close a former connection of {self.name}", line.socket.close(POLICY, "another connection took over")
            )

    def takes(self, event: Event) -> bool:
        """Whether its table lets it see an event, and a connection is there for its account."""
        here = any(line.tells and line.serves(event.bot) for line in self._lines)
        return here and self._clerk.admission.passes(event)

    async def handle(self, execution: Execution) -> Handled:
        """A rule has led an event here. A mirror gets it in its turn with all others."""
        event = execution.event
        if not self.pool and self._clerk.admission.passes(event):
            return Handled(self.name, "handled")
        line = next((line for line in self._lines if line.tells and line.serves(event.bot)), None)
        if line is None:
            raise Unavailable(what=f"the worker {self.name}", reason="no connection of it is for this bot")
        accepted_ms, now_ms = execution_ms(event.execution), self._means.clock.wall_ms()
        old_s = (now_ms - accepted_ms) / 1000
        self._means.places.met(event, accepted_ms)
        if event.kind == "message" and self._asked.get((event.bot, event.chat)) is None:
            self._asked[event.bot, event.chat] = self._means.clock.monotonic()
        await line.deliver(event, old_s if old_s >= LATE_S else 0.0)
        execution.mark("worker", self.name)
        return Handled(self.name, "handled")

    def feed(self) -> FeedRow:
        lines = list(self._lines)
        last = max(lines, key=lambda line: line.behind_s, default=None)
        furthest = max((each.taken.highest for each in self._cursors), default=0)
        return FeedRow(
            "out" if self.table.url else "in",
            tuple(line.socket.peer for line in lines),
            self.reason if self.table.enabled else "paused by an operator",
            last.cursor.taken.highest if last else furthest,
            last.behind_s if last else 0.0,
            self._late + sum(line.late for line in lines),
            self._skipped + sum(line.skipped for line in lines),
            tuple((line.only, line.since_ms) for line in lines if line.tells),
        )

    def _spoke(self, bot: BotId, chat: ChatId) -> None:
        """Its response time: from the first event of a chat that it has not answered yet to what it says there."""
        asked = self._asked.pop((bot, chat))
        if asked is None:
            return
        took = self._means.clock.monotonic() - asked
        if took <= ANSWER_S:
            self._means.posts.note(self.name, took)
