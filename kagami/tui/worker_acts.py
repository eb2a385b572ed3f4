"""What a person can do with applications outside: what is asked, what is sent, what `u` sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.app import App

from kagami.core.admission import Admission
from kagami.errors import Denied, NotFound
from kagami.i18n import mark
from kagami.model.ids import BotId
from kagami.operations.bots import ListBots
from kagami.operations.settings import ListSettings
from kagami.operations.workers import EditWorker, RemoveWorker, WorkerConnection, WorkerForm
from kagami.ports import BotKind, BotRow, Connection, SettingRow, WorkerRow
from kagami.tui.dialogs.recipes import Recipes
from kagami.tui.dialogs.workerform import WorkerKeys
from kagami.tui.format import visible
from kagami.tui.recipes import recipes
from kagami.tui.shell import Leave, Question, Shell

KEY = "workers"
Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class WorkerActs:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]

    async def tables(self) -> Tables:
        """The entries in kagami.toml, by name; none where they may not be seen."""
        try:
            rows: list[SettingRow] = await self.shell.control.call(ListSettings(group=KEY))
        except Denied:
            return {}
        found: list[dict[str, Any]] = next((each.value for each in rows if each.key == KEY), [])
        return {str(each["name"]): each for each in found}

    async def add(self) -> None:
        """Its keys, and then what to paste into it."""
        t = self.shell.t
        kind: BotKind = await self.shell.control.call(WorkerForm())
        form = WorkerKeys(self.shell, kind)
        if await self.app.push_screen_wait(form) is None:
            return
        name = str(form.changes["name"])
        self.shell.say(t(mark("{worker} may connect")).format(worker=visible(name)), t(mark("c shows what to paste")))
        if not self.shell.lacks("workers:secret"):
            await self.paste(name)

    async def edit(self, worker: WorkerRow) -> None:
        t = self.shell.t
        kind: BotKind = await self.shell.control.call(WorkerForm())
        table = (await self.tables()).get(worker.name)
        if table is None:
            raise NotFound(what=t(mark("entry of a worker in kagami.toml")), name=worker.name)
        if await self.app.push_screen_wait(WorkerKeys(self.shell, kind, worker.name, table)) is not None:
            self.shell.say(t(mark("{worker} was changed")).format(worker=visible(worker.name)))

    async def pause(self, worker: WorkerRow) -> None:
        t, name = self.shell.t, visible(worker.name)
        question = Question(
            t(mark("Pause {worker}?")).format(worker=name),
            (
                (t(mark("After")), t(mark("it is not let in until it is resumed, over restarts too"))),
                (t(mark("Meanwhile")), t(mark("a mirror gets what it missed later; a pool's chats go to others"))),
                (t(mark("Undo")), t(mark("yes: u, or X again"))),
            ),
            keep=t(mark("Leave it")),
            go=t(mark("Pause")),
        )
        if await self.shell.ask(question):
            await self.shell.control.call(EditWorker(worker=worker.name, keys={"enabled": False}))
            back = EditWorker(worker=worker.name, keys={"enabled": None})
            self.shell.changed(f"{worker.name} {t(mark('let in'))}", back)
            self.shell.say(t(mark("{worker} is paused")).format(worker=name), t(mark("u puts it back")))

    async def let_in(self, worker: WorkerRow) -> None:
        t = self.shell.t
        await self.shell.control.call(EditWorker(worker=worker.name, keys={"enabled": None}))
        back = EditWorker(worker=worker.name, keys={"enabled": False})
        self.shell.changed(f"{worker.name} {t(mark('paused'))}", back)
        self.shell.say(t(mark("{worker} may connect")).format(worker=visible(worker.name)))

    async def remove(self, worker: WorkerRow) -> None:
        """For good: the name has to be typed."""
        t, name = self.shell.t, visible(worker.name)
        facts = (
            (t(mark("After")), t(mark("its entry leaves kagami.toml, with its token; it is disconnected"))),
            (t(mark("Rules")), t(mark("those that lead to it stay, and are passed"))),
            (t(mark("Undo")), t(mark("not from here: the history of the settings keeps the file"))),
        )
        head = t(mark("Remove {worker}?")).format(worker=name)
        if await self.shell.ask_name(Question(head, facts, t(mark("Keep it")), t(mark("Remove"))), worker.name):
            await self.shell.control.call(RemoveWorker(worker=worker.name))
            self.shell.say(t(mark("{worker} was removed")).format(worker=name))

    async def paste(self, name: str) -> None:
        """The lines for NoneBot2, Koishi and the others."""
        found: Connection = await self.shell.control.call(WorkerConnection(worker=name))
        table = (await self.tables()).get(name, {})
        served = await self._bots(table)
        lines = recipes(found.url, served, dialled=bool(table.get("url")))
        await self.app.push_screen_wait(Recipes(self.shell, name, lines, found.token))

    async def _bots(self, table: Mapping[str, Any]) -> list[BotId]:
        admission = Admission(bots=tuple(table.get("bots", ())))
        rows: list[BotRow] = await self.shell.control.call(ListBots())
        return [row.id for row in rows if admission.serves(row.id)]
