"""What people and groups are called: events hold ids alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import msgspec

from kagami.clock import Clock
from kagami.errors import KagamiError
from kagami.model.event import Event, Sender
from kagami.model.ids import split_id

# An event waits this long for a name that is not known yet, and has to be acknowledged within 3 s. The asking goes on:
# the members of a large group come in many pages.
PATIENCE_S = 0.7
AGAIN_S, STRANGER_S = 3600.0, 60.0
# A stranger in a group whose members take long to come is asked for so much later again: they may not be among them.
LONGER = 100
MOST, AT_ONCE = 50_000, 8

# Asks Feishu by the name of a call and its parameters.
Call = Callable[[str, dict[str, Any]], Awaitable[Any]]
# Runs something beside the events, until the bot ends; the text says what it is.
Begin = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
Key = TypeVar("Key")
Value = TypeVar("Value")


class _Person(NamedTuple):
    name: str
    role: str = "member"


class Names:
    """Asked for when somebody speaks in a chat, at most once an hour for each; kept in memory."""

    def __init__(self, call: Call, clock: Clock, begin: Begin) -> None:
        self._call = call
        self._clock = clock
        self._begin = begin
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._chats: dict[str, str] = {}
        self._people: dict[tuple[str, str], _Person] = {}

    async def named(self, event: Event) -> Event:
        """A message with the names of who said it and where, as far as they are known soon."""
        if event.kind != "message":
            return event
        kind, chat = split_id(event.chat)
        if len(self._asking) < AT_ONCE and self._is_due(chat, event.user):
            _keep(self._asked, chat, self._clock.monotonic())
            self._asking[chat] = job = self._begin(self._ask(kind, chat), "names for")
            job.add_done_callback(lambda _: self._asking.pop(chat, None))
        if chat in self._asking and (chat, event.user) not in self._people:
            await asyncio.wait([self._asking[chat]], timeout=PATIENCE_S)
        person = self._people.get((chat, event.user), _Person(""))
        sender = Sender(name=person.name, role=person.role)
        return msgspec.structs.replace(event, sender=sender, chat_name=self._chats.get(chat, ""))

    def _is_due(self, chat: str, user: str) -> bool:
        asked = self._asked.get(chat)
        if chat in self._asking:
            return False
        if asked is None:
            return True
        longer = LONGER * self._took.get(chat, 0.0)
        pause = AGAIN_S if (chat, user) in self._people else min(AGAIN_S, max(STRANGER_S, longer))
        return self._clock.monotonic() - asked > pause

    async def _ask(self, kind: str, chat: str) -> None:
        began = self._clock.monotonic()
        with suppress(KagamiError):  # without the permission there are no names
            await (self._ask_group(chat) if kind == "group" else self._ask_user(chat))
        _keep(self._took, chat, self._clock.monotonic() - began)

    async def _ask_group(self, chat: str) -> None:
        told = await self._call("get_group_info", {"group_id": chat})
        _keep(self._chats, chat, told["group_name"])
        for each in await self._call("get_group_member_list", {"group_id": chat}):
            _keep(self._people, (chat, each["user_id"]), _Person(each["nickname"], each["role"]))

    async def _ask_user(self, user: str) -> None:
        told = await self._call("get_stranger_info", {"user_id": user})
        _keep(self._people, (user, user), _Person(told["nickname"]))


def _keep(known: dict[Key, Value], key: Key, value: Value) -> None:
    known[key] = value
    if len(known) > MOST:
        del known[next(iter(known))]
