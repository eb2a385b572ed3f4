"""Hints through streams of a Redis: one stream a topic, read by one process at a time, emptied by reading.

No group of consumers and no cap on the length: the truth is elsewhere, and a cap drops what nobody has read yet. A
stream that nobody reads is not filled any further instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence

import msgspec
from redis.exceptions import ResponseError

from kagami import log
from kagami.meters import Meters
from kagami.state.line import Line, pauses
from kagami.state.queue import Bounded
from kagami.state.trouble import ERRORS
from kagami.state.wire import Command, Wire, pack

QUEUE = 10_000
# Of hints that come one by one, some are sent, and read, at once.
GATHER_S = 0.001
BATCH = 2_000
ENTRY_HINTS = 16
# Entries of a stream that nobody reads; its length is asked for each time that so many were added.
STREAM_ENTRIES, LOOK_EVERY = 50_000, 1_000
LOOK_AGAIN_S = 1.0
# A stream of a process that comes never more goes by itself.
UNHEARD_S = 86_400
READ = 100
BLOCK_MS = 2_000
READ_ANSWER_S = BLOCK_MS / 1000 + 2.5
NO_TOPICS_S = 0.1
LAST_ANSWERS_S = 0.5
_FIELD = "h"
_log = log.get("state")


class RedisBus:
    """Implements `ports.Bus`. `run` sends what is posted."""

    def __init__(self, line: Line, meters: Meters) -> None:
        self._line = line
        self._meters = meters
        self._waiting: Bounded[tuple[str, str]] = Bounded(QUEUE, meters, "hints")
        self._rooms: dict[str, _Room] = {}

    @property
    def healthy(self) -> bool:
        return self._line.healthy

    @property
    def trouble(self) -> str:
        return self._line.trouble

    def post(self, topic: str, hints: Sequence[str]) -> None:
        self._waiting.put((topic, hint) for hint in hints)

    async def run(self) -> None:
        """Send until cancelled. What was sent and not answered is not sent again: rather lost than doubled."""
        wire = self._line.wire()
        try:
            while True:
                await self._waiting.some()
                await self._line.risen()
                await asyncio.sleep(GATHER_S)
                await self._send(wire, self._waiting.pop(BATCH))
        finally:
            await wire.close()

    async def _send(self, wire: Wire, hints: Sequence[tuple[str, str]]) -> None:
        topics: dict[str, list[str]] = {}
        for topic, hint in hints:
            topics.setdefault(topic, []).append(hint)
        commands = [command for topic, posted in topics.items() for command in self._commands(topic, posted)]
        try:
            answers = await self._line.used(wire.ask(commands))
        except ERRORS:
            self._lost("hints", len(hints))
            await wire.close()
            return
        for command, answer in zip(commands, answers, strict=True):
            if isinstance(answer, ResponseError):
                self._lost("hints", _count(command))
                self._line.doubt(answer)
            elif command[0] == "XLEN":
                self._rooms[str(command[1])].measure(answer)

    def _commands(self, topic: str, hints: Sequence[str]) -> Iterator[Command]:
        key = self._line.key(topic)
        room = self._rooms.setdefault(key, _Room())
        entries = [hints[at : at + ENTRY_HINTS] for at in range(0, len(hints), ENTRY_HINTS)]
        if room.left > 0:
            room.left -= len(entries)
            yield from (("XADD", key, "*", _FIELD, msgspec.json.encode(entry)) for entry in entries)
        else:
            self._lost("unheard hints", len(hints))
        if room.left <= 0 and asyncio.get_running_loop().time() >= room.look_at:
            yield "XLEN", key
            yield "EXPIRE", key, UNHEARD_S

    def _lost(self, why: str, hints: int) -> None:
        self._meters.count["state_lost", why] += hints

    async def hear(self, topics: Callable[[], Collection[str]]) -> AsyncGenerator[tuple[str, list[str]], None]:
        line, backoff = self._line, pauses()
        ear, generation = Ear(line), line.generation
        try:
            while not line.closed:
                wanted = topics()
                if generation != line.generation:
                    generation = line.generation
                    await ear.close()
                if not wanted:
                    await asyncio.sleep(NO_TOPICS_S)
                    continue
                try:
                    heard = await line.used(ear.listen(wanted))
                except ERRORS:
                    await ear.close()
                    await line.again(generation, backoff)
                    continue
                backoff.lived(0.0)
                for topic, hints in heard:
                    yield topic, hints
                await asyncio.sleep(GATHER_S)
        finally:
            await ear.end()


class _Room:
    """How much may still go into a stream."""

    __slots__ = ("left", "look_at")

    def __init__(self) -> None:
        self.left = 1
        self.look_at = 0.0

    def measure(self, entries: int) -> None:
        self.left = max(0, min(LOOK_EVERY, STREAM_ENTRIES - entries))
        self.look_at = 0.0 if self.left else asyncio.get_running_loop().time() + LOOK_AGAIN_S


class Ear:
    """One reader's connection. What it has read it deletes at once, and learns of that with its next question.

    So whatever is in a stream was not read yet, and it always reads from the beginning: a server whose clock went back,
    or another server after a failover, loses it nothing.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._wire = line.wire(READ_ANSWER_S)
        self._names: dict[bytes, str] = {}
        self._question = b""
        self._deleting: list[tuple[str, list[bytes]]] = []
        # Entries that were read, and that may be there still: of an earlier connection, too.
        self._unsure: dict[str, set[bytes]] = {}

    async def listen(self, topics: Collection[str]) -> list[tuple[str, list[str]]]:
        """What is there now or within 2 s."""
        names = {self._line.key(topic).encode(): topic for topic in topics}
        if names != self._names:
            self._names = names
            question: Command = ("XREAD", "COUNT", READ, "BLOCK", BLOCK_MS, "STREAMS", *names, *(["0"] * len(names)))
            self._question = pack([question])
        await self._wire.send(self._question)
        await self._deleted()
        answer = await self._wire.answer()
        if isinstance(answer, ResponseError):
            raise answer
        heard = [(names[key], entries) for key, entries in answer or ()]
        hints = [(topic, list(self._new(topic, entries))) for topic, entries in heard]
        await self._delete([(topic, [at for at, _ in entries]) for topic, entries in heard])
        return [(topic, new) for topic, new in hints if new]

    async def end(self) -> None:
        """Close when what was read is deleted, so that the next reader does not get it again."""
        try:
            async with asyncio.timeout(LAST_ANSWERS_S):
                await self._deleted()
        except ERRORS as error:
            _log.debug("a reader ends without an answer", redis=self._line.named, reason=type(error).__name__)
        await self.close()

    async def close(self) -> None:
        self._deleting = []
        await self._wire.close()

    async def _delete(self, read: Sequence[tuple[str, list[bytes]]]) -> None:
        self._deleting = list(read)
        for topic, entries in read:
            self._unsure.setdefault(topic, set()).update(entries)
        if not read:
            return
        sent = False
        try:
            await self._wire.send([("XDEL", self._line.key(topic), *entries) for topic, entries in read])
            sent = True
        finally:
            for topic, entries in () if sent else read:  # nobody gets them from this reading
                self._unsure[topic].difference_update(entries)

    async def _deleted(self) -> None:
        while self._deleting:
            answer = await self._wire.answer()
            topic, entries = self._deleting.pop(0)
            if isinstance(answer, ResponseError):
                raise answer
            self._unsure[topic].difference_update(entries)

    def _new(self, topic: str, entries: Sequence[tuple[bytes, Sequence[bytes]]]) -> Iterator[str]:
        unsure = self._unsure.get(topic, ())
        for at, fields in entries:
            if at not in unsure:
                yield from _hints(fields)


def _hints(fields: Sequence[bytes]) -> Sequence[str]:
    try:
        return msgspec.json.decode(fields[1], type=list[str])
    except (msgspec.DecodeError, IndexError):
        _log.warning("an entry that is none of ours is in a stream of hints")
        return ()


def _count(command: Command) -> int:
    entry = command[-1]
    return len(msgspec.json.decode(entry)) if isinstance(entry, bytes) else 0
