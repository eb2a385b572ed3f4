from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kagami.errors import LoadError
from kagami.plugins.plugin import Declared
from kagami.plugins.state import BATCH, FACTS, Merged, merge, namespace, prepare
from kagami.ports import StorePut
from kagami.testing.chat import MemoryValues


def doubled(key: str, value: Any) -> tuple[str, Any] | None:
    return None if key == "gone" else (f"new:{key}", value * 2)


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
def declared() -> Declared:
    return Declared(upgrades={1: doubled})


async def put(values: MemoryValues, where: str, **texts: str | None) -> None:
    await values.put_many([StorePut(where, key, text) for key, text in texts.items()])


@pytest.mark.parametrize(("state", "name"), [(1, "book"), (2, "book#2")])
def test_each_state_has_a_place_of_its_own(state: int, name: str) -> None:
    assert namespace("book", state) == name


async def test_the_first_state_needs_nothing(values: MemoryValues) -> None:
    assert await prepare(values, "book", Declared(), 1) == 0
    assert not values.kept


async def test_values_are_copied_through_the_upgrade(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", a="1", gone="2")
    await prepare(values, "book", declared, 2)
    assert await values.items("book#2") == {"new:a": "2"}
    assert await values.items("book") == {"a": "1", "gone": "2"}


async def test_states_are_gone_through_in_order_from_the_nearest(values: MemoryValues) -> None:
    steps: dict[int, Callable[[str, Any], tuple[str, Any] | None]] = {
        2: lambda key, value: (key, [*value, 3]),
        3: lambda key, value: (key, [*value, 4]),
        1: lambda key, value: (key, [value, 2]),
    }
    await put(values, "book", a="1")
    await prepare(values, "book", Declared(upgrades=steps), 2)
    await put(values, "book#2", a="[9]")
    await prepare(values, "book", Declared(upgrades=steps), 4)
    assert await values.items("book#4") == {"a": "[9,3,4]"}


async def test_a_state_is_made_once(values: MemoryValues, declared: Declared) -> None:
    await prepare(values, "book", declared, 2)
    await put(values, "book", a="1")
    await prepare(values, "book", declared, 2)
    assert await values.items("book#2") == {}


async def test_a_copy_that_was_cut_off_is_made_anew(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", a="1")
    await put(values, "book#2", half="0")
    await prepare(values, "book", declared, 2)
    assert await values.items("book#2") == {"new:a": "2"}


async def test_an_upgrade_that_fails_leaves_nothing_and_names_the_key(values: MemoryValues) -> None:
    def fails(key: str, value: Any) -> tuple[str, Any]:
        if key == "b":
            raise ValueError("odd")
        return key, value

    await put(values, "book", a="1", b="2")
    before = dict(values.kept)
    with pytest.raises(LoadError, match=r"2\.0\.0 .*the upgrade of 'b' failed: ValueError: odd"):
        await prepare(values, "book", Declared(upgrades={1: fails}), 2, version="2.0.0")
    assert values.kept == before


@pytest.mark.parametrize("made", [5, ("a",), (1, 2)])
async def test_an_upgrade_has_to_return_a_key_and_a_value(values: MemoryValues, made: Any) -> None:
    await put(values, "book", a="1")
    with pytest.raises(LoadError, match="the upgrade of 'a' failed"):
        await prepare(values, "book", Declared(upgrades={1: lambda *_: made}), 2)


async def test_values_without_an_upgrade_are_refused(values: MemoryValues) -> None:
    await put(values, "book", a="1")
    with pytest.raises(LoadError, match="there is no upgrade from state 1"):
        await prepare(values, "book", Declared(), 2)


async def test_many_values_are_written_in_parts(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", **{f"k{number}": "1" for number in range(BATCH + 1)})
    assert await prepare(values, "book", declared, 2) == BATCH + 1
    assert len(await values.keys("book#2", "")) == BATCH + 1


async def test_what_the_older_state_changed_meanwhile_is_taken_over(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", same="1", changed="1", deleted="1", mine="1", both="1")
    await prepare(values, "book", declared, 2)
    await put(values, "book", changed="5", deleted=None, new="3", both="4")
    await put(values, "book#2", **{"new:mine": "0", "new:both": "0"})
    assert await merge(values, "book", declared, 2) == Merged(taken=3, kept=1)
    assert await values.items("book#2") == {
        "new:both": "0",
        "new:changed": "10",
        "new:mine": "0",
        "new:new": "6",
        "new:same": "2",
    }


async def test_a_second_merge_has_nothing_to_do(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", a="1", b="1")
    await prepare(values, "book", declared, 2)
    await put(values, "book", a="2", b=None, gone="3")
    await merge(values, "book", declared, 2)
    assert await merge(values, "book", declared, 2) == Merged(taken=0, kept=0)


async def test_a_state_that_was_never_made_takes_over_nothing(values: MemoryValues, declared: Declared) -> None:
    await put(values, "book", a="1")
    assert await merge(values, "book", declared, 2) == Merged(0, 0)
    assert not await values.items(FACTS)
