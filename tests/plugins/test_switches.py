from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.plugins.switches import Switches
from kagami.testing.chat import MemoryValues

HERE, THERE = ("qq:1", "group:1"), ("qq:1", "group:2")


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


async def opened(values: MemoryValues) -> Switches:
    switches = Switches(values)
    await switches.open()
    return switches


async def test_everything_is_on_at_first(values: MemoryValues) -> None:
    switches = await opened(values)
    assert not switches.is_off("a", *HERE)


async def test_off_in_one_chat_is_on_in_others(values: MemoryValues) -> None:
    switches = await opened(values)
    await switches.set("a", *HERE, on=False)
    assert switches.is_off("a", *HERE)
    assert not switches.is_off("a", *THERE)
    assert not switches.is_off("b", *HERE)


async def test_off_everywhere_is_off_in_each_chat(values: MemoryValues) -> None:
    switches = await opened(values)
    await switches.set("a", "", "", on=False)
    assert switches.is_off("a", *HERE)
    assert switches.is_off_everywhere("a")


async def test_on_everywhere_leaves_single_chats_off(values: MemoryValues) -> None:
    switches = await opened(values)
    for place in (HERE, ("", "")):
        await switches.set("a", *place, on=False)
    await switches.set("a", "", "", on=True)
    assert [switches.is_off("a", *place) for place in (HERE, THERE)] == [True, False]


async def test_single_chats_are_counted(values: MemoryValues) -> None:
    switches = await opened(values)
    for place in (HERE, THERE, ("", "")):
        await switches.set("a", *place, on=False)
    assert (switches.count("a"), switches.count("b")) == (2, 0)


async def test_a_restart_changes_nothing(values: MemoryValues) -> None:
    switches = await opened(values)
    await switches.set("a", *HERE, on=False)
    await switches.set("b", "", "", on=False)
    again = await opened(values)
    assert again.is_off("a", *HERE)
    assert not again.is_off("a", *THERE)
    assert again.is_off("b", *THERE)


async def test_what_is_on_again_leaves_nothing_behind(values: MemoryValues) -> None:
    switches = await opened(values)
    await switches.set("a", *HERE, on=False)
    await switches.set("a", *HERE, on=True)
    assert (switches.is_off("a", *HERE), values.kept) == (False, {})


@pytest.mark.parametrize("place", [("qq:1", ""), ("", "group:1")])
async def test_half_a_place_is_refused(values: MemoryValues, place: tuple[str, str]) -> None:
    switches = await opened(values)
    with pytest.raises(UsageError, match="neither"):
        await switches.set("a", *place, on=False)


async def test_turning_on_what_is_on_is_no_error(values: MemoryValues) -> None:
    switches = await opened(values)
    await switches.set("a", *HERE, on=True)
    assert not switches.is_off("a", *HERE)
