"""The simulation behind the capacity page: partitions are neither lost nor held twice, whoever comes and goes."""

from __future__ import annotations

import random

import pytest

from bench.capacity import Workers, lines, loads, spreads
from kagami.core.partition import PARTITIONS, fair_share


@pytest.mark.parametrize("seed", range(5))
def test_every_partition_has_one_worker_and_none_more_than_its_share(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (it must replay)
    workers = Workers(chance)
    for _ in range(200):
        if len(workers.held) > 1 and chance.random() < 0.5:
            workers.leave()
        elif len(workers.held) < 40:
            workers.join()
        assert sorted(part for each in workers.held for part in each) == list(range(PARTITIONS))
        assert max(map(len, workers.held)) <= fair_share(PARTITIONS, len(workers.held))


def test_a_worker_that_leaves_moves_only_what_it_had() -> None:
    workers = Workers(random.Random(1))  # noqa: S311 (it must replay)
    for _ in range(3):
        workers.join()
    before = [set(each) for each in workers.held]
    moved = workers.leave()
    assert moved in map(len, before)
    assert sum(any(each <= after for after in workers.held) for each in before) == 3


def test_the_traffic_of_all_partitions_is_the_whole() -> None:
    load = loads(1_000, 1.0, random.Random(3))  # noqa: S311 (it must replay)
    assert sum(load) == pytest.approx(1)
    assert all(0 < spread.busiest <= 1.000_001 for spread in spreads(load, random.Random(3)))  # noqa: S311


def test_a_seed_replays() -> None:
    assert list(lines(500, 5)) == list(lines(500, 5))
