"""The plugin host, as the pipeline sees it: which plugin gets an event, and how its handler is run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from kagami.clock import Clock
from kagami.core.roles import held, may
from kagami.core.scopes import identity
from kagami.errors import KagamiError, Parked, PluginError, StoreClosed, StoreSlow, UsageError
from kagami.i18n import Translate
from kagami.meters import Meters
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.message import text
from kagami.plugins.activate import Surroundings
from kagami.plugins.active import Active
from kagami.plugins.agenda import JOBS
from kagami.plugins.config import PluginsConfig
from kagami.plugins.context import Context
from kagami.plugins.decisions import Decisions
from kagami.plugins.dialogs import Desk, asked_by
from kagami.plugins.fleet import Fleet
from kagami.plugins.inprocess import GRACE_S, Run
from kagami.plugins.jobs import CLOCK_BOT
from kagami.plugins.judging import Judge
from kagami.plugins.manifest import Manifest
from kagami.plugins.office import Office
from kagami.plugins.plugin import Command, Handler, Intent, Job, Plugin
from kagami.plugins.schedule import Scheduler, job_of
from kagami.plugins.table import OPERATOR, Choice, Table
from kagami.plugins.values import Values
from kagami.ports import Execution, Handled, Media, Privacy, Reach

MAX_AGE_S = 120.0
# How long an event waits before it looks again whether its plugin is there.
ABSENT_S = 60.0
GUARD_S = 1.0
CONSOLE_USER = "sandbox:10001"
_NOBODY = Handled()


class Host:
    """Implements `ports.Runtime` and `ports.Suspects`. `folder` is where plugins are looked for."""

    def __init__(
        self,
        config: PluginsConfig,
        *,
        store: Values,
        clock: Clock,
        meters: Meters,
        dialogs: Desk,
        folder: Path | None,
        work: Path,
        translate: Translate = str,
        language: str = "en",
        prefix: str = "/",
        admins: Collection[str] = (),
        grace: float = GRACE_S,
        scheduler: Scheduler | None = None,
        http: Reach | None = None,
        media: Media | None = None,
        privacy: Privacy | None = None,
    ) -> None:
        self._clock = clock
        self._config = config
        # Whoever sits at the console may do all.
        self._admins = frozenset(admins) | {CONSOLE_USER}
        self.t = translate
        self.scheduler = scheduler
        around = Surroundings(
            values=store,
            clock=clock,
            desk=dialogs,
            translate=translate,
            catalogue=lambda: self.fleet.lineup.table.lines,
            roles=self._roles,
            config=config,
            grace=grace,
            work=work,
            prefix=prefix,
            language=language,
            scheduler=scheduler,
            http=http,
            media=media,
            privacy=privacy,
        )
        self._folder = folder
        self._values = store
        self.decided = Decisions(store, clock)
        self.fleet = Fleet(around, self.decided, prefix)
        self.office = Office(self.fleet, meters)
        # Versions that events of before a restart go on with, by execution.
        self._brought: dict[str, tuple[str, str]] = {}
        self._judge = Judge(self.fleet, clock, meters)
        dialogs.is_command = self._is_command
        dialogs.is_operator = self._is_operator

    async def __aenter__(self) -> Self:
        """Load what is there, if there is a folder. A plugin that cannot be loaded is listed and stops nobody else."""
        if self._folder:
            await self.fleet.open(self._folder)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def configure(self, config: PluginsConfig, *, prefix: str, admins: Collection[str], language: str) -> None:
        """Go on with other settings than the plugins' own, which `office.configure` changes."""
        self._config, self._admins = config, frozenset(admins) | {CONSOLE_USER}
        await self.office.retune(config, prefix=prefix, language=language)

    async def started(self) -> None:
        """Until every plugin has started or failed: slow ones do so while others serve already."""
        await self.fleet.starting.ended()

    async def close(self) -> list[str]:
        """Unload everything. Tells what survived, with the place that made it."""
        return await self.fleet.close()

    def strays(self) -> list[str]:
        """Tasks that plugins started behind their scopes' backs, with their place; they are cancelled."""
        return self.fleet.strays()

    async def adopt(self, manifest: Manifest, plugin: Plugin[Any]) -> Active:
        """Serve a plugin that is no folder, as tests do; a second one takes the place of the first."""
        return await self.fleet.adopt(manifest, plugin)

    def blame(self, frames: Sequence[str]) -> str:
        """`frames` are file names, the innermost last. May be called from any thread."""
        return self.fleet.suspects.blame(frames)

    def blamed(self, plugin: str, seconds: float) -> None:
        """May be called from any thread."""
        self.decided.quarantine.blamed(plugin, seconds)

    async def guard(self) -> None:
        """Make the watchdog's word stick, for ever: who held up everything too often is left alone from then on."""
        while True:
            await self._judge.sentence()
            await self._clock.sleep(GUARD_S)

    def wants(self, execution: Execution) -> bool:
        event = execution.event
        # Who asked before the restart may serve nobody else now, and who is being started may serve anybody.
        if event.kind == "schedule" or execution.restarted or self.fleet.starting.first:
            return True
        table = self.fleet.table(event, only=execution.only)
        if event.kind == "message":
            operator = execution.admin is not None
            if table.choose(event, execution.prefix, operator=operator) is not None:
                return True
        return bool(table.watchers(event))

    def serves(self, plugin: str) -> bool:
        return plugin in self.fleet.lineup.stable

    @property
    def admins(self) -> Collection[str]:
        """Users that may do all."""
        return self._admins

    def takers(self, event: Event, only: str = "") -> list[str]:
        return [each.kit.label for each in self.takers_of(event, only, operator=self._is_operator(event))]

    def takers_of(self, event: Event, only: str = "", *, operator: bool = False) -> list[Active]:
        """Who would do something with an event, the command's or the intent's owner first."""
        table, prefix = self.fleet.table(event, only=only), self.fleet.around.prefix
        choice = table.choose(event, prefix, operator=operator) if event.kind == "message" else None
        found = [active for active, _ in table.watchers(event)]
        return list({each.id: each for each in ([choice.active] if choice else []) + found}.values())

    async def handle(self, execution: Execution) -> Handled:
        """The command or intent first, then everybody who asked for events of this kind.

        A failure of the event's own handler (the command, the intent, or the only one who asked) is raised, so that
        the event is tried again. That of one of several who watch is logged and counted, and disturbs nobody.
        """
        event = execution.event
        try:
            handled = await (self._scheduled(execution) if event.kind == "schedule" else self._arrived(execution))
        finally:
            if (asked := self._brought.pop(event.execution, None)) is not None:
                self.fleet.own("part", self.fleet.part(*asked))
        if self.scheduler is not None and (jobs := execution.staged(JOBS)):
            self.scheduler.changed(jobs)
        return handled

    async def _arrived(self, execution: Execution) -> Handled:
        event = execution.event
        table = await self._table(execution)
        handled, choice = _NOBODY, None
        if event.kind == "message":
            choice = table.choose(event, execution.prefix, operator=execution.admin is not None)
            if choice is not None:
                # It may be a `#reload`, or a dialog of minutes: meanwhile this must not hold versions that are let go.
                del table
                handled = await self._serve(choice, execution)
                table = await self._table(execution)
        watchers = table.watchers(event)
        if choice is None and (not watchers or event.text.startswith(execution.prefix)):
            # Nobody's now, and perhaps of somebody who is only being started.
            self.fleet.starting.check(self.fleet.starting.first)
        return await self._tell(watchers, execution, handled) if watchers else handled

    async def _table(self, execution: Execution) -> Table:
        """Who serves this event: a dialog that outlived a restart goes on with the version that asked."""
        event = execution.event
        asked = await asked_by(self._values, event.execution) if execution.restarted else None
        if asked is not None and await self.fleet.bring(*asked):
            self._brought[event.execution] = asked
            return self.fleet.table_with(*asked, event, execution)
        return self.fleet.table(event, execution, only=execution.only)

    def _is_operator(self, event: Event) -> bool:
        """Whether it is a `#` command of somebody who may give one."""
        sign, word = event.text[:1], event.text[1:2]
        return sign == OPERATOR and word.isalpha() and identity(event) in self._admins

    def _is_command(self, event: Event) -> bool:
        return self.fleet.table(event).is_command(event, self.fleet.around.prefix)

    async def _serve(self, choice: Choice, execution: Execution) -> Handled:
        active, command, intent = choice.active, choice.command, choice.intent
        crew = active.crew
        crew.busy += 1
        try:
            if command is not None:
                return await self._command(active, command, choice, execution)
            return await self._intent(active, intent, execution) if intent else _NOBODY
        finally:
            crew.release()

    async def _command(self, active: Active, command: Command, choice: Choice, execution: Execution) -> Handled:
        label = active.kit.label
        event = execution.event
        if not execution.attempts:
            if self._too_old(active, command.max_age, execution):
                return Handled(label, "late")
            if not self._may(active, command, event):
                await _say(execution, self.t("You may not use this command."))
                return Handled(label, "denied")
            if command.cooldown is not None and await self._cooling(active, command, execution):
                return Handled(label, "limited")
        try:
            args = (
                command.grammar.read(event.message, choice.text, choice.end, self.t) if choice.word else [choice.text]
            )
        except UsageError as error:
            await _say(execution, f"{error.text(self.t)}\n{self._usage(command, choice.word, execution)}")
            return Handled(label, "handled")
        ctx: Context[Any] = Context(active.kit, execution, word=choice.word)
        try:
            await self._run(active, command.handler, ctx, args, execution)
        except Parked:
            if not execution.attempts:
                active.unused(command, event)
            raise
        return Handled(label, "handled")

    async def _intent(self, active: Active, intent: Intent, execution: Execution) -> Handled:
        label = active.kit.label
        if not execution.attempts and self._too_old(active, intent.max_age, execution):
            return Handled(label, "late")
        ctx: Context[Any] = Context(active.kit, execution, groups=intent.pattern.groups(execution.event.text))
        await self._run(active, intent.handler, ctx, [], execution)
        return Handled(label, "handled")

    async def _scheduled(self, execution: Execution) -> Handled:
        """Something that a plugin has scheduled is due: it waits for its plugin where that is not there."""
        call = job_of(execution.event)
        if execution.event.bot == CLOCK_BOT:
            line = self.fleet.lines.get(call.plugin)
            active = line.with_job(call.job) if line else None
        else:
            active = (await self._table(execution)).by_id.get(call.plugin)
        job = active.plugin.declared.jobs.get(call.job) if active else None
        if active is None or job is None:
            raise Parked(plugin=call.plugin, reason=f"it has no job named {call.job} now", seconds=ABSENT_S)
        active.crew.busy += 1
        try:
            ctx: Context[Any] = Context(active.kit, execution)
            await self._run(active, job.handler, ctx, _arguments(active, job, call.data), execution)
        finally:
            active.crew.release()
        return Handled(active.kit.label, "handled")

    async def _tell(self, watchers: list[tuple[Active, Handler]], execution: Execution, handled: Handled) -> Handled:
        alone = len(watchers) == 1 and not handled.plugin
        for active, _ in watchers:
            active.crew.busy += 1
        try:
            for active, handler in watchers:
                acted = await self._watch(active, handler, execution, alone=alone)
                if acted and not handled.plugin:
                    handled = Handled(active.kit.label, "handled")
        finally:
            for active, _ in watchers:
                active.crew.release()
        return handled

    async def _watch(self, active: Active, handler: Handler, execution: Execution, *, alone: bool) -> bool:
        """Whether it did anything about the event."""
        ctx: Context[Any] = Context(active.kit, execution)
        forget = execution.savepoint()
        try:
            await self._run(active, handler, ctx, [], execution)
        except KagamiError as error:
            # One that rests among others misses this event; one that was stopped while it asked goes on later.
            waits = isinstance(error, StoreClosed | StoreSlow) or (isinstance(error, Parked) and not error.seconds)
            if alone or waits:
                raise
            forget()
        return ctx.acted or bool(execution.staged(active.kit.namespace))

    async def _run(
        self, active: Active, handler: Handler, ctx: Context[Any], args: list[Any], execution: Execution
    ) -> None:
        started = self._clock.monotonic()
        self._judge.admit(active, started)
        execution.mark("plugin", active.kit.label + self._why(active, execution.event))
        run = Run(active.crew, handler, ctx, args)
        try:
            await run.finish(handler.__qualname__)
        except (Parked, StoreClosed, StoreSlow):
            raise  # none of that is its fault
        except KagamiError as error:
            active.failed(error, handler.__qualname__)
            # One event that fails again and again tells no more than once.
            if not execution.attempts or active.breaker.state != "closed":
                self._judge.note(active, started + run.waited, failed=True)
            raise
        self._judge.note(active, started + run.waited, failed=False)

    def _why(self, active: Active, event: Event) -> str:
        """Why this version, where chats get different ones: a dialog that outlived a restart goes by no choice."""
        chosen = self.decided.rollouts.choose(active.id, event.bot, event.chat)
        if not chosen.reason:
            return ""
        stable = self.fleet.lineup.stable.get(active.id)
        of_choice = active.version == chosen.version if chosen.version else active is stable
        return f": {chosen.reason}" if of_choice else ""

    def _may(self, active: Active, command: Command, event: Event) -> bool:
        needed = self._config.roles.get(active.id, {}).get(command.names[0], command.role)
        return may(event, needed, supers=self._admins, custom=self.decided.roles.users)

    def _roles(self, event: Event) -> frozenset[str]:
        return held(event, supers=self._admins, custom=self.decided.roles.users)

    def _too_old(self, active: Active, max_age: float | None, execution: Execution) -> bool:
        # It was in time when it was begun; a dialog may take long.
        if execution.replays or execution.event.execution in self._brought:
            return False
        if max_age is None:
            max_age = MAX_AGE_S if active.plugin.max_age is None else active.plugin.max_age
        time_ms = execution.event.time_ms
        age_s = (self._clock.wall_ms() - time_ms) / 1000 if time_ms else 0.0
        if age_s > max_age:
            execution.mark("late", f"it was {age_s:.0f} s old, and {active.kit.label} takes {max_age:.0f} s")
        return age_s > max_age

    async def _cooling(self, active: Active, command: Command, execution: Execution) -> bool:
        """Whether the command was used too often; it is said now and then."""
        seconds, tell = active.wait_of(command, execution.event, self._clock.monotonic())
        if seconds and tell:
            await _say(execution, self.t("Not so fast: try again in {seconds} s.").format(seconds=int(seconds) + 1))
        return bool(seconds)

    def _usage(self, command: Command, word: str, execution: Execution) -> str:
        sign = OPERATOR if command.operator else execution.prefix
        return self.t("Usage: {usage}").format(usage=f"{sign}{word} {command.grammar.usage}".rstrip())


def _arguments(active: Active, job: Job, given: Any) -> list[Any]:
    """The job's data as its handler wants it."""
    if job.kind is None:
        return []
    try:
        return [given if job.kind is Any else msgspec.convert(given, job.kind, strict=False)]
    except msgspec.ValidationError as error:
        raise PluginError(plugin=active.id, reason=f"the data of the job {job.name} does not fit: {error}") from None


async def _say(execution: Execution, what: str) -> None:
    """A notice of the host itself. That it could not be sent is in the trace, and changes nothing."""
    event = execution.event
    await execution.perform(Send(event.bot, event.chat, text(what)))
