"""People over a real store, with a clock that stands still and passwords that cost nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import fields
from typing import Any

import msgspec
import pytest

from kagami.core.secrets import Secret
from kagami.meters import Meters
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.people import Add
from kagami.people.desk import PeopleDesk
from kagami.people.passwords import Cost, Passwords
from kagami.ports import Parts
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock

SECRET = Secret("n9Vt2KqLr8xWc4Zb7YhJm3Pd6Sf1GaEu")
PASSWORD = "seven purple geese"
CHEAP = Cost(1, 8)
ADDRESS = "192.0.2.7"

Do = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(clock: FakeClock) -> AsyncIterator[SqlStore]:
    async with open_store(":memory:", clock=clock, meters=Meters()) as opened:
        yield opened


def make_desk(store: SqlStore, clock: FakeClock, *signing: Secret) -> PeopleDesk:
    return PeopleDesk(store, clock, signing=signing or (SECRET,), passwords=Passwords(CHEAP))


@pytest.fixture
async def desk(store: SqlStore, clock: FakeClock) -> PeopleDesk:
    return make_desk(store, clock)


@pytest.fixture
def do(desk: PeopleDesk, store: SqlStore, clock: FakeClock) -> Do:
    """Call an operation, as the console when nobody else is named."""
    return caller(desk, store, clock)


def caller(desk: PeopleDesk, store: SqlStore, clock: FakeClock) -> Do:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(Parts))
    parts = Parts(**given | {"store": store, "clock": clock, "people": desk})
    operations = registry()

    async def call(request: msgspec.Struct, who: Principal = CONSOLE) -> Any:
        return await operations.call(parts, who, request)

    return call


@pytest.fixture
async def alice(do: Do) -> str:
    """The name of somebody who may do everything."""
    await do(Add(name="alice", role="admin", password=PASSWORD))
    return "alice"
