from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.core.guard import MOST_PATTERNS, GuardEntry
from kagami.errors import NotFound, UsageError
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.guard import (
    HOUR_MS,
    AddGuard,
    Checked,
    CheckGuard,
    GuardRow,
    ImportGuard,
    ListGuard,
    RemoveGuard,
)
from kagami.ports import Parts
from tests.operations.conftest import AuditStore
from tests.operations.desks import Door

NOW_MS = 1_764_000_000_000


class Desk:
    def __init__(self, make: Callable[..., Parts]) -> None:
        self.store = AuditStore()
        self.door = Door(self.store)
        self.parts = make(store=self.store, guard=self.door)

    async def call(self, request: msgspec.Struct) -> Any:
        return await registry().call(self.parts, CONSOLE, request)

    @property
    def values(self) -> set[str]:
        return {entry.value for entry in self.door.entries}


@pytest.fixture
def desk(make_parts: Callable[..., Parts]) -> Desk:
    return Desk(make_parts)


async def test_a_line_is_in_force_when_it_is_kept(desk: Desk) -> None:
    row = await desk.call(AddGuard(kind="link", value="https://Evil.com/x", action="tell", hours=2, note="spam"))
    assert row == GuardRow("link", "evil.com", action="tell", until_ms=NOW_MS + 2 * HOUR_MS, note="spam")
    assert desk.door.entries == [
        GuardEntry("link", "evil.com", action="tell", until_ms=NOW_MS + 2 * HOUR_MS, note="spam")
    ]


async def test_the_same_line_again_takes_the_place_of_the_first(desk: Desk) -> None:
    await desk.call(AddGuard(kind="word", value="bad"))
    await desk.call(AddGuard(kind="word", value="bad", action="warn"))
    assert [entry.action for entry in desk.door.entries] == ["warn"]


async def test_a_line_of_another_place_is_another_line(desk: Desk) -> None:
    await desk.call(AddGuard(kind="word", value="bad"))
    await desk.call(AddGuard(kind="word", value="bad", where="platform:qq"))
    await desk.call(RemoveGuard(kind="word", value="bad"))
    assert [entry.where for entry in desk.door.entries] == ["platform:qq"]


async def test_what_is_not_there_cannot_be_removed(desk: Desk) -> None:
    with pytest.raises(NotFound, match="bad"):
        await desk.call(RemoveGuard(kind="word", value="bad"))


async def test_lines_that_are_over_are_not_listed_and_go_with_the_next_change(desk: Desk) -> None:
    desk.door.entries = [GuardEntry("word", "old", until_ms=NOW_MS)]
    assert await desk.call(ListGuard()) == []
    await desk.call(AddGuard(kind="word", value="new"))
    assert desk.values == {"new"}


@pytest.mark.parametrize("value", ["(", "", "x" * 501])
async def test_what_cannot_be_a_line_is_refused_with_the_reason(desk: Desk, value: str) -> None:
    with pytest.raises(UsageError):
        await desk.call(AddGuard(kind="pattern", value=value))


async def test_lines_are_listed_by_kind_and_text(desk: Desk) -> None:
    desk.door.entries = [GuardEntry("word", "bad", note="Spam"), GuardEntry("user", "qq:1"), GuardEntry("word", "evil")]
    assert [row.value for row in await desk.call(ListGuard(kind="word"))] == ["bad", "evil"]
    assert [row.value for row in await desk.call(ListGuard(contains="spam"))] == ["bad"]


async def test_many_lines_are_imported_at_once(desk: Desk) -> None:
    await desk.call(AddGuard(kind="user", value="qq:1"))
    answer = await desk.call(ImportGuard(kind="user", lines="# ours\nqq:1\n\nqq:2 \nqq:2\nnobody\n"))
    assert (answer.added, answer.known, [line for line, _ in answer.refused]) == (1, 2, ["nobody"])
    assert desk.values == {"qq:1", "qq:2"}


async def test_a_word_with_a_hash_is_a_word(desk: Desk) -> None:
    await desk.call(ImportGuard(kind="word", lines="#topic"))
    assert desk.values == {"#topic"}


async def test_there_are_not_too_many_patterns(desk: Desk) -> None:
    lines = "\n".join(f"a{number}" for number in range(MOST_PATTERNS + 1))
    with pytest.raises(UsageError, match="patterns"):
        await desk.call(ImportGuard(kind="pattern", lines=lines))
    assert desk.values == set()


async def test_a_check_tells_what_would_happen(desk: Desk) -> None:
    await desk.call(AddGuard(kind="word", value="bad"))
    assert await desk.call(CheckGuard(text="so bad", user="qq:1")) == Checked(True, "word bad", GuardRow("word", "bad"))
    assert await desk.call(CheckGuard(text="so good", user="qq:1")) == Checked(False)
