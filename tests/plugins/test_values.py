from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from kagami.errors import UsageError
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.values import LONGEST_KEY, PluginStore, StorePart
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


async def test_a_chat_and_a_person_have_values_of_their_own() -> None:
    plugin, seen = Plugin(), list[tuple[Any, Any, Any]]()

    @plugin.command("count")
    async def count(ctx: Context[Settings]) -> None:
        for part in (ctx.store, ctx.store.chat, ctx.store.user):
            await part.put("n", await part.get("n", 0) + 1)
        seen.append(tuple([await part.get("n") for part in (ctx.store, ctx.store.chat, ctx.store.user)]))

    async with chat_with(plugin) as chat:
        for user, place in (("1", "group:1"), ("2", "group:1"), ("1", "group:2")):
            await chat.says("/count", user=user, chat=place)
            await chat.finished()
    assert seen == [(1, 1, 1), (2, 2, 1), (3, 1, 2)]


async def test_a_part_lists_its_own_keys_only(values: MemoryValues, execution: ChatExecution) -> None:
    store = PluginStore("book", values, execution)
    await store.put("a", 0)
    await store.chat.put("a", 1)
    await store.user.put("b", 2)
    await store.user.delete("b")
    assert (await store.chat.keys(), await store.chat.list("a"), await store.user.list()) == (["a"], {"a": 1}, {})


async def test_names_of_chats_do_not_run_into_keys(values: MemoryValues, execution: ChatExecution) -> None:
    store = PluginStore("book", values, execution)
    odd = StorePart(store, "chat", "test:1", f"{execution.event.chat}/a")
    await odd.put("b", 1)
    assert await store.chat.keys() == []


async def test_without_a_conversation_there_are_no_parts(values: MemoryValues) -> None:
    with pytest.raises(UsageError):
        _ = PluginStore("book", values, None).chat


async def test_a_part_has_no_empty_key(values: MemoryValues, execution: ChatExecution) -> None:
    with pytest.raises(UsageError):
        await PluginStore("book", values, execution).user.put("", 1)


async def stored(chat: PluginChat) -> dict[str, str]:
    return {key: text for (_, key), text in chat.store.kept.items()}
