from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.errors import NotFound, UsageError
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.workers import Drain, ListWorkers, Resume, WeighWorker
from kagami.ports import Parts, PluginRow, WorkerRow
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
