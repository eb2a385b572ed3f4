from __future__ import annotations

import pytest

from kagami.ports.staging import Staging
from kagami.ports.store import StorePut


@pytest.fixture
def staging() -> Staging:
    made = Staging()
    made.stage(StorePut("trips", "a", "1"))
    made.stage(StorePut("words", "a", "2"))
    return made


def test_a_plugin_sees_what_it_staged_and_nothing_of_others(staging: Staging) -> None:
    assert staging.staged("trips") == {"a": "1"}


def test_a_later_value_of_a_key_takes_the_place_of_the_earlier(staging: Staging) -> None:
    staging.stage(StorePut("trips", "a", None))
    assert staging.effects == (StorePut("trips", "a", None), StorePut("words", "a", "2"))


def test_what_came_after_a_savepoint_can_be_forgotten(staging: Staging) -> None:
    before = staging.effects
    forget = staging.savepoint()
    staging.stage(StorePut("trips", "b", "3"))
    forget()
    assert staging.effects == before
