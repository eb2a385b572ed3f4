"""Dry runs: an event in the hands of copies of the plugins that it would find, in a host of their own.

The copies are loaded afresh beside those that serve, so that not even what a plugin has in memory is touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from kagami.errors import Denied, KagamiError, LoadError, NotFound, Parked
from kagami.meters import Meters
from kagami.model.action import Action, Delete, Failed, Receipt, Send, Sent
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.model.message import Message, preview
from kagami.model.principal import Principal
from kagami.model.segment import Image
from kagami.plugins.activate import activate
from kagami.plugins.active import Active
from kagami.plugins.dialogs import Desk, DialogSuspended
from kagami.plugins.host import Host
from kagami.plugins.line import Line
from kagami.plugins.schedule import Scheduler
from kagami.plugins.shadow import LayeredMedia, LayeredValues, NotedLog, NotedReach, Notes
from kagami.plugins.versions import fingerprint
from kagami.ports import Answer, Media, Reach
from kagami.ports.staging import Staging
from kagami.ports.trials import Reader, Trial, Tried

LONGEST_S = 30.0
# Loading copies takes time of the loop that serves everybody.
AT_ONCE = 2
# Who speaks `#` commands in a dry run: what they ask of the house goes through the reader.
_OPERATOR = Principal("system", "dry run")
_NOT_ASKED = "a dry run asks no platform"
MediaFolder = Callable[[Path], AbstractAsyncContextManager[Media]]


class TrialExecution(Staging):
    """Implements `ports.Execution` and `ports.Answer`: everything is noted, nothing is done."""

    attempts = 0
    restarted = False
    replays = False

    def __init__(self, trial: Trial, notes: Notes, desk: Desk, read: Reader, prefix: str) -> None:
        super().__init__()
        self.event: Event = trial.event
        self.only = trial.only
        self.admin = _OPERATOR if trial.operator else None
        self.prefix = prefix
        self.asks = False
        self.answered = 0
        self._notes = notes
        self._desk = desk
        self._read = read
        self._answers = list(trial.answers)
        self._numbers = count(1)

    def mark(self, stage: str, detail: str = "") -> None:
        self._notes.mark(stage, detail)

    async def perform(self, action: Action) -> Receipt:
        self.mark("send")
        match action:
            case Send():
                self._notes.did("send", preview(action.message), f"{action.bot} {action.chat}")
            case Delete():
                self._notes.did("delete", action.message_id, f"{action.bot} {action.chat}")
            case _:
                self._notes.did("call", action.name, msgspec.json.encode(action.params).decode())
                return Failed(_NOT_ASKED)
        return Sent(f"dry{next(self._numbers)}")

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        self.mark("ask")
        while self._answers:
            self.answered += 1
            if self._desk.offer(_Said(self._next(self._answers.pop(0)))):
                self.mark("answer")
                yield
                return
        self.asks = True
        self._notes.did("ask", "", self.event.chat)
        raise DialogSuspended

    def _next(self, message: Message) -> Event:
        return msgspec.structs.replace(self.event, message=message, execution=ExecutionId(""))

    def consumed(self, answer: Answer) -> None:
        """Answers of a dry run are closed with it."""

    async def call(self, request: msgspec.Struct) -> Any:
        if self.admin is None:
            raise Denied(scope=type(request).__name__)
        self._notes.did("operation", type(request).__name__, msgspec.json.encode(request).decode())
        return await self._read(request)


class _Said:
    """Implements `ports.Answer`."""

    def __init__(self, event: Event) -> None:
        self.event = event


class TrialDesk:
    """Implements `ports.Trials` beside the host that serves. `media_in` keeps the files of one run in a folder."""

    def __init__(self, host: Host, *, reach: Reach, media: Media, media_in: MediaFolder) -> None:
        self._host = host
        self._reach = reach
        self._media = media
        self._media_in = media_in
        self._turns = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def rehearsal(self, *, network: bool = False) -> AsyncIterator[Rehearsal]:
        notes = Notes()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._turns)
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="kagami-dry-", ignore_cleanup_errors=True)))
            media = await stack.enter_async_context(self._media_in(folder / "media"))
            shadow = self._shadow(folder, media, notes, network=network)
            stack.push_async_callback(shadow.close)
            yield Rehearsal(self._host, shadow, media, notes)

    def _shadow(self, folder: Path, media: Media, notes: Notes, *, network: bool) -> Host:
        """A host like the one that serves, without plugins."""
        around, numbers = self._host.fleet.around, count(1)
        values = LayeredValues(around.values, notes)
        host = Host(
            around.config,
            store=values,
            clock=around.clock,
            meters=Meters(),
            dialogs=Desk(around.clock),
            folder=None,
            work=folder,
            translate=around.translate,
            language=around.language,
            prefix=around.prefix,
            grace=around.grace,
            admins=self._host.admins,
            scheduler=Scheduler(values, around.clock, new_execution=lambda: ExecutionId(f"dry-{next(numbers)}")),
            http=NotedReach(self._reach, notes, network=network),
            media=LayeredMedia(self._media, media, notes),
            privacy=around.privacy,
        )
        host.decided.roles = self._host.decided.roles
        host.fleet.around.voice = lambda manifest: NotedLog(manifest.id, notes)
        host.fleet.around.catalogue = around.catalogue
        return host


class Rehearsal:
    """Implements `ports.trials.Rehearsal` with one shadow of the host that serves."""

    def __init__(self, host: Host, shadow: Host, media: Media, notes: Notes) -> None:
        self._host = host
        self._shadow = shadow
        self._media = media
        self._notes = notes
        self._opened = False

    async def run(self, trial: Trial, read: Reader) -> Tried:
        notes, around = self._notes, self._shadow.fleet.around
        notes.clear()
        trial = msgspec.structs.replace(trial, event=await _kept(trial.event, self._media))
        execution = TrialExecution(trial, notes, around.desk, read, around.prefix)
        outcome, plugin, error = "failed", "", ""
        try:
            async with asyncio.timeout(LONGEST_S):
                labels = await self._move_in(trial)
                notes.begin()
                for each in labels:
                    notes.mark("version", each)
                handled = await self._shadow.handle(execution)
                outcome, plugin = handled.outcome, handled.plugin
        except TimeoutError:
            outcome, error = "slow", f"it took longer than {LONGEST_S:g} s"
        except Parked as parked:
            outcome, error = ("asks", "") if execution.asks else ("failed", str(parked))
        except (KagamiError, OSError) as failure:
            error = str(failure)
        took = notes.us
        await around.values.put_many(execution.effects)
        marks, deeds = tuple(notes.marks), tuple(notes.deeds)
        return Tried(outcome, plugin or _last(notes), took, marks, deeds, error, answered=execution.answered)

    async def _move_in(self, trial: Trial) -> list[str]:
        """Load a copy of each plugin that would do something with the event; their labels, and why these versions."""
        if self._shadow.scheduler is not None and not self._opened:
            await self._shadow.scheduler.open()
            self._opened = True
        labels, event, lines = [], trial.event, self._shadow.fleet.lines
        for plugin, version in self._wanted(trial):
            line = lines.setdefault(plugin, Line(plugin))
            if line.stable is None or line.stable.version != version:
                line.leaving += [line.stable] if line.stable else []
                line.stable = await self._copy(plugin, version)
            reason = "" if trial.version else self._host.decided.rollouts.choose(plugin, event.bot, event.chat).reason
            labels.append(f"{line.stable.kit.label}: {reason}" if reason else line.stable.kit.label)
        self._shadow.fleet.switch()
        return labels

    def _wanted(self, trial: Trial) -> list[tuple[str, str]]:
        """Plugins with their versions."""
        if trial.only and trial.version:
            return [(self._host.fleet.line(trial.only).id, trial.version)]
        found = self._host.takers_of(trial.event, trial.only, operator=trial.operator)
        return [(each.id, each.version) for each in found]

    async def _copy(self, plugin: str, version: str) -> Active:
        line, around = self._host.fleet.line(plugin), self._shadow.fleet.around
        try:
            found = line.on_disk(version)
        except NotFound:
            serving = line.version(version)
            if serving is None:
                raise
            copy = await around.fit(serving.manifest, serving.plugin)
            await copy.open()
            return copy
        digest = "" if found.builtin else fingerprint(found.folder)
        if reason := self._host.decided.quarantine.refusal(plugin, digest):
            raise LoadError(plugin=plugin, version=version, reason=reason)
        return await activate(found, around)


async def _kept(event: Event, media: Media) -> Event:
    """The event with its embedded images as files of this run."""
    parts = [Image(await media.fetch(each.file)) if isinstance(each, Image) else each for each in event.message]
    return msgspec.structs.replace(event, message=tuple(parts))


def _last(notes: Notes) -> str:
    """Who had it when it ended otherwise than well."""
    found = [each.detail.partition(":")[0] for each in notes.marks if each.stage == "plugin"]
    return found[-1] if found else ""
