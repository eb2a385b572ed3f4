"""The plugin host: finds plugins, runs events through them, replaces them while they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kagami.clock import Clock
from kagami.errors import KagamiError, UsageError
from kagami.i18n import Translate
from kagami.meters import Meters
from kagami.model.action import Send
from kagami.model.message import text
from kagami.plugins.activate import Surroundings
from kagami.plugins.active import Active
from kagami.plugins.config import PluginsConfig
from kagami.plugins.context import Context
from kagami.plugins.dialogs import Desk
from kagami.plugins.fleet import Fleet
from kagami.plugins.inprocess import GRACE_S, Run
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Command, Handler, Intent, Plugin
from kagami.plugins.table import OPERATOR, Choice
from kagami.plugins.values import Values
from kagami.ports import Execution, Handled, PluginRow, ReloadRow

MAX_AGE_S = 120.0
_NOBODY = Handled()


class Host:
    """Implements `ports.Runtime` and `ports.Plugins`. `folder` is where plugins are looked for."""

    def __init__(
        self,
        config: PluginsConfig,
        *,
        store: Values,
        clock: Clock,
        meters: Meters,
        dialogs: Desk,
        folder: Path | None,
        translate: Translate = str,
        prefix: str = "/",
        grace: float = GRACE_S,
    ) -> None:
        self._clock = clock
        self._meters = meters
        self.t = translate
        around = Surroundings(
            values=store,
            clock=clock,
            desk=dialogs,
            translate=translate,
            catalogue=lambda: self._fleet.table.lines,
            settings=config.settings,
            grace=grace,
        )
        self._folder = folder
        self._fleet = Fleet(around, meters, prefix)
        dialogs.is_command = lambda event: self._fleet.table.is_command(event, prefix)

    async def __aenter__(self) -> Self:
        """Load what is there, if there is a folder. A plugin that cannot be loaded is listed and stops nobody else."""
        if self._folder:
            await self._fleet.open(self._folder)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> list[str]:
        """Unload everything. Tells what survived, with the place that made it."""
        return await self._fleet.close()

    def strays(self) -> list[str]:
        """Tasks that plugins started behind their scopes' backs, with their place; they are cancelled."""
        return self._fleet.strays()

    async def adopt(self, manifest: Manifest, plugin: Plugin[Any]) -> Active:
        """Serve a plugin that is no folder, as tests do."""
        return await self._fleet.adopt(manifest, plugin)

    def rows(self) -> list[PluginRow]:
        return self._fleet.rows()

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        return await self._fleet.reload(plugin)

    def blame(self, frames: Sequence[str]) -> str:
        """`frames` are file names, the innermost last. May be called from any thread."""
        return self._fleet.blame(frames)

    def wants(self, execution: Execution) -> bool:
        table, event = self._fleet.table, execution.event
        if event.kind == "message":
            operator = execution.admin is not None
            if table.choose(event, execution.prefix, operator=operator) is not None:
                return True
        return bool(table.watchers(event))

    async def handle(self, execution: Execution) -> Handled:
        """The command or intent first, then everybody who asked for events of this kind.

        A failure of the event's own handler (the command, the intent, or the only one who asked) is raised, so that
        the event is tried again. That of one of several who watch is logged and counted, and disturbs nobody.
        """
        event = execution.event
        handled = _NOBODY
        if event.kind == "message":
            operator = execution.admin is not None
            choice = self._fleet.table.choose(event, execution.prefix, operator=operator)
            if choice is not None:
                handled = await self._serve(choice, execution)
        watchers = self._fleet.table.watchers(event)
        return await self._tell(watchers, execution, handled) if watchers else handled

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
        await self._run(active, command.handler, ctx, args, execution)
        return Handled(label, "handled")

    async def _intent(self, active: Active, intent: Intent, execution: Execution) -> Handled:
        label = active.kit.label
        if not execution.attempts and self._too_old(active, intent.max_age, execution):
            return Handled(label, "late")
        ctx: Context[Any] = Context(active.kit, execution, groups=intent.pattern.groups(execution.event.text))
        await self._run(active, intent.handler, ctx, [], execution)
        return Handled(label, "handled")

    async def _tell(self, watchers: list[tuple[Active, Handler]], execution: Execution, handled: Handled) -> Handled:
        alone = len(watchers) == 1 and not handled.plugin
        for active, _ in watchers:
            active.crew.busy += 1
        try:
            for active, handler in watchers:
                ctx: Context[Any] = Context(active.kit, execution)
                forget = execution.savepoint()
                try:
                    await self._run(active, handler, ctx, [], execution)
                except KagamiError:
                    if alone:
                        raise
                    forget()
                if not handled.plugin and (ctx.acted or execution.staged(active.id)):
                    handled = Handled(active.kit.label, "handled")
        finally:
            for active, _ in watchers:
                active.crew.release()
        return handled

    async def _run(
        self, active: Active, handler: Handler, ctx: Context[Any], args: list[Any], execution: Execution
    ) -> None:
        execution.mark("plugin", active.kit.label)
        started = self._clock.monotonic()
        run = Run(active.crew, handler, ctx, args)
        try:
            await run.finish(handler.__qualname__)
        except KagamiError as error:
            self._meters.count["plugin failed", active.id] += 1
            active.failed(error, handler.__qualname__)
            raise
        self._meters.count["plugin handled", active.id] += 1
        self._meters.latency[active.meter].observe(self._clock.monotonic() - started - run.waited)

    def _too_old(self, active: Active, max_age: float | None, execution: Execution) -> bool:
        if max_age is None:
            max_age = MAX_AGE_S if active.plugin.max_age is None else active.plugin.max_age
        time_ms = execution.event.time_ms
        return bool(time_ms) and self._clock.wall_ms() - time_ms > max_age * 1000

    async def _cooling(self, active: Active, command: Command, execution: Execution) -> bool:
        """Whether the command was used too often; it is said now and then."""
        event, whose = execution.event, command.cooldown.whose if command.cooldown else "user"
        key = {"user": (event.bot, event.user), "chat": (event.bot, event.chat), "global": ""}[whose]
        seconds, tell = active.wait_of(command, key, self._clock.monotonic())
        if seconds and tell:
            await _say(execution, self.t("Not so fast: try again in {seconds} s.").format(seconds=int(seconds) + 1))
        return bool(seconds)

    def _usage(self, command: Command, word: str, execution: Execution) -> str:
        sign = OPERATOR if command.operator else execution.prefix
        return self.t("Usage: {usage}").format(usage=f"{sign}{word} {command.grammar.usage}".rstrip())


async def _say(execution: Execution, what: str) -> None:
    """A notice of the host itself. That it could not be sent is in the trace, and changes nothing."""
    event = execution.event
    await execution.perform(Send(event.bot, event.chat, text(what)))
