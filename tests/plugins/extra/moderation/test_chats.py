from __future__ import annotations

import pytest

from kagami.plugins.api import Context, Plugin
from kagami.plugins.extra.moderation.chats import ON, OWN, Chats, key_of, read, words_of
from kagami.plugins.extra.moderation.rules import Rules
from kagami.testing.chat import PluginChat, chat_with


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CountingStore:
    """How often the store was read."""

    def __init__(self, chat: PluginChat) -> None:
        self._items = chat.store.items
        self.readings = 0
        chat.store.items = self.items  # type: ignore[method-assign]

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        self.readings += 1
        return await self._items(plugin, prefix)


def watching(chats: Chats) -> Plugin[Rules]:
    plugin = Plugin(settings=Rules)

    @plugin.on("message")
    async def look(ctx: Context[Rules]) -> str:
        if ctx.text == "on":
            await ctx.store.chat.put(ON, value=True)
            await chats.changed(ctx)
        return "guarded" if await chats.of(ctx) else "free"

    return plugin


async def said(chat: PluginChat, line: str, where: str = "group:1") -> str:
    await chat.says(line, chat=where)
    heard = await chat.hears()
    await chat.finished()
    return heard


async def test_a_group_is_read_once() -> None:
    async with chat_with(watching(Chats(clock=Clock()))) as chat:
        store = CountingStore(chat)
        for _ in range(5):
            assert await said(chat, "hi") == "free"
        assert store.readings == 1


async def test_a_change_is_seen_at_once_and_by_its_own_group_alone() -> None:
    async with chat_with(watching(Chats(clock=Clock()))) as chat:
        await said(chat, "hi")
        assert (await said(chat, "on"), await said(chat, "hi"), await said(chat, "hi", "group:2")) == (
            "guarded",
            "guarded",
            "free",
        )


async def test_what_another_process_changed_is_seen_after_a_while() -> None:
    clock = Clock()
    async with chat_with(watching(Chats(clock=clock))) as chat:
        await said(chat, "on")
        chat.store.kept.clear()
        assert await said(chat, "hi") == "guarded"
        clock.now += 61
        assert await said(chat, "hi") == "free"


async def test_memory_is_bounded() -> None:
    async with chat_with(watching(Chats(most=2, clock=Clock()))) as chat:
        store = CountingStore(chat)
        for number in (1, 2, 3, 1):
            await said(chat, "hi", f"group:{number}")
        assert store.readings == 4


def test_a_group_that_is_not_switched_on_is_not_guarded() -> None:
    assert read(Rules(), {key_of("广告"): "广告"}) is None


def test_a_group_has_its_own_words_and_rules() -> None:
    kept = {ON: True, key_of("广.告"): "广.告", f"{OWN}repeats": 2}
    guarded = read(Rules(), kept)
    assert guarded is not None
    assert (guarded.rules.repeats, guarded.words.find("广告"), words_of(kept)) == (2, "广.告", ["广.告"])


@pytest.mark.parametrize(("one", "other"), [("广告", "广.告"), ("Spam", "ｓｐａｍ")])
def test_two_spellings_of_a_word_are_one(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)
