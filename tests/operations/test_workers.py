from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import pytest

from kagami.core.scopes import ROLES
from kagami.errors import Denied, NotFound, UsageError
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.workers import (
    AddWorker,
    Drain,
    EditWorker,
    ListWorkers,
    RemoveWorker,
    Resume,
    WeighWorker,
    WorkerConnection,
    WorkerForm,
)
from kagami.ports import Applied, BotKind, Connection, Parts, PluginRow, WorkerRow
from tests.operations.conftest import AuditStore
from tests.operations.desks import Crossing, Plugins


class Desk:
    def __init__(self, make: Callable[..., Parts]) -> None:
        self.store = AuditStore()
        self.crossing = Crossing(self.store)
        plugins = Plugins(PluginRow("echo", "1.0.0", "Echo", "active"))
        self.parts = make(store=self.store, routing=self.crossing, plugins=plugins)

    async def call(self, request: msgspec.Struct) -> Any:
        return await registry().call(self.parts, CONSOLE, request)


@pytest.fixture
def desk(make_parts: Callable[..., Parts]) -> Desk:
    return Desk(make_parts)


async def test_the_plugin_host_stands_first(desk: Desk) -> None:
    assert await desk.call(ListWorkers()) == [WorkerRow("plugins", "live"), WorkerRow("w", "live", "pool", 2.0)]


async def test_what_is_decided_is_kept_and_read_again(desk: Desk) -> None:
    await desk.call(Drain(worker="w"))
    await desk.call(WeighWorker(worker="w", weight=0.5))
    assert desk.store.kept == {("@workers", "worker:w"): '{"weight":0.5,"drained":true}'}
    assert desk.crossing.reads == 2


async def test_what_is_as_it_was_is_not_kept(desk: Desk) -> None:
    await desk.call(Drain(worker="w"))
    await desk.call(Resume(worker="w"))
    assert desk.store.kept == {}


async def test_one_that_was_never_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="worker"):
        await desk.call(Drain(worker="x"))


async def test_the_plugin_host_cannot_be_drained(desk: Desk) -> None:
    with pytest.raises(UsageError, match="part of Kagami"):
        await desk.call(Drain(worker="plugins"))


class Tables:
    """Implements `ports.Applications`: remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def kind(self) -> BotKind:
        return BotKind("onebot11", [], ("name",))

    async def add(self, who: Principal, keys: Mapping[str, Any]) -> Applied:
        return self._tell("add", who.name, dict(keys))

    async def edit(self, who: Principal, worker: str, keys: Mapping[str, Any]) -> Applied:
        return self._tell("edit", who.name, worker, dict(keys))

    async def remove(self, who: Principal, worker: str) -> Applied:
        return self._tell("remove", who.name, worker)

    def connection(self, worker: str) -> Connection:
        return Connection(f"ws://{worker}/", "word")

    def _tell(self, *told: Any) -> Applied:
        self.told.append(told)
        return Applied(1, [], "v")


async def test_applications_are_added_changed_and_removed(make_parts: Callable[..., Parts]) -> None:
    tables = Tables()
    parts = make_parts(applications=tables)
    requests = (
        AddWorker(name="w", keys={"pool": "p"}),
        EditWorker(worker="w", url="ws://a"),
        EditWorker(worker="w", keys={"enabled": None}),
        RemoveWorker(worker="w"),
    )
    for request in requests:
        await registry().call(parts, CONSOLE, request)
    assert tables.told == [
        ("add", CONSOLE.name, {"name": "w", "pool": "p"}),
        ("edit", CONSOLE.name, "w", {"url": "ws://a"}),
        ("edit", CONSOLE.name, "w", {"enabled": None}),
        ("remove", CONSOLE.name, "w"),
    ]
    assert await registry().call(parts, CONSOLE, WorkerForm()) == tables.kind()
    with pytest.raises(UsageError, match="what shall be changed"):
        await registry().call(parts, CONSOLE, EditWorker(worker="w"))


async def test_who_may_change_workers_does_not_learn_their_tokens(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(applications=Tables())
    assert await registry().call(parts, CONSOLE, WorkerConnection(worker="w")) == Connection("ws://w/", "word")
    operator = Principal("person", "olga", ROLES["operator"])
    with pytest.raises(Denied, match="workers:secret"):
        await registry().call(parts, operator, WorkerConnection(worker="w"))
    assert "word" not in str(cast("AuditStore", parts.store).audits)


async def test_a_chat_is_told_no_token(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(applications=Tables())
    with pytest.raises(UsageError, match="not for chats"):
        await registry().call(parts, Principal("chat", "qq:1", frozenset({"*"})), WorkerConnection(worker="w"))
