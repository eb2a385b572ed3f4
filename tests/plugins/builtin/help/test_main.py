from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kagami.testing.chat import PluginChat, chat_with


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[PluginChat]:
    async with chat_with(tmp_path) as chat:
        yield chat


async def test_all_commands_are_shown_with_how_they_are_written(chat: PluginChat) -> None:
    await chat.says("/help")
    assert await chat.hears() == (
        "Commands:\n/echo <text…>  Say the text again.\n/help [command]  Show all commands, or how one is written."
    )


async def test_commands_of_operators_are_not_shown(chat: PluginChat) -> None:
    await chat.says("/help")
    assert "db_clean" not in await chat.hears()


@pytest.mark.parametrize("name", ["help", "/help", "HELP", "帮助"])
async def test_one_command_is_shown_at_length(chat: PluginChat, name: str) -> None:
    await chat.says(f"/help {name}")
    assert await chat.hears() == ("Usage: /help [command]\nShow all commands, or how one is written.\nAlso: 帮助")


@pytest.mark.parametrize("name", ["nothing", "xhelp"])
async def test_a_command_that_is_not_there_is_said_so(chat: PluginChat, name: str) -> None:
    await chat.says(f"/help {name}")
    assert await chat.hears() == f"There is no command named {name}."
