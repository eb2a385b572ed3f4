from __future__ import annotations

from collections import Counter

from kagami.plugins.api import Context, Plugin
from kagami.plugins.extra.moderation.journal import DAY_MS, MOST_ENTRIES, Entry, entries, note, of_today
from kagami.plugins.extra.moderation.rules import Rules
from kagami.testing.chat import chat_with

plugin = Plugin(settings=Rules)


@plugin.on("message")
async def keep(ctx: Context[Rules]) -> None:
    """The text is how many days ago it was."""
    await note(ctx, Entry(ctx.event.time_ms - int(ctx.text) * DAY_MS, "mute", ctx.user))


@plugin.command("days")
async def days(ctx: Context[Rules]) -> str:
    return str([(ctx.event.time_ms - each.at_ms) // DAY_MS for each in await entries(ctx)])


@plugin.command("today")
async def today(ctx: Context[Rules]) -> str:
    return str(await of_today(ctx) == Counter(mute=1))


async def test_entries_are_told_the_newest_first() -> None:
    async with chat_with(plugin) as chat:
        for number in ("2", "0", "5"):
            await chat.says(number)
        await chat.finished()
        await chat.says("/days")
        assert await chat.hears() == "[0, 2, 5]"


async def test_the_day_counts_what_is_not_older() -> None:
    async with chat_with(plugin) as chat:
        for number in ("2", "0"):
            await chat.says(number)
        await chat.finished()
        await chat.says("/today")
        assert await chat.hears() == "True"


async def test_the_oldest_are_forgotten() -> None:
    async with chat_with(plugin) as chat:
        for number in range(MOST_ENTRIES + 5):
            await chat.says(str(number))
        await chat.finished()
        kept = [key for _, key in chat.store.kept if "log/" in key]
        assert len(kept) == MOST_ENTRIES
