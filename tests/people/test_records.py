from __future__ import annotations

import pytest

from kagami.people.records import EPOCH, FRESH_S, LAST, PEOPLE, SETUP_KEY, Person, Records, digest, text_of
from kagami.ports import StorePut
from kagami.storage.store import SqlStore
from kagami.testing.clock import FakeClock

ALICE = Person(name="alice", scopes=("*",), password="", epoch=1)


@pytest.fixture
def records(store: SqlStore, clock: FakeClock) -> Records:
    return Records(store, clock)


async def keep(store: SqlStore, person: Person) -> None:
    await store.put_many([StorePut(PEOPLE, person.name, text_of(person))])


async def test_what_is_kept_is_read(records: Records, store: SqlStore) -> None:
    await keep(store, ALICE)
    assert await records.person("alice") == ALICE


async def test_it_is_remembered_for_a_moment(records: Records, store: SqlStore, clock: FakeClock) -> None:
    await keep(store, ALICE)
    await records.person("alice")
    await store.put_many([StorePut(PEOPLE, "alice", None)])
    assert await records.person("alice") == ALICE
    await clock.advance(FRESH_S)
    assert await records.person("alice") is None


async def test_who_writes_forgets(records: Records, store: SqlStore) -> None:
    await keep(store, ALICE)
    await records.person("alice")
    await store.put_many([StorePut(PEOPLE, "alice", None)])
    await records.forget()
    assert await records.person("alice") is None


async def test_what_is_not_there_is_looked_for_each_time(records: Records, store: SqlStore) -> None:
    assert await records.person("alice") is None
    await keep(store, ALICE)
    assert await records.person("alice") == ALICE


async def test_past_the_memory(records: Records, store: SqlStore) -> None:
    await keep(store, ALICE)
    await records.person("alice")
    await store.put_many([StorePut(PEOPLE, "alice", None)])
    assert await records.person_now("alice") is None


async def test_rows_of_use_are_nobody(records: Records, store: SqlStore) -> None:
    await keep(store, ALICE)
    await store.put_many([StorePut(PEOPLE, f"{LAST}alice", "7"), StorePut(PEOPLE, SETUP_KEY, '"x"')])
    assert await records.people() == {ALICE: 7}
    assert await records.person_now(f"{LAST}alice") is None


async def test_the_generation_begins_with_nothing(records: Records, store: SqlStore, clock: FakeClock) -> None:
    assert await records.generation() == 0
    await store.put_many([StorePut(EPOCH, "tokens", "4")])
    await clock.advance(FRESH_S)
    assert await records.generation() == 4


@pytest.mark.parametrize(
    ("scopes", "role"), [(("*",), "admin"), (("*:read",), "viewer"), (("bots:read",), "custom"), ((), "custom")]
)
def test_a_role_is_known_by_its_scopes(scopes: tuple[str, ...], role: str) -> None:
    assert Person(name="x", scopes=scopes, password="", epoch=1).row(0).role == role


def test_half_of_a_pair_has_a_digest() -> None:
    assert digest("\ud800") != digest("")
