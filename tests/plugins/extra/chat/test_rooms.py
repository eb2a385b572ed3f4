from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.plugins.api import Context, Plugin
from kagami.plugins.extra.chat import rooms
from kagami.plugins.extra.chat.memory import Line
from kagami.plugins.extra.chat.options import ChatSettings
from kagami.plugins.extra.chat.rooms import Asked, Room, Rooms
from kagami.testing.chat import PluginChat, chat_with

plugin = Plugin(settings=ChatSettings)


class Seen:
    """What the plugin saw: the rooms that its events entered, in order."""

    house = Rooms(ChatSettings())
    rooms: list[Room] = []  # noqa: RUF012 - made anew by every test


async def answer(room: Room, asked: list[Asked]) -> None:
    """Nobody asks here."""


@plugin.on("message")
async def enter(ctx: Context[ChatSettings]) -> None:
    room = await Seen.house.enter(ctx, answer)
    Seen.rooms.append(room)
    await room.remember(ctx, room.memory.take(), Line(ctx.user, "", ctx.text, 1))


@plugin.command("forget")
async def forget(ctx: Context[ChatSettings]) -> str:
    await (await Seen.house.enter(ctx, answer)).forget(ctx)
    return "forgotten"


@pytest.fixture
async def chat() -> AsyncIterator[PluginChat]:
    Seen.house, Seen.rooms = Rooms(ChatSettings()), []
    async with chat_with(plugin, settings={"lines": 3}) as chat:
        yield chat


async def say(chat: PluginChat, *texts: str, where: str = "private:10001") -> None:
    for text in texts:
        await chat.says(text, chat=where)
        await chat.finished()


def remembered(room: Room) -> list[str]:
    return [line.text for line in room.memory.recent(1_000)]


async def test_a_chat_has_one_room_even_when_all_come_at_once(
    chat: PluginChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = chat.store.items

    async def slow(plugin: str, prefix: str = "") -> dict[str, str]:
        await asyncio.sleep(0)
        return await items(plugin, prefix)

    monkeypatch.setattr(chat.store, "items", slow)
    for user in range(5):
        await chat.says("hi", user=f"1000{user}", chat="group:1")
    await chat.finished()
    assert len(set(Seen.rooms)) == 1
    assert len(remembered(Seen.rooms[0])) == 3


async def test_another_chat_has_another(chat: PluginChat) -> None:
    await say(chat, "hi", where="group:1")
    await say(chat, "hi", where="group:2")
    assert len(set(Seen.rooms)) == 2


async def test_a_room_is_read_from_the_store(chat: PluginChat) -> None:
    await say(chat, "a", "b", "c", "d")
    Seen.house = Rooms(ChatSettings())
    await say(chat, "e")
    assert remembered(Seen.rooms[-1]) == ["c", "d", "e"]


async def test_what_is_stored_beyond_the_setting_is_cleared(chat: PluginChat) -> None:
    await say(chat, "a")
    key = next(key for _, key in chat.store.kept)
    start, _, number = key.rpartition("/")
    for serial in range(10, 20):
        chat.store.kept["plugin", f"{start}/{serial:0{len(number)}d}"] = '["1","","old",1]'
    Seen.house = Rooms(ChatSettings())
    await say(chat, "b")
    assert len(chat.store.kept) == 3


async def test_forgetting_leaves_nothing_in_the_store(chat: PluginChat) -> None:
    await say(chat, "a", "b")
    chat.store.kept["plugin", "of another chat"] = "1"
    await say(chat, "/forget")
    assert [key for _, key in chat.store.kept if "private:10001" in key and "line/" in key] != []  # the command itself
    assert not any('"a"' in value or '"b"' in value for value in chat.store.kept.values())
    assert ("plugin", "of another chat") in chat.store.kept


async def test_only_so_many_rooms_are_known_at_once(chat: PluginChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MOST_ROOMS", 2)
    for number in (1, 2, 1, 3, 1, 2):
        await say(chat, "hi", where=f"group:{number}")
    one, two, same, _, still, again = Seen.rooms
    assert one is same is still
    assert again is not two
    assert remembered(again) == ["hi", "hi"]


@pytest.mark.parametrize(("switch", "setting", "on"), [(None, True, True), (None, False, False), (True, False, True)])
async def test_a_switch_counts_more_than_the_setting(
    chat: PluginChat, switch: bool | None, setting: bool, on: bool
) -> None:
    await say(chat, "hi")
    room = Seen.rooms[-1]
    room.enabled = switch
    assert room.is_on(ChatSettings(enabled=setting)) is on
