"""Workers at their posts: which of them is there, how quick it is, and which chats it holds.

What a chat was given to is staged with the event that it was given for, so that it stays there after a restart.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple
from zlib import crc32

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.numbers import is_of
from kagami.core.pools import Member, Pace, Seat, seat
from kagami.core.routing import DROP, PLUGIN, PLUGINS
from kagami.model.event import Event
from kagami.ports import Elsewhere, Execution, Handled, Store, StorePut, Worker, WorkerRow, WorkerWish
from kagami.ports.routing import SEAT, WISH, WORKERS

# A worker that fails is not quick, however soon it does.
FAILED_S = 5.0
MOST_SEATS = 100_000
_log = log.get("hub")


class Post:
    """One worker, measured. Implements what the pipeline needs of whoever handles an event."""

    def __init__(self, worker: Worker, clock: Clock) -> None:
        self.worker = worker
        self.wish = WorkerWish()
        self.busy = self.handled = self.failed = 0
        self.pace = Pace()
        self._clock = clock
        self._since: float | None = None

    @property
    def live(self) -> bool:
        """Whether it takes events now. Also sees when it came and went."""
        if not self.worker.live or self.wish.drained:
            self._since = None
            return False
        if self._since is None:
            self._since = self._clock.monotonic()
        return True

    @property
    def weight(self) -> float:
        return self.worker.weight if self.wish.weight is None else self.wish.weight

    def member(self, now: float) -> Member:
        return Member(self.worker.name, self.pace.seconds(now), self.weight, self._since or 0.0)

    async def handle(self, execution: Execution) -> Handled:
        began = self._clock.monotonic()
        self.busy += 1
        took_least = FAILED_S
        try:
            handled = await self.worker.handle(execution)
            took_least = 0.0
            self.handled += 1
        finally:
            self.busy -= 1
            self.failed += bool(took_least)
            now = self._clock.monotonic()
            if took_least or not self.worker.tells_pace:
                self.pace.note(max(now - began, took_least), now)
        return handled


class SeatKey(NamedTuple):
    pool: str
    bot: str
    chat: str

    @property
    def key(self) -> str:
        return f"{SEAT}{self.pool}|{self.bot}|{self.chat}"


class Workers:
    """All that are or were connected, by name, and the seats of the pools' chats.

    `elsewhere` are those that rules can lead events to, at other processes; `gone` says of a slot that its process is
    not there any more, which may be known before the list is new.
    """

    def __init__(self, store: Store, clock: Clock, chance: Callable[[], float] = random.random) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self.posts: dict[str, Post] = {}
        self._seats: dict[SeatKey, Seat] = {}
        self._wishes: dict[str, WorkerWish] = {}
        self.elsewhere: tuple[Elsewhere, ...] = ()
        self.gone: Callable[[int], bool] = lambda _: False

    async def open(self) -> None:
        """Read who holds which chat, and what operators decided."""
        now = self._clock.monotonic()
        for key, text in (await self._store.items(WORKERS, SEAT)).items():
            pool, _, place = key.removeprefix(SEAT).partition("|")
            bot, _, chat = place.partition("|")
            try:
                name, home = msgspec.json.decode(text, type=tuple[str, str])
            except msgspec.DecodeError:
                _log.warning("a chat's worker cannot be read", key=key)
                continue
            self._put(SeatKey(pool, bot, chat), Seat(name, home, now, now))
        await self.read()

    async def read(self) -> None:
        """Read again what operators decided."""
        found: dict[str, WorkerWish] = {}
        for key, text in (await self._store.items(WORKERS, WISH)).items():
            try:
                found[key.removeprefix(WISH)] = msgspec.json.decode(text, type=WorkerWish)
            except msgspec.DecodeError:
                _log.warning("what was decided about a worker cannot be read", key=key)
        self._wishes = found
        for name, post in self.posts.items():
            post.wish = found.get(name, WorkerWish())

    def attach(self, worker: Worker) -> None:
        """It is here (again); what was measured of the one before it with its name stays."""
        if worker.name in (PLUGINS, DROP) or worker.name.startswith(PLUGIN):
            raise ValueError(f"{worker.name} cannot be a worker's name")
        post = self.posts.get(worker.name)
        if post is None:
            post = self.posts[worker.name] = Post(worker, self._clock)
            post.wish = self._wishes.get(worker.name, WorkerWish())
        post.worker = worker

    def detach(self, worker: Worker) -> None:
        """This very worker is gone for good; a newer one with its name stays."""
        if (post := self.posts.get(worker.name)) is not None and post.worker is worker:
            del self.posts[worker.name]

    def note(self, worker: str, seconds: float) -> None:
        """One that tells its pace by itself took so long to answer."""
        if (post := self.posts.get(worker)) is not None:
            post.pace.note(seconds, self._clock.monotonic())

    def drained(self, worker: str) -> bool:
        """Whether an operator wants it to get no events."""
        post = self.posts.get(worker)
        return post is not None and post.wish.drained

    def live(self, target: str) -> bool:
        """Whether somebody with this name, or in this pool, takes events of any chat."""
        return any(target in self.posts or post.weight > 0 for post in self._members(target))

    def reached(self, target: str) -> bool:
        """The same, wherever they are connected."""
        return self.live(target) or any(_is(target, each.row) and not self.gone(each.slot) for each in self.elsewhere)

    def slot(self, target: str, event: Event, mine: int) -> int | None:
        """The process at which somebody takes an event; of a pool whoever holds its chat, else always the same."""
        found = {each.row.name: each.slot for each in self._there(target, event)}
        alone = target in self.posts
        found |= {post.worker.name: mine for post in self._members(target) if alone or post.worker.takes(event)}
        held = self._seats.get(SeatKey(target, event.bot, event.chat))
        if held is not None and held.name in found:
            return found[held.name]
        place = f"{event.bot}|{event.chat}"
        chosen = max(found, key=lambda name: crc32(f"{name}|{place}".encode()), default=None)
        return None if chosen is None else found[chosen]

    def _there(self, target: str, event: Event) -> list[Elsewhere]:
        """All processes have the same tables; a rule that names a worker goes before its filter."""
        posts, found = self.posts, [each for each in self.elsewhere if _is(target, each.row)]
        known = [(each, posts[each.row.name].worker if each.row.name in posts else None) for each in found]
        return [
            each
            for each, worker in known
            if not self.gone(each.slot)
            and (each.row.name == target or ((worker is None or worker.admits(event)) and _is_for(event, each.row)))
        ]

    def choose(self, target: str, execution: Execution) -> Post | None:
        """Who gets an event; in a pool whoever holds its chat. A new choice is kept together with the event."""
        if target in self.posts:
            return self.posts[target] if self.posts[target].live else None
        event, now = execution.event, self._clock.monotonic()
        key = SeatKey(target, event.bot, event.chat)
        before = self._seats.get(key)
        members = [post.member(now) for post in self._members(target) if post.worker.takes(event)]
        chosen = seat(before, members, now, self._chance())
        if chosen is None:
            return None
        for gone in self._put(key, chosen):
            execution.stage(StorePut(WORKERS, gone.key, None))
        if before is None or (before.name, before.home) != (chosen.name, chosen.home):
            kept = msgspec.json.encode((chosen.name, chosen.home)).decode()
            execution.stage(StorePut(WORKERS, key.key, kept))
        return self.posts[chosen.name]

    def candidates(self, target: str, event: Event) -> list[str]:
        """Who would get an event: the one that holds its chat, else all that could."""
        alone = target in self.posts  # a rule names it, and goes before its filter
        members = [post for post in self._members(target) if alone or post.worker.takes(event)]
        held = self._seats.get(SeatKey(target, event.bot, event.chat))
        holder = [post.worker.name for post in members if held and held.name == post.worker.name]
        here = [post.worker.name for post in members if alone or post.weight > 0]
        return holder or here or [each.row.name for each in self._there(target, event)]

    def rows(self) -> list[WorkerRow]:
        """Each once: where it is connected."""
        there = {each.row.name: each.row for each in self.elsewhere}
        return [there.get(row.name, row) if row.state == "away" else row for row in self.own_rows()]

    def own_rows(self) -> list[WorkerRow]:
        now = self._clock.monotonic()
        chats = Counter(held.name for held in self._seats.values())
        return [
            WorkerRow(
                name,
                "drained" if post.wish.drained else "live" if post.live else "away",
                post.worker.pool,
                post.weight,
                chats[name],
                post.busy,
                post.handled,
                post.failed,
                post.pace.seconds(now) * 1000,
                post.worker.feed(),
            )
            for name, post in sorted(self.posts.items())
        ]

    def _members(self, target: str) -> list[Post]:
        alone = self.posts.get(target)
        if alone is not None:
            return [alone] if alone.live else []
        return [post for post in self.posts.values() if post.worker.pool == target and post.live]

    def _put(self, key: SeatKey, taken: Seat) -> list[SeatKey]:
        """Keep it; those that are forgotten for it."""
        self._seats.pop(key, None)
        self._seats[key] = taken  # the one that was used last is the last
        gone = list(islice(self._seats, max(0, len(self._seats) - MOST_SEATS)))
        for each in gone:
            del self._seats[each]
        return gone


def _is(target: str, row: WorkerRow) -> bool:
    return row.name == target or (row.pool == target and row.weight > 0)


def _is_for(event: Event, row: WorkerRow) -> bool:
    """Whether one of its connections is for the account."""
    return row.feed is None or any(not only or is_of(event.bot, only) for only, _ in row.feed.since)
