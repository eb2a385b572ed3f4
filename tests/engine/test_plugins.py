"""Plugins follow the settings of the house and their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import SettingError
from kagami.operations.plugins import Configure
from kagami.operations.settings import (
    ResetSettings,
    UndoSettings,
)
from tests.engine.running import answers, change, engine, visiting


def book(home: Path) -> None:
    """A plugin that tells its setting."""
    folder = home / "plugins" / "book" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text('{"id": "book", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
    (folder / "main.py").write_text(
        "from kagami.plugins.api import Context, Plugin, Settings\n"
        "class Mine(Settings):\n    days: int = 7\n"
        "plugin = Plugin(settings=Mine)\n"
        "@plugin.command('book')\nasync def book(ctx: Context[Mine]) -> str:\n    return str(ctx.settings.days)\n",
        "utf-8",
    )


async def test_what_plugins_are_told_has_one_way_and_one_history(tmp_path: Path) -> None:
    book(tmp_path)
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        assert await change(opened, plugins__settings__book__days=3) == {"plugins.settings.book.days": "applied"}
        await answers(peer, "/book", "3")
        with pytest.raises(SettingError, match="days"):
            await change(opened, plugins__settings__book__days="many")
        await opened.call(Configure(plugin="book", values={"days": 4}))
        await answers(peer, "/book", "4")
        await opened.call(UndoSettings())
        await answers(peer, "/book", "3")
        await opened.call(ResetSettings(keys=["plugins.settings"]))
        await answers(peer, "/book", "7")


async def test_commands_get_other_names_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened, visiting(opened) as peer:
        await change(opened, plugins__rename={"echo": {"echo": "say"}})
        await answers(peer, "/say it", "it")
