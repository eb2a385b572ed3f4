from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kagami.errors import Denied, NotFound, Refused
from kagami.model.ids import BotId
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.cluster import Drain, ListNodes
from kagami.operations.facts import StagedFacts
from kagami.ports import BotHealth, BotRow, NodeRow, NodeState, Parts, Role
from tests.operations.conftest import AuditStore

PATIENCE_S = 15.0


def node(name: str, role: Role = "all", seen_s: float = 1.0, **state: Any) -> NodeRow:
    return NodeRow(name, role, 0, seen_s, NodeState(**state))


class Processes:
    """Those that a test names."""

    patience_s = PATIENCE_S

    def __init__(self, *rows: NodeRow) -> None:
        self.found = list(rows)
        self.reads = 0

    def rows(self) -> list[NodeRow]:
        return self.found

    async def read(self) -> None:
        self.reads += 1


class Desk:
    def __init__(self, make: Callable[..., Parts]) -> None:
        self.store = AuditStore()
        self.processes = Processes(node("gate", "gateway"), node("one", "worker"), node("two", "worker"))
        self.parts = make(store=self.store, cluster=self.processes)

    async def call(self, request: msgspec.Struct, who: Principal = CONSOLE) -> Any:
        facts: Any = StagedFacts(self.store)  # type: ignore[arg-type]
        return await registry().call(replace(self.parts, facts=facts), who, request)


@pytest.fixture
def desk(make_parts: Callable[..., Parts]) -> Desk:
    return Desk(make_parts)


async def test_a_process_is_told_with_what_it_has(desk: Desk) -> None:
    bots = (
        BotRow(BotId("qq:1"), "a", "onebot11", BotHealth("online")),
        BotRow(BotId("qq:2"), "b", "onebot11", BotHealth("backoff")),
    )
    desk.processes.found = [node("one", parts=(1, 5), bots=bots, waiting=3, oldest_s=1.24, redis="it hangs up")]
    (row,) = await desk.call(ListNodes())
    assert (row.node, row.state, row.partitions, row.accounts, row.waiting) == ("one", "serving", 2, 1, 3)
    assert (row.lag_s, row.redis) == (1.2, "it hangs up")


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (node("one"), "serving"),
        (node("one", leaving=True), "leaving"),
        (node("one", seen_s=PATIENCE_S + 1, leaving=True), "gone"),
    ],
)
async def test_a_process_serves_or_leaves_or_is_gone(desk: Desk, row: NodeRow, state: str) -> None:
    desk.processes.found = [row]
    assert [each.state for each in await desk.call(ListNodes())] == [state]


async def test_who_is_drained_is_kept_and_read_at_once(desk: Desk) -> None:
    await desk.call(Drain(node="one"))
    assert desk.store.kept == {("@drained", "one"): "true"}
    assert desk.processes.reads == 1


async def test_the_answer_shows_what_was_decided(desk: Desk) -> None:
    desk.processes.found.append(node("three", "worker", leaving=True))
    drained = {each.node: each.state for each in await desk.call(Drain(node="one"))}
    assert drained == {"gate": "serving", "one": "leaving", "two": "serving", "three": "leaving"}
    again = {each.node: each.state for each in await desk.call(Drain(node="three", on=False))}
    assert again == {"gate": "serving", "one": "serving", "two": "serving", "three": "serving"}


async def test_one_that_is_gone_stays_gone(desk: Desk) -> None:
    desk.processes.found.append(node("three", "worker", seen_s=PATIENCE_S + 1))
    assert [each.state for each in await desk.call(Drain(node="three", on=False))][-1] == "gone"


async def test_who_serves_again_is_not_kept_any_more(desk: Desk) -> None:
    await desk.call(Drain(node="one"))
    await desk.call(Drain(node="one", on=False))
    assert not desk.store.kept


async def test_nobody_is_drained_whose_partitions_nobody_could_take(desk: Desk) -> None:
    gone = node("two", "worker", seen_s=PATIENCE_S + 1)
    desk.processes.found = [node("gate", "gateway"), node("one", "worker"), gone]
    with pytest.raises(Refused):
        await desk.call(Drain(node="one"))
    assert not desk.store.kept


async def test_a_gateway_is_drained_while_another_could_have_its_accounts(desk: Desk) -> None:
    desk.processes.found.append(node("other", "gateway"))
    await desk.call(Drain(node="gate"))
    assert desk.store.kept == {("@drained", "gate"): "true"}


async def test_the_last_gateway_is_not_drained(desk: Desk) -> None:
    with pytest.raises(Refused):
        await desk.call(Drain(node="gate"))


async def test_a_process_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.call(Drain(node="nobody"))


async def test_who_only_reads_sees_them_and_drains_none(desk: Desk) -> None:
    reader = Principal("person", "ann", frozenset({"*:read"}))
    assert len(await desk.call(ListNodes(), reader)) == 3
    with pytest.raises(Denied):
        await desk.call(Drain(node="one"), reader)
