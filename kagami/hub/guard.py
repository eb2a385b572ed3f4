"""What is kept out before anybody sees it: the guard lists, floods, and bots that answer each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.guard import Caught, GuardEntry, Lists
from kagami.core.limits import Buckets
from kagami.core.loops import Loops
from kagami.core.scopes import identity
from kagami.hub.config import LimitsConfig
from kagami.hub.execution import Execution, Stop
from kagami.hub.tally import Tally
from kagami.i18n import Translate, mark
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.model.message import text
from kagami.ports import Bots, Handled, Store
from kagami.ports import Buckets as SharedBuckets
from kagami.ports import Execution as PortExecution
from kagami.ports.guard import GUARD

# A warning in one conversation, and a notice about one line, at most once a minute.
QUIET_PER_S = 1 / 60
_log = log.get("hub")

# Level, kind, text, fields: as of `ports.Notice`.
Tell = Callable[..., None]


class Warner:
    """Answers whoever said what is not wanted, in place of a worker."""

    live = True

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    async def handle(self, execution: PortExecution) -> Handled:
        event = execution.event
        await execution.perform(Send(event.bot, event.chat, text(self._translate(mark("That is not wanted here.")))))
        return Handled("", "guarded")


class Guard:
    """Implements `ports.GuardDesk`. `lists` is None while they are empty."""

    def __init__(
        self,
        store: Store,
        bots: Bots,
        loops: Loops,
        *,
        limits: LimitsConfig,
        admins: Collection[str],
        clock: Clock,
        tell: Tell,
        translate: Translate = str,
    ) -> None:
        self._store = store
        self._bots = bots
        self._loops = loops
        self._clock = clock
        self._tell = tell
        self._shared: SharedBuckets | None = None
        self._telling = asyncio.Event()
        self.configure(limits, admins)
        self._warnings = Buckets(QUIET_PER_S, 1)
        self._notices = Buckets(QUIET_PER_S, 1)
        self.lists: Lists | None = None
        self.warner = Warner(translate)

    def configure(self, limits: LimitsConfig, admins: Collection[str]) -> None:
        """Go on with other settings; what was counted is forgotten."""
        self._admins = frozenset(admins)
        self._users = Buckets(limits.user_per_minute / 60, limits.user_per_minute)
        self._chats = Buckets(limits.chat_per_minute / 60, limits.chat_per_minute)
        self._limits = limits
        self.share(self._shared)

    def share(self, buckets: SharedBuckets | None) -> None:
        """Count a user's messages with other processes, from now on; with None alone. A chat is at one of them only."""
        self._shared, burst = buckets, self._limits.user_per_minute
        self._tally = Tally(self._users, buckets, "user", burst, self._clock) if buckets and burst else None
        self._telling.set()

    async def run(self) -> None:
        """Tell the others, until cancelled."""
        while True:
            self._telling.clear()
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tally.run()) if self._tally else None
                await self._telling.wait()
                if telling is not None:
                    telling.cancel()

    async def read(self) -> None:
        """Read the lists again."""
        found = []
        for key, line in (await self._store.items(GUARD)).items():
            try:
                found.append(msgspec.json.decode(line, type=GuardEntry))
            except msgspec.DecodeError as error:
                _log.error("a line of the guard lists cannot be read", key=key, reason=str(error))
        self.use(found)

    def use(self, entries: Sequence[GuardEntry]) -> None:
        """From the next event on."""
        self.lists = Lists(entries) if entries else None

    @property
    def entries(self) -> Sequence[GuardEntry]:
        return self.lists.entries if self.lists else ()

    def judge(self, event: Event) -> Caught | None:
        if self.lists is None or event.kind == "schedule" or identity(event) in self._admins:
            return None
        return self.lists.judge(event, self._clock.wall_ms())

    def check(self, execution: Execution) -> Stop | None:
        """Why an event goes no further; None, mostly, when it does."""
        if self.lists is not None and (caught := self.judge(execution.event)) is not None:
            return self._caught(caught, execution.event)
        return execution.stop

    def limit(self, event: Event) -> Stop | None:
        """Count a message that has just come, and say whether it is one of a flood or of a loop.

        To be asked once for each: what is taken up again must not be lost for having had to wait. What the lists keep
        out counts for nothing.
        """
        if event.kind != "message" or self.judge(event) is not None:
            return None
        who = identity(event)
        if who == event.bot:
            return Stop("guarded", "its own message")
        return self._flooded(event, who) if who not in self._admins else None

    def _flooded(self, event: Event, who: str) -> Stop | None:
        now, chat, loops = self._clock.monotonic(), (event.bot, event.chat), self._loops
        if not self._users.take(who, now):
            return Stop("limited", "flood of a user")
        if self._tally is not None:
            self._tally.count(who)
        if not self._chats.take(chat, now):
            return Stop("limited", "flood in a chat")
        if self._bots.get(BotId(who)) is not None or (loops.last(chat) and loops.echoes(chat, event.text)):
            looped = loops.caught(event.session, now)
        else:
            looped = loops.broken and loops.silent(event.session, now)
        return Stop("guarded", "a loop of bots") if looped else None

    def _caught(self, caught: Caught, event: Event) -> Stop:
        now, action = self._clock.monotonic(), caught.entry.action
        if action == "tell" and self._notices.take(caught.entry.key, now):
            what = mark("The guard kept a message of {user} out of {chat}: {reason}")
            self._tell("warning", "guard", what, user=identity(event), chat=event.chat, reason=caught.reason)
        warns = action == "warn" and event.kind == "message" and self._warnings.take(event.session, now)
        return Stop("guarded", caught.reason, warns)
