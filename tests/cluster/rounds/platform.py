"""Two platforms in a process of their own, which outlives Kagami's: `python -m tests.cluster.rounds.platform`.

The first line of standard input is a `World`, the first of standard output its `Place`. Then each line in is an order,
`say`, `tell` or `ready`, and is answered by a line when it is done. Everything given and heard goes into the world's
file. One platform is OneBot 11 over reverse WebSocket, which cannot give anything again; the other a Bot API of
Telegram, which keeps updates until they are confirmed.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import uvloop

from tests.cluster.rounds.lines import Given, Heard, Line
from tests.cluster.rounds.onebot import OneBotAccount
from tests.cluster.rounds.telegram import open_telegram_side

TICK_S, FLUSH_S = 0.01, 0.1
QUIET_S, TOLD_AGAIN_S = 2.0, 5.0
LOOKS = 16


class World(msgspec.Struct):
    """`urls` are the gateways, which accounts are spread over and go round in. `chats` counts those of an account.

    At most `open_each` messages of a conversation are unanswered at a time.
    """

    file: str
    seed: int
    urls: list[str]
    token: str
    accounts: int = 4
    chats: int = 50
    telegram_chats: int = 50
    open_each: int = 16
    slow: float = 0.05
    reconnect_s: float = 1.0


class Place(msgspec.Struct):
    telegram: str


class Order(msgspec.Struct):
    """`say` so many `events` at a `rate`; `tell`: have the probe write down every conversation; wait until `ready`."""

    do: str
    events: int = 0
    rate: float = 0.0
    seconds: float = 0.0


class Done(msgspec.Struct):
    said: int = 0
    left: int = 0
    seconds: float = 0.0


class Speaker(Protocol):
    """An account. `give` says whether the platform could give the text away."""

    redelivers: bool

    @property
    def ready(self) -> bool: ...

    def give(self, chat: int, text: str) -> bool: ...


@dataclass(slots=True)
class Talk:
    """One conversation: the newest number that was given, the newest that was answered."""

    name: str
    speaker: Speaker
    chat: int
    given: int = 0
    answered: int = 0
    told: bool = False


class Platform:
    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(world.seed)  # noqa: S311 (it must replay)
        self._file = Path(world.file).open("ab", buffering=1 << 20)  # noqa: SIM115 - open as long as the process
        self._encode = msgspec.json.Encoder().encode
        self._talks: list[Talk] = []
        self._named: dict[str, Talk] = {}
        self._heard_at = 0.0

    def add(self, prefix: str, speaker: Speaker, chats: int) -> None:
        for chat in range(chats):
            talk = Talk(f"{prefix}.{chat}", speaker, chat)
            self._talks.append(talk)
            self._named[talk.name] = talk

    def forget(self, speaker: Speaker) -> None:
        """An account connects anew: what it gave before may have been lost with its connection."""
        for talk in self._talks:
            if talk.speaker is speaker:
                talk.answered = talk.given

    def hear(self, text: str) -> None:
        """An answer arrived: `re <conversation> <number> <execution> <attempt> <node>` or `told <conversation>`."""
        self._heard_at = time.time()
        word, conversation, *rest = text.split()
        talk = self._named[conversation]
        if word == "told":
            talk.told = True
            return
        number, execution, attempt, node = rest
        talk.answered = max(talk.answered, int(number))
        self._note(Heard(conversation, int(number), execution, int(attempt), node, self._heard_at))

    async def ready(self, seconds: float) -> Done:
        async with asyncio.timeout(seconds):
            while not all(talk.speaker.ready for talk in self._talks):
                await asyncio.sleep(TICK_S)
        return Done()

    async def say(self, events: int, rate: float, seconds: float) -> Done:
        """So many messages, evenly; what no conversation has room for comes later, up to `seconds` in all."""
        began, said = time.monotonic(), 0
        while said < events and (passed := time.monotonic() - began) < seconds:
            due = min(events, int(passed * rate) + 1) - said
            said += sum(self._one() for _ in range(due))
            await asyncio.sleep(TICK_S)
        return Done(said=said, seconds=time.monotonic() - began)

    async def tell(self, seconds: float) -> Done:
        """When it has become quiet, ask for every conversation's end. It comes behind all that was said in it."""
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while time.time() - self._heard_at < QUIET_S or any(
                    talk.answered < talk.given for talk in self._sure()
                ):
                    await asyncio.sleep(TICK_S)
        await self._ask_all(began + seconds)
        return Done(left=sum(not talk.told for talk in self._talks), seconds=time.monotonic() - began)

    async def _ask_all(self, until: float) -> None:
        while (left := [talk for talk in self._talks if not talk.told]) and time.monotonic() < until:
            for talk in left:
                if talk.speaker.ready:
                    talk.speaker.give(talk.chat, f"/tell {talk.name}")
                    await asyncio.sleep(0.002)
            asked = time.monotonic()
            while time.monotonic() - asked < TOLD_AGAIN_S and not all(talk.told for talk in left):
                await asyncio.sleep(TICK_S)

    def _sure(self) -> Iterator[Talk]:
        return (talk for talk in self._talks if talk.speaker.redelivers)

    def _one(self) -> bool:
        for _ in range(LOOKS):
            talk = self._chance.choice(self._talks)
            if talk.speaker.ready and talk.given - talk.answered < self._world.open_each:
                number = talk.given + 1
                at = time.time()
                if talk.speaker.give(talk.chat, f"/probe {talk.name} {number}"):
                    talk.given = number
                    self._note(Given(talk.name, number, at, talk.speaker.redelivers))
                    return True
        return False

    def _note(self, line: Line) -> None:
        self._file.write(self._encode(line) + b"\n")

    async def flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            self._file.flush()

    def close(self) -> None:
        self._file.close()


async def obey(platform: Platform, order: Order) -> Done:
    match order.do:
        case "ready":
            return await platform.ready(order.seconds)
        case "say":
            return await platform.say(order.events, order.rate, order.seconds)
        case _:
            return await platform.tell(order.seconds)


async def lines_in() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def answer(line: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


async def main() -> None:
    orders = await lines_in()
    world = msgspec.json.decode(await orders.readline(), type=World)
    platform = Platform(world)
    chance = random.Random(world.seed + 1)  # noqa: S311 (it must replay)
    async with AsyncExitStack() as stack:
        stack.callback(platform.close)
        telegram = await stack.enter_async_context(open_telegram_side(platform.hear, world.telegram_chats))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(platform.flush())]
        for number in range(world.accounts):
            account = OneBotAccount(10_000_001 + number, world.urls, world.token, platform.hear, chance, world.slow)
            account.start_at = number
            platform.add(f"o{number}", account, world.chats)
            tasks.append(group.create_task(account.run(world.reconnect_s, forget(platform, account))))
        platform.add("t", telegram, world.telegram_chats)
        answer(Place(telegram.url))
        while line := await orders.readline():
            answer(await obey(platform, msgspec.json.decode(line, type=Order)))
        for task in tasks:
            task.cancel()


def forget(platform: Platform, account: Speaker) -> Callable[[], Any]:
    return lambda: platform.forget(account)


if __name__ == "__main__":
    uvloop.run(main())
