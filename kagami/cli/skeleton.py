"""What `kagami plugin new` writes: a small plugin that works, with a command, a question, a setting and a timetable."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from kagami.errors import Conflict, UsageError
from kagami.i18n import Translate, mark

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
# What stands in ⟨⟩ is a text for a `Translate`, what stands in ‹› a name.
_FILES = {
    "main.py": '''"""⟨A counter that is set back every night.⟩"""

from kagami.plugins.api import Context, Plugin, Settings


class ‹Class›Settings(Settings):
    """⟨Change them in kagami.toml under [plugins.settings], or in the terminal UI.⟩"""

    greeting: str = "⟨Hello⟩"


plugin = Plugin(settings=‹Class›Settings)


@plugin.command("‹word›", cooldown="10/min/user")
async def greet(ctx: Context[‹Class›Settings], name: str | None = None) -> str:
    """⟨Greet somebody⟩: /‹word› Ada"""
    if name is None:
        name = await ctx.ask("⟨Who shall be greeted?⟩", timeout=60)
    count = await ctx.store.get("count", 0) + 1
    await ctx.store.put("count", count)
    return f"{ctx.settings.greeting}, {name}! (⟨today⟩: {count})"


@plugin.cron("0 0 * * *")
async def midnight(ctx: Context[‹Class›Settings]) -> None:
    """⟨Count anew.⟩"""
    await ctx.store.delete("count")
''',
    "tests/test_‹name›.py": """from main import plugin

from kagami.testing.chat import chat_with
from kagami.testing.clock import FakeClock


async def test_a_command_answers() -> None:
    async with chat_with(plugin, settings={"greeting": "Hi"}) as chat:
        await chat.says("/‹word› Ada")
        assert await chat.hears() == "Hi, Ada! (⟨today⟩: 1)"
        await chat.finished()
        chat.assert_no_leaks()


async def test_what_is_missing_is_asked() -> None:
    async with chat_with(plugin, settings={"greeting": "Hi"}) as chat:
        await chat.says("/‹word›")
        assert await chat.hears() == "⟨Who shall be greeted?⟩"
        await chat.says("Ada")
        assert await chat.hears() == "Hi, Ada! (⟨today⟩: 1)"


async def test_the_night_counts_anew() -> None:
    async with chat_with(plugin, settings={"greeting": "Hi"}, clock=FakeClock()) as chat:
        await chat.says("/‹word› Ada")
        assert await chat.hears() == "Hi, Ada! (⟨today⟩: 1)"
        await chat.finished()
        await chat.advance(days=1)
        await chat.finished()
        await chat.says("/‹word› Ada")
        assert await chat.hears() == "Hi, Ada! (⟨today⟩: 1)"
""",
    "README.md": """# ‹id›

⟨A counter that is set back every night.⟩

    /‹word› Ada

⟨Try it, look for mistakes, make a package of it:⟩

    kagami plugin test .
    kagami plugin check .
    kagami plugin pack . --key ~/kagami-author.key
""",
    "CHANGES.md": """# 0.1.0

⟨The first version.⟩
""",
}
_TEXTS = (
    mark("A counter that is set back every night."),
    mark("Change them in kagami.toml under [plugins.settings], or in the terminal UI."),
    mark("Hello"),
    mark("Greet somebody"),
    mark("Who shall be greeted?"),
    mark("today"),
    mark("Count anew."),
    mark("Try it, look for mistakes, make a package of it:"),
    mark("The first version."),
)


def write_plugin(plugin: str, folder: Path, t: Translate) -> list[Path]:
    """Write a new plugin into a folder that is empty or not there; the files that were made."""
    if not _ID.fullmatch(plugin):
        reason = t("{} is no id: use letters, digits, dots, dashes and underscores, at most 100.").format(repr(plugin))
        raise UsageError(reason=reason)
    made = []
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Conflict(reason=t("{} is not empty: give another folder with --dir.").format(folder))
        for name, text in _contents(plugin, t).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            made.append(path)
    except OSError as error:
        raise UsageError(reason=f"{folder}: {error.strerror}") from None
    return made


def _contents(plugin: str, t: Translate) -> dict[str, str]:
    word = re.sub(r"[^a-z0-9]+", "_", plugin.lower().rpartition(".")[2]).strip("_") or "hello"
    names = {"id": plugin, "word": word, "name": word}
    names["Class"] = "".join(part.capitalize() for part in word.split("_")) if word[0].isalpha() else "My"
    manifest = {
        "id": plugin,
        "name": plugin.rpartition(".")[2],
        "version": "0.1.0",
        "description": t(_TEXTS[0]),
        "api": "1",
        "runtime": "python",
        "entry": "main:plugin",
        "permissions": ["store"],
    }
    files = {"plugin.json": msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n"}
    for name, text in _FILES.items():
        files[_filled(name, names, t)] = _filled(text, names, t)
    return files


def _filled(text: str, names: dict[str, str], t: Translate) -> str:
    named = re.sub("‹(.*?)›", lambda found: names[found[1]], text)
    return re.sub("⟨(.*?)⟩", lambda found: t(found[1]), named)
