from __future__ import annotations

from kagami.model.ids import ExecutionId
from kagami.storage.batch import LISTS, Batch
from kagami.storage.queries import bundles, parameters


def filled() -> Batch:
    batch = Batch(7)
    batch.add("events", (1, "e1", "…"))
    batch.add("events", (2, "e2", "…"))
    batch.opened[ExecutionId("e1")] = ("e1", 1)
    batch.add("written", ("p", "k", None))
    batch.dropped += 1
    return batch


def test_its_lists_are_the_bundle_s() -> None:
    names = {name for sql in bundles()["batch"].values() for name in parameters(sql)}
    assert names == {*LISTS, "barrier"}


def test_empty_lists_are_left_out() -> None:
    assert set(filled().params()) == {"events", "opened", "written"}


def test_an_empty_batch_still_commits_something() -> None:
    assert (Batch(1).params(), Batch(1).expected) == ({"barrier": [(1,)]}, 1)


def test_it_expects_a_change_for_each_row() -> None:
    assert filled().expected == 2 + 1 + 1 + 1


def test_its_parts_are_the_whole() -> None:
    parts = [(dict(part.params()), part.expected) for part in filled().split()]
    assert parts == [
        ({"events": [(1, "e1", "…")], "opened": [("e1", 1)]}, 2),
        ({"events": [(2, "e2", "…")]}, 1),
        ({"written": [("p", "k", None)]}, 2),
    ]


def test_it_is_done_with_its_last_part() -> None:
    batch = filled()
    first, second, third = batch.split()
    first.stale.add(1)
    second.fail("no")
    assert [first.joined(), second.joined(), third.joined()] == [None, None, batch]
    assert (batch.stale, batch.failed) == ({1}, {2: "no"})
