"""The version of a plugin that a child runs: loaded, declared to the host, found again by the keys of its handlers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.core.command import Cooldown
from kagami.errors import PluginError, UsageError
from kagami.i18n import translator
from kagami.plugins.contain import contained
from kagami.plugins.context import Context
from kagami.plugins.dialogs import Desk
from kagami.plugins.inprocess import Crew, Run
from kagami.plugins.kit import Kit
from kagami.plugins.loader import Package
from kagami.plugins.plugin import Command, Handler, Hook, Plugin
from kagami.plugins.process import wire
from kagami.plugins.process.guest_context import GuestContext
from kagami.plugins.process.guest_execution import GuestExecution
from kagami.plugins.process.guest_kit import GuestHttp, GuestLifetime, Line, PipeValues
from kagami.plugins.process.guest_pipe import Pipe
from kagami.plugins.scope import Scope
from kagami.plugins.settings import fields, read_settings

OPERATOR = "#"
# The host counts a handler's time, which stands still while it waits for people.
NO_LIMIT_S = 1e9


class Version:
    """`plugin` as its author wrote it, with a kit whose every part is a request to the host."""

    def __init__(self, hello: wire.HelloPayload, plugin: Plugin[Any], pipe: Pipe) -> None:
        voice = log.get(hello.plugin)
        clock = SystemClock()
        self._hello = hello
        self._pipe = pipe
        self._line = Line(pipe)
        self.plugin = plugin
        self.kit = Kit(
            hello.plugin,
            hello.version,
            settings=read_settings(plugin.settings, hello.settings, hello.plugin),
            scope=Scope(hello.plugin, voice),
            log=voice,
            desk=Desk(clock),
            values=PipeValues(self._line),
            clock=clock,
            translate=translator(hello.language),
            language=hello.language,
            catalogue=tuple,
            http=GuestHttp(self._line),
        )
        self._crew = Crew(self.kit, NO_LIMIT_S)
        declared = plugin.declared
        self._commands = {f"command {place}": each for place, each in enumerate(declared.commands)}
        self._intents = {f"intent {place}": each for place, each in enumerate(declared.intents)}
        self._watchers = {f"watcher {place}": each for place, each in enumerate(declared.watchers)}
        self._jobs = {f"job {name}": each for name, each in declared.jobs.items()}
        self._stopped = not declared.stops

    def ready(self) -> wire.ReadyPayload:
        """All that the host has to know of it."""
        declared = self.plugin.declared
        regulars = {each.job: each for each in declared.regulars}
        jobs = []
        for key, job in self._jobs.items():
            regular = regulars.get(job.name)
            row = wire.JobSpec(name=job.name, key=key)
            if regular is not None:
                row = wire.JobSpec(name=job.name, key=key, timetable=regular.timetable.text, missed=regular.missed)
            jobs.append(row)
        return wire.ReadyPayload(
            commands=tuple(_command(key, each, self._hello.language) for key, each in self._commands.items()),
            intents=tuple(
                wire.IntentSpec(key=key, regex=each.pattern.source, max_age=each.max_age)
                for key, each in self._intents.items()
            ),
            watchers=tuple(wire.WatcherSpec(event=each.event, key=key) for key, each in self._watchers.items()),
            jobs=tuple(jobs),
            settings=tuple(fields(self.plugin.settings, self._hello.settings)),
            state=self.plugin.state,
            max_age=self.plugin.max_age,
            hooks=wire.Hooks(bool(declared.starts), bool(declared.stops), bool(declared.upgrades)),
        )

    async def serve(self, call: wire.Event) -> wire.ResultPayload:
        """Do what a call asks for. A `KagamiError` when that failed, a `ValueError` or `KeyError` for a wrong call."""
        match call.name:
            case "on_start":
                await self._hooks(self.plugin.declared.starts)
            case "on_stop":
                await self.stop()
            case "on_upgrade":
                return await self._upgrade(call.payload)
            case _:
                await self._handle(call)
        return wire.ResultPayload()

    async def stop(self) -> None:
        """Run the stop hooks, once."""
        if not self._stopped:
            self._stopped = True
            await self._hooks(self.plugin.declared.stops)

    async def close(self) -> list[str]:
        """Undo all that the plugin started; what survived."""
        return await self.kit.scope.close()

    async def _hooks(self, hooks: Sequence[Hook[Any]]) -> None:
        for hook in hooks:
            await contained(self.kit.plugin, hook(GuestLifetime(self.kit, self._line)))

    async def _upgrade(self, payload: Mapping[str, Any]) -> wire.ResultPayload:
        """One stored value, `{state, key, value}`, through all upgrades from its state to this version's."""
        given = payload["data"]
        source, start = int(given["state"]), (str(given["key"]), given.get("value"))

        async def walk() -> tuple[str, Any] | None:
            pair: tuple[str, Any] | None = start
            for state, upgrade in sorted(self.plugin.declared.upgrades.items()):
                if pair is not None and state >= source:
                    pair = upgrade(*pair)
            return pair

        return wire.ResultPayload(upgraded=await contained(self.kit.plugin, walk()))

    async def _handle(self, call: wire.Event) -> None:
        line = Line(self._pipe, call.id)
        execution = GuestExecution(line, call.payload, self._hello.prefix)
        kit = copy.copy(self.kit)
        kit.values, kit.http = PipeValues(line), GuestHttp(line)
        roles = frozenset(map(str, call.payload.get("roles") or ()))
        kit.roles = lambda _: roles
        ctx: Context[Any] = GuestContext(kit, execution, word=str(call.payload.get("word") or ""), groups=_groups(call))
        try:
            handler, args = self._find(call, execution)
        except UsageError as error:
            command = self._commands[call.payload["handler"]]
            await ctx.reply(f"{error.text(ctx.t)}\n{self._usage(command, ctx.word)}")
            return
        try:
            await Run(self._crew, handler, ctx, args).finish(handler.__qualname__)
            await execution.flush()
        finally:
            line.event = ""

    def _find(self, call: wire.Event, execution: GuestExecution) -> tuple[Handler, list[Any]]:
        """Who is called, with what arguments. `UsageError` for words that do not fit a command."""
        key, payload = str(call.payload.get("handler") or ""), call.payload
        if (command := self._commands.get(key)) is not None:
            return command.handler, self._words(command, payload, execution)
        if (job := self._jobs.get(key)) is not None:
            return job.handler, [] if job.kind is None else [msgspec.convert(payload.get("data"), job.kind)]
        for one in (self._intents.get(key), self._watchers.get(key)):
            if one is not None:
                return one.handler, []
        raise PluginError(plugin=self.kit.plugin, reason=f"there is no handler {key!r} for {call.name}")

    def _words(self, command: Command, payload: Mapping[str, Any], execution: GuestExecution) -> list[Any]:
        text = execution.event.text
        if not payload.get("word"):
            return [text]
        return command.grammar.read(execution.event.message, text, int(payload.get("end") or 0), self.kit.translate)

    def _usage(self, command: Command, word: str) -> str:
        sign = OPERATOR if command.operator else self._hello.prefix
        return self.kit.translate("Usage: {usage}").format(usage=f"{sign}{word} {command.grammar.usage}".rstrip())


async def load(hello: wire.HelloPayload, pipe: Pipe) -> Version:
    """Import the plugin of a `hello`. A `KagamiError` when it cannot serve."""

    async def work() -> Plugin[Any]:
        plugin = Package(hello.plugin, Path(hello.folder)).load(str(hello.entry))
        if not isinstance(plugin, Plugin):
            raise TypeError(f"{hello.entry} is {type(plugin).__name__}, not a kagami.plugins.api.Plugin")
        return plugin

    return Version(hello, await contained(hello.plugin, work()), pipe)


def _command(key: str, command: Command, language: str) -> wire.CommandSpec:
    return wire.CommandSpec(
        names=command.names,
        key=key,
        usage=command.grammar.usage,
        summary=command.summary_in(language),
        cooldown=_cooldown(command.cooldown),
        max_age=command.max_age,
        role=command.role,
        operator=command.operator,
    )


def _cooldown(limit: Cooldown | None) -> str:
    return f"{limit.amount}/{limit.seconds}s/{limit.whose}" if limit else ""


def _groups(call: wire.Event) -> dict[int | str, str]:
    """JSON has only texts as keys: numbers are numbers again."""
    given = call.payload.get("groups") or {}
    return {int(key) if key.isdecimal() else key: str(value) for key, value in given.items()}
