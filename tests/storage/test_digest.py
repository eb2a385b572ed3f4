from __future__ import annotations

import asyncio

from kagami.meters import Meters
from kagami.storage.digest import Digest, chat_rows, gram_rows
from kagami.storage.engine import Engine, Params
from kagami.storage.ledger import BatchLedger
from kagami.storage.store import SqlStore
from tests.storage.make import START_MS, event


def line(number: int, text: str, chat: str = "group:1", name: str = "") -> list[object]:
    return [number, "qq:1", chat, "42", text, name, 1_000 + number, None]


def test_chats_are_summed_up_with_their_last_line() -> None:
    lines = [line(1, "a", name="room"), line(2, "b", "group:2"), line(3, "x" * 300)]
    assert chat_rows(lines) == [
        ["qq:1", "group:1", "room", 3, 1_003, "x" * 200, None, 2],
        ["qq:1", "group:2", "", 2, 1_002, "b", None, 1],
    ]


async def test_a_line_without_text_is_not_indexed() -> None:
    rows = await gram_rows([line(1, ""), line(2, "b")])
    assert [row[0] for row in rows] == [2]


async def test_it_goes_on_where_it_was(engine: Engine, meters: Meters) -> None:
    await put(engine, meters, 5)
    first, second = (Digest(engine, asyncio.Lock()) for _ in range(2))
    assert (await first.step(3), await second.step(3), await second.step(3)) == (3, 2, 0)


async def put(engine: Engine, meters: Meters, count: int) -> None:
    ledger = BatchLedger(engine, meters, 0)
    for number in range(count):
        ledger.accept(event(str(number)), START_MS)
    await ledger.flush()


async def test_what_another_process_has_read_is_not_added_again(engine: Engine, meters: Meters) -> None:
    await put(engine, meters, 4)
    first, late = Digest(engine, asyncio.Lock()), Digest(engine, asyncio.Lock())
    late.digested = 0
    assert (await first.step(3), await late.step(2)) == (3, 2)
    assert (await late.step(2), await first.step(2)) == (1, 1)
    ((*_, messages, last),) = await engine.fetch("chats", {"active_since_ms": 0, "contains": "", "most": 9})
    assert (messages, last) == (4, 4)


async def test_a_new_message_is_indexed_in_the_background(store: SqlStore) -> None:
    await store.ledger.accept(event("hello"), START_MS)
    async with asyncio.timeout(10):
        while await store._engine.fetch("digested") != [[store.ledger.newest]]:
            await asyncio.sleep(0.01)
    hits: Params = {"expression": '"x" OR "0"*', "before": 9, "most": 9, "bot": "", "chat": "", "user": ""}
    assert len(await store._engine.fetch("hits", hits)) == 1
