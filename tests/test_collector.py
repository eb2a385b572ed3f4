from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kagami import collector


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_start_is_hardly_ever_interrupted() -> None:
    collector.wait()
    assert gc.get_threshold()[0] == 200_000


def test_what_has_started_is_looked_through_sooner_than_a_start() -> None:
    collector.wait()
    collector.run_seldom()
    assert 0 < gc.get_threshold()[0] < 200_000


def test_what_does_not_say_when_it_has_started_is_collected_as_python_does() -> None:
    collector.run_as_usual()
    usual = gc.get_threshold()
    collector.wait()
    collector.run_as_usual()
    assert gc.get_threshold() == usual
