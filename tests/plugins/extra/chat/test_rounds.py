from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from kagami.plugins.extra.chat.rounds import Rounds
from kagami.plugins.scope import start


class Table:
    """Rounds whose answers wait until they are `let`."""

    def __init__(self) -> None:
        self.rounds = Rounds(self.answer)
        self.answered: list[list[str]] = []
        self.let = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.most = self._now = 0

    async def answer(self, asked: list[str]) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        await self.let.wait()
        self._now -= 1
        if asked == ["bad"]:
            raise ValueError("bad")
        self.answered.append(asked)

    def ask(self, what: str) -> None:
        self.rounds.ask(what, self.start)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(start("rounds", work))

    async def end(self) -> None:
        self.let.set()
        await asyncio.gather(*self.tasks)


async def test_one_who_asks_is_answered() -> None:
    table = Table()
    table.ask("a")
    await table.end()
    assert table.answered == [["a"]]
    assert table.rounds.idle


async def test_who_asks_meanwhile_shares_one_round() -> None:
    table = Table()
    table.ask("a")
    await asyncio.sleep(0)
    for what in "bcd":
        table.ask(what)
    assert not table.rounds.idle
    await table.end()
    assert table.answered == [["a"], ["b", "c", "d"]]
    assert (table.most, len(table.tasks)) == (1, 1)


async def test_after_a_failure_the_next_is_answered_again() -> None:
    table = Table()
    table.ask("bad")
    with pytest.raises(ValueError, match="bad"):
        await table.end()
    table.ask("b")
    await table.tasks[-1]
    assert table.answered == [["b"]]


async def test_after_being_cancelled_it_is_idle() -> None:
    table = Table()
    table.ask("a")
    await asyncio.sleep(0)
    table.tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await table.tasks[0]
    assert table.rounds.idle
