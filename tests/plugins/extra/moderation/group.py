"""A group with an admin, as the tests of this folder see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from kagami.model.action import Action, Call, Delete
from kagami.model.message import plain_text
from kagami.plugins.extra.moderation.main import plugin
from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock

GROUP = "group:1"


class Group:
    """`admin` and `member` return all that the bot did about what was said, as lines."""

    def __init__(self, chat: PluginChat) -> None:
        self.chat = chat

    async def admin(self, line: str) -> list[str]:
        await self.chat.says(line, user="999", chat=GROUP, role="admin")
        return await self.done()

    async def member(self, line: str, *, user: str = "5", role: str = "member") -> list[str]:
        await self.chat.says(line, user=user, chat=GROUP, role=role)
        return await self.done()

    async def happens(self, name: str, *, user: str = "7") -> list[str]:
        await self.chat.happens("notice", name, user=user, chat=GROUP)
        return await self.done()

    async def done(self) -> list[str]:
        await self.chat.finished()
        return await self.heard()

    async def heard(self) -> list[str]:
        lines = []
        while not self.chat.silent:
            lines.append(shown(await self.chat.receives()))
        return lines


def shown(action: Action) -> str:
    """`delete`, `set_group_ban 5 600`, or what was said, without mentions."""
    if isinstance(action, Delete):
        return "delete"
    if isinstance(action, Call):
        return " ".join([action.name, *(str(value) for key, value in action.params.items() if key != "group_id")])
    return plain_text(action.message).strip()


@asynccontextmanager
async def group_with(*, on: bool = True, **settings: Any) -> AsyncIterator[Group]:
    given: Mapping[str, Any] = {"language": "en"} | settings
    async with chat_with(plugin, clock=FakeClock(), settings=given) as chat:
        group = Group(chat)
        if on:
            await group.admin("/mod on")
        yield group
        await chat.finished()
        chat.assert_no_leaks()
