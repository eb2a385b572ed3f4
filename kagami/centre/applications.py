"""Applications outside as operations see them: the tables of `[[workers]]`, and what is pasted into an application."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kagami.centre.desk import SettingsDesk
from kagami.centre.keys import LEAVES, edit_of
from kagami.centre.shown import table_kind
from kagami.centre.tables import given, gives_away, nested
from kagami.config import Settings
from kagami.edits import Edit
from kagami.errors import Misnamed, NotFound, Refused
from kagami.i18n import Translate, mark
from kagami.model.principal import Principal
from kagami.ports import Applied, BotKind, Connection
from kagami.shape import nearest

KEY = "workers"
TOKEN_BYTES = 32


class ApplicationsDesk:
    """Implements `ports.Applications`."""

    def __init__(self, desk: SettingsDesk, translate: Translate) -> None:
        self._desk = desk
        self._t = translate

    def kind(self) -> BotKind:
        return table_kind(KEY, "application", LEAVES[KEY])

    async def add(self, who: Principal, keys: Mapping[str, Any]) -> Applied:
        table = given(keys)
        if not table.get("url") and not table.get("token"):
            table["token"] = secrets.token_urlsafe(TOKEN_BYTES)

        def edits(now: Settings) -> list[tuple[str, Edit]]:
            head = f"{KEY}.{len(now.workers)}"
            return [(head, Edit((KEY, len(now.workers)), nested(head, table, self._t)))]

        return await self._desk.edit(who, "workers.add", edits)

    async def edit(self, who: Principal, worker: str, keys: Mapping[str, Any]) -> Applied:
        def edits(now: Settings) -> list[tuple[str, Edit]]:
            place = self._place(worker, now)
            if gives_away(now.workers[place], keys):
                raise Refused(reason=self._t(mark("Another host would get this worker's token: give its token too.")))
            head = f"{KEY}.{place}"
            return [(f"{head}.{name}", edit_of(f"{head}.{name}", keys[name], self._t)) for name in keys]

        return await self._desk.edit(who, "workers.edit", edits)

    async def remove(self, who: Principal, worker: str) -> Applied:
        def edits(now: Settings) -> list[tuple[str, Edit]]:
            place = self._place(worker, now)
            return [(f"{KEY}.{place}", Edit((KEY, place), None))]

        return await self._desk.edit(who, "workers.remove", edits)

    def connection(self, worker: str) -> Connection:
        now = self._desk.live.current
        table = now.workers[self._place(worker, now)]
        gateway = urlsplit(self._desk.live.gateway_url)._replace(path="/").geturl()
        return Connection(table.url or gateway, table.token.reveal())

    def _place(self, worker: str, now: Settings) -> int:
        names = [table.name for table in now.workers]
        if worker not in names:
            what, near = "entry of a worker in kagami.toml", nearest(worker, names)
            raise Misnamed(what=what, name=worker, near=near) if near else NotFound(what=what, name=worker)
        return names.index(worker)
