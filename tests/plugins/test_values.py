from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from kagami.errors import UsageError
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.values import LONGEST_KEY, PluginStore
from kagami.testing.chat import ChatExecution, MemoryValues, PluginChat, chat_with


class Trip(msgspec.Struct):
    city: str
    days: int


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
async def execution() -> AsyncIterator[ChatExecution]:
    plugin = Plugin()
    async with chat_with(plugin) as chat:
        yield await chat.says("hello")
        await chat.finished()


async def test_a_write_without_an_event_is_real_at_once(values: MemoryValues) -> None:
    store = PluginStore("book", values, None)
    await store.put("a", {"x": [1, "二"]})
    assert values.kept == {("book", "a"): '{"x":[1,"二"]}'}
    assert await store.get("a") == {"x": [1, "二"]}


async def test_a_staged_write_is_seen_by_its_own_reads_only(values: MemoryValues, execution: ChatExecution) -> None:
    store = PluginStore("book", values, execution)
    await store.put("a", 1)
    assert (await store.get("a"), values.kept) == (1, {})
    assert await PluginStore("other", values, execution).get("a") is None


async def test_a_staged_deletion_hides_what_is_kept(values: MemoryValues, execution: ChatExecution) -> None:
    await PluginStore("book", values, None).put("a", 1)
    store = PluginStore("book", values, execution)
    await store.delete("a")
    assert (await store.get("a", "nothing"), await store.keys()) == ("nothing", [])
    assert values.kept


async def test_keys_and_values_are_listed_by_prefix(values: MemoryValues, execution: ChatExecution) -> None:
    await PluginStore("book", values, None).put("trip:2", 2)
    store = PluginStore("book", values, execution)
    await store.put("trip:1", 1)
    await store.put("note", 0)
    assert await store.keys("trip:") == ["trip:1", "trip:2"]
    assert await store.list("trip:") == {"trip:1": 1, "trip:2": 2}


async def test_a_value_can_be_read_as_a_type(values: MemoryValues) -> None:
    store = PluginStore("book", values, None)
    await store.put("a", Trip("Oslo", 3))
    assert await store.get("a", type=Trip) == Trip("Oslo", 3)


@pytest.mark.parametrize("key", ["", "k" * (LONGEST_KEY + 1)])
async def test_a_key_has_bounds(values: MemoryValues, key: str) -> None:
    with pytest.raises(UsageError):
        await PluginStore("book", values, None).put(key, 1)


async def test_what_a_background_task_writes_after_the_event_is_real_at_once() -> None:
    plugin = Plugin()
    kept: list[PluginStore] = []

    @plugin.command("keep")
    async def keep(ctx: Context[Settings]) -> None:
        await ctx.store.put("during", 1)
        kept.append(ctx.store)

    async with chat_with(plugin) as chat:
        await chat.says("/keep")
        await chat.finished()
        await kept[0].put("after", 2)
        assert await stored(chat) == {"during": "1", "after": "2"}


async def stored(chat: PluginChat) -> dict[str, str]:
    return {key: text for (_, key), text in chat.store.kept.items()}
