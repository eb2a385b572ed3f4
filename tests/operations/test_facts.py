from __future__ import annotations

from typing import Any

import pytest

from kagami.operations.facts import StagedFacts
from tests.operations.conftest import AuditStore


@pytest.fixture
def facts() -> StagedFacts:
    kept: Any = AuditStore()
    kept.kept = {("@rules", "1"): '"old"', ("@rules", "2"): '"two"', ("@other", "1"): '"else"'}
    return StagedFacts(kept)


async def test_a_kept_value_is_read(facts: StagedFacts) -> None:
    assert await facts.get("@rules", "1") == '"old"'


async def test_a_staged_value_hides_the_kept_one(facts: StagedFacts) -> None:
    facts.put("@rules", "1", '"new"')
    assert await facts.get("@rules", "1") == '"new"'


async def test_a_staged_deletion_is_seen(facts: StagedFacts) -> None:
    facts.put("@rules", "1", None)
    assert await facts.items("@rules") == {"2": '"two"'}


async def test_items_are_in_the_order_of_their_keys(facts: StagedFacts) -> None:
    facts.put("@rules", "0", '"first"')
    assert list(await facts.items("@rules")) == ["0", "1", "2"]


async def test_items_can_be_asked_by_the_beginning_of_their_keys(facts: StagedFacts) -> None:
    facts.put("@rules", "x1", '"x"')
    assert await facts.items("@rules", "x") == {"x1": '"x"'}


async def test_writes_are_what_was_staged_last(facts: StagedFacts) -> None:
    facts.put("@rules", "1", '"a"')
    facts.put("@rules", "1", '"b"')
    assert [(each.plugin, each.key, each.value) for each in facts.writes] == [("@rules", "1", '"b"')]


async def test_listeners_are_told_in_order(facts: StagedFacts) -> None:
    heard: list[str] = []

    async def first() -> None:
        heard.append("first")

    async def second() -> None:
        heard.append("second")

    facts.then(first)
    facts.then(second)
    await facts.tell()
    assert heard == ["first", "second"]
