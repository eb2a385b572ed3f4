"""What the palette can go to beside actions: everything that the engine knows by name, and kept views."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.model.trace import Trace
from kagami.operations.bots import ListBots
from kagami.operations.messages import ListChats
from kagami.operations.plugins import ListPlugins
from kagami.operations.routes import ListRoutes, RouteList
from kagami.operations.settings import ListSettings
from kagami.operations.traces import ListTraces
from kagami.ports import BotRow, ChatRow, PluginRow, SettingRow
from kagami.tui.desk import Desk
from kagami.tui.dialogs.palette import Entry
from kagami.tui.places import BY_NAME

MOST = 50
PATIENCE_S = 0.5
"""Seconds after which the palette opens without what has not answered yet."""
# What one looks for is more often a place or an action than a single row of it.
_WEIGHT = 0.8
_LESS = 0.5
_SHORT_ID, _SHORT_TEXT = 8, 40


class Finds:
    """Of one console. What may not be read, or is not answered in time, is left out."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def entries(self) -> list[Entry]:
        sources: tuple[tuple[msgspec.Struct, Callable[[Any], Sequence[Entry]]], ...] = (
            (ListBots(), self._bots),
            (ListPlugins(), self._plugins),
            (ListRoutes(), self._rules),
            (ListChats(limit=MOST), self._chats),
            (ListTraces(limit=MOST), self._traces),
            (ListSettings(), self._settings),
        )
        found = await asyncio.gather(*(self._read(request, make) for request, make in sources))
        return [*self._views(), *(entry for entries in found for entry in entries)]

    async def _read(self, request: msgspec.Struct, make: Callable[[Any], Sequence[Entry]]) -> Sequence[Entry]:
        try:
            return make(await asyncio.wait_for(_awaited(self.desk.control.call(request)), PATIENCE_S))
        except (KagamiError, TimeoutError):
            return ()

    def _entry(self, text: str, other: str, where: str, place: str, target: str, weight: float = _WEIGHT) -> Entry:
        do = partial(self.desk.go, place, target)
        return Entry(text, other, self.desk.t(where), "", do, weight=weight)

    def _bots(self, rows: Sequence[BotRow]) -> list[Entry]:
        return [self._entry(f"{row.name}  {row.id}", row.adapter, mark("bot"), "bots", row.id, 1.0) for row in rows]

    def _plugins(self, rows: Sequence[PluginRow]) -> list[Entry]:
        where = mark("plugin")
        return [self._entry(f"{row.name}  {row.version}", row.id, where, "plugins", row.id, 1.0) for row in rows]

    def _rules(self, listed: RouteList) -> list[Entry]:
        if "routes" not in BY_NAME:
            return []
        return [
            self._entry(f"{rule.number}  {rule.match} {rule.to}", rule.note, mark("rule"), "routes", str(rule.number))
            for rule in listed.rules
        ]

    def _chats(self, rows: Sequence[ChatRow]) -> list[Entry]:
        where = mark("chat")
        return [
            self._entry(f"{row.chat_name}  {row.chat}", row.last_sender, where, "chats", f"{row.bot}|{row.chat}")
            for row in rows
        ]

    def _traces(self, rows: Sequence[Trace]) -> list[Entry]:
        found = []
        for row in rows:
            text = f"{row.execution[-_SHORT_ID:]}  {row.text[:_SHORT_TEXT]}"
            found.append(self._entry(text, row.execution, mark("message"), "trace", row.execution, _LESS))
        return found

    def _settings(self, rows: Sequence[SettingRow]) -> list[Entry]:
        if "settings" not in BY_NAME:
            return []
        t = self.desk.t
        return [
            self._entry(f"{row.key}  {t(row.text)}", row.text, mark("setting"), "settings", row.key, _LESS)
            for row in rows
        ]

    def _views(self) -> list[Entry]:
        desk, found = self.desk, list[Entry]()
        for place, views in desk.state.views.items():
            title = desk.t(BY_NAME[place].title) if place in BY_NAME else ""
            for view in views if title else ():
                do = partial(_open, desk, place, view)
                found.append(Entry(f"{title}  {view}", view, desk.t(mark("view")), "", do))
        return found


def _open(desk: Desk, place: str, view: str) -> None:
    desk.run_worker(_open_view(desk, place, view), group="go")


async def _open_view(desk: Desk, place: str, view: str) -> None:
    await desk.open_place(place)
    if desk.stage.current is not None:
        desk.stage.current.filter_by(view)
        await desk.read_place()


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
