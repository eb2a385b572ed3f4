"""Values between the ledger and the database."""

from __future__ import annotations

from kagami.ports import StorePut
from kagami.storage.batch import Batch
from kagami.storage.store import SqlStore
from kagami.storage.unwritten import Unwritten
from tests.storage.make import event, trace


def test_a_value_is_seen_until_its_batch_is_written() -> None:
    values, batch = Unwritten(), Batch(1)
    values.put(batch, StorePut("p", "k", "1"))
    assert values.has("p", "k")
    assert values.value("p", "k") == "1"
    values.written(batch)
    assert not values.has("p", "k")


def test_a_later_batch_s_value_outlives_the_earlier_one() -> None:
    values, one, other = Unwritten(), Batch(1), Batch(2)
    values.put(one, StorePut("p", "k", "1"))
    values.put(other, StorePut("p", "k", "2"))
    values.written(one)
    assert values.value("p", "k") == "2"


def test_a_removed_value_is_known_as_removed() -> None:
    values = Unwritten()
    values.put(Batch(1), StorePut("p", "k", None))
    assert values.has("p", "k")
    assert values.of("p", "") == {"k": None}


def test_plugins_and_prefixes_are_kept_apart() -> None:
    values, batch = Unwritten(), Batch(1)
    for plugin, key in (("p", "a:1"), ("p", "b:1"), ("q", "a:2")):
        values.put(batch, StorePut(plugin, key, "x"))
    assert set(values.of("p", "a:")) == {"a:1"}


async def test_what_one_event_writes_the_next_one_reads(store: SqlStore) -> None:
    await store.put_many([StorePut("p", "old", "0"), StorePut("p", "gone", "0")])
    store.ledger.finish(
        trace(event()),
        attempts=1,
        effects=[StorePut("p", "k", "1"), StorePut("p", "old", "2"), StorePut("p", "gone", None)],
    )
    assert await store.get("p", "k") == "1"
    assert await store.get("p", "gone") is None
    assert await store.keys("p", "") == ["k", "old"]
    assert await store.items("p") == {"k": "1", "old": "2"}
    await store.ledger.flush()
    assert await store.items("p") == {"k": "1", "old": "2"}
    assert not store.ledger.unwritten.of("p", "")
