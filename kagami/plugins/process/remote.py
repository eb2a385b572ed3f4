"""A child process as a `Plugin`: its declarations, and handlers that hand events over and serve what comes back."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from kagami import errors
from kagami.clock import Clock
from kagami.core.command import Grammar, read_cooldown
from kagami.core.timetable import read_timetable
from kagami.errors import DialogClosed, DialogTimeout, KagamiError, LoadError, Parked, PluginError, Refused
from kagami.i18n import Translate
from kagami.log import Log
from kagami.model.message import Message
from kagami.plugins.config import ProcessConfig
from kagami.plugins.context import Context, Lifetime, Sayable
from kagami.plugins.dialogs import DialogSuspended
from kagami.plugins.manifest import Manifest, is_module
from kagami.plugins.patterns import Pattern
from kagami.plugins.plugin import Command, Handler, Hook, Intent, Job, Plugin, Regular, Watcher
from kagami.plugins.process import dialect, wire
from kagami.plugins.process.border import Border, foreign
from kagami.plugins.process.calls import Call
from kagami.plugins.process.child import Child, fault_of
from kagami.plugins.process.life import Times
from kagami.plugins.process.limits import guest_command, jail_command
from kagami.plugins.process.rights import Rights, of_predecessor
from kagami.plugins.scope import start
from kagami.plugins.settings import Settings
from kagami.plugins.veil import Veil
from kagami.ports import Field

_DEFAULT_TIMES = Times()
_NO_DATA = object()


async def open_child(
    manifest: Manifest,
    folder: Path,
    *,
    config: ProcessConfig,
    settings: Mapping[str, Any],
    work: Path,
    log: Log,
    clock: Clock,
    language: str,
    prefix: str,
    times: Times = _DEFAULT_TIMES,
) -> Child:
    """Start a plugin's process and read what it declares. `LoadError` when it does not get so far.

    `work` is the only folder where it may write; the host sets `child.kit` before the first event.
    """
    argv = jail_command(argv_of(manifest), folder=folder, work=work, config=config)
    child = Child(
        manifest,
        folder,
        argv,
        hello=None if manifest.dialect else wire.Hello(hello_of(manifest, folder, settings, language, prefix)),
        speaks=not manifest.dialect and (is_module(manifest.entry) or not (manifest.events or manifest.intents)),
        work=work,
        config=config,
        times=times,
        clock=clock,
        log=log,
    )
    said = await child.open()
    try:
        child.plugin = Remote(child).plugin(said, settings)
    except (LoadError, ValueError, TypeError) as error:
        await child.close()
        if isinstance(error, LoadError):
            raise
        raise LoadError(plugin=manifest.id, version=manifest.version, reason=str(error)) from None
    return child


def argv_of(manifest: Manifest) -> list[str]:
    """The program of a manifest: an argv, a line that is split like a shell does, or the guest for `module:plugin`.

    `python` is the interpreter that Kagami itself runs on: the one of the system may be another, or none.
    """
    entry = manifest.entry
    if is_module(entry):
        return guest_command()
    program, *arguments = shlex.split(entry) if isinstance(entry, str) else entry
    return [sys.executable if program in ("python", "python3") else program, *arguments]


def hello_of(
    manifest: Manifest, folder: Path, settings: Mapping[str, Any], language: str, prefix: str
) -> wire.HelloPayload:
    return wire.HelloPayload(
        plugin=manifest.id,
        version=manifest.version,
        language=language,
        prefix=prefix,
        settings=dict(settings),
        permissions=manifest.permissions,
        folder=str(folder),
        entry=manifest.entry,
    )


class Typed(NamedTuple):
    """What follows a command's name begins at `end` of `text`."""

    text: str
    end: int


class Verbatim(Grammar):
    """Leaves the words to the child, which knows what it wants."""

    __slots__ = ()

    def __init__(self, usage: str) -> None:
        super().__init__(())
        self.usage = usage

    def read(self, message: Message, text: str, skip: int, t: Translate = str) -> list[Any]:  # noqa: ARG002
        return [Typed(text, skip)]


class Remote:
    """Makes the handlers of one child."""

    def __init__(self, child: Child) -> None:
        manifest = child.manifest
        words = of_predecessor(manifest.permissions) if manifest.dialect else manifest.permissions
        self._child = child
        self._rights = Rights(words, child.log)
        self._border = Border(self._rights)
        self._silent = False
        child.background = self._alone

    def plugin(self, said: wire.ReadyPayload | None, settings: Mapping[str, Any]) -> Plugin[Any]:
        """The declarations of a child, or of its manifest. `ValueError` for words that cannot be read."""
        self._silent = said is None
        ready = said or dialect.declared_by(self._child.manifest)
        kind = settings_class(ready.settings, settings)
        plugin: Plugin[Any] = Plugin(settings=kind, max_age=ready.max_age, state=ready.state)
        declared = plugin.declared
        declared.commands += (self._command(each) for each in ready.commands)
        declared.intents += (
            Intent(Pattern(each.keywords, each.regex), self._handler(f"intent_{each.key}", each.key), each.max_age)
            for each in ready.intents
        )
        declared.watchers += (Watcher(each.event, self._handler("", each.key or each.event)) for each in ready.watchers)
        for job in ready.jobs:
            declared.jobs[job.name] = Job(job.name, self._handler("on_schedule", job.key or job.name), Any)
            if job.timetable is not None:
                declared.regulars.append(Regular(job.name, read_timetable(job.timetable), _missed(job.missed)))
        declared.starts += [self._hook("on_start")] * ready.hooks.start
        declared.stops += [self._hook("on_stop")] * ready.hooks.stop
        declared.climb = self._child.upgrade if ready.hooks.upgrade else None
        return plugin

    def _command(self, spec: wire.CommandSpec) -> Command:
        for name in spec.names:
            if name != name.strip() or len(name.split()) > 1 or not (name or spec.operator):
                raise ValueError(f"{name!r} cannot be a command's name")
        if not spec.names:
            raise ValueError("a command needs a name")
        cooldown = read_cooldown(spec.cooldown) if spec.cooldown else None
        handler = self._handler("command", spec.key or spec.names[0])
        grammar = Verbatim(spec.usage)
        return Command(spec.names, handler, grammar, spec.summary, cooldown, spec.max_age, spec.operator, spec.role)

    def _handler(self, name: str, key: str) -> Handler:
        async def handler(ctx: Context[Any], *args: Any) -> Sayable | None:
            return await self._handle(ctx, name or f"on_{ctx.event.kind}", key, args)

        handler.__qualname__ = handler.__name__ = f"{name or 'on'} {key}"
        # A name of its own: no other plugin's tasks are taken for this one's.
        handler.__module__ = f"process of {self._child.manifest.id}"
        return handler

    def _hook(self, name: str) -> Hook[Any]:
        async def hook(life: Lifetime[Any]) -> None:  # noqa: ARG001 - the child has its own
            if self._child.state == "ready":
                result = await self._child.hook(name)
                if not result.ok:
                    raise self._failure(result.error or wire.Fault())

        hook.__qualname__ = hook.__name__ = name
        return hook

    async def _alone(self, request: wire.Request) -> dict[str, Any]:
        kit = self._child.kit
        if kit is None:
            raise PluginError(plugin=self._child.manifest.id, reason="that is possible after its start only")
        return await self._border.serve_alone(kit, request)

    async def _handle(self, ctx: Context[Any], name: str, key: str, args: Sequence[Any]) -> Sayable | None:
        veil = self._veil(ctx)
        payload = self._payload(ctx, name, key, args, veil)
        tasks: dict[asyncio.Task[None], bool] = {}
        async with self._child.call(name, payload, execution=ctx.event.execution) as call:
            try:
                result = await self._converse(ctx, call, tasks, veil)
                # What it asked for without waiting for the answer is done all the same, but for questions.
                if working := {task for task, asks in tasks.items() if not asks}:
                    await asyncio.wait(working)
            finally:
                await _end(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()
        if result is None:
            return None
        if not result.ok:
            raise self._failure(result.error or wire.Fault())
        return foreign(veil.restored(result.payload.reply))

    async def _converse(
        self, ctx: Context[Any], call: Call, tasks: dict[asyncio.Task[None], bool], veil: Veil
    ) -> wire.Result | None:
        """Serve the child until its last word; None when a child that promised none says nothing more."""
        quiet = min(self._child.times.quiet, self._child.manifest.timeout) if self._silent else None
        deeds = dialect.Deeds(ctx, self._rights, veil)
        while True:
            try:
                async with asyncio.timeout(quiet):
                    item = await call.next()
            except TimeoutError:
                call.over = True
                return None
            if isinstance(item, wire.Result):
                return item
            if isinstance(item, wire.Deeds):
                for response in await deeds.perform(item, call.id):
                    self._child.say(response)
                if not dialect.expects_more(item):
                    call.over = True
                    return None
            else:
                task = start(f"{ctx.event.execution}: {item.name}", self._answer(ctx, call, item, veil))
                tasks[task] = isinstance(item, wire.Ask)

    async def _answer(self, ctx: Context[Any], call: Call, request: wire.Request, veil: Veil) -> None:
        asks = isinstance(request, wire.Ask)
        call.asking += asks
        try:
            self._child.respond(request, await self._border.serve(ctx, request, veil))
        except (DialogSuspended, Parked) as error:
            call.inbox.put_nowait(error)
        except KagamiError as error:
            self._child.respond(request, error=fault_of(error, ctx.t))
        finally:
            call.asking -= asks

    def _veil(self, ctx: Context[Any]) -> Veil:
        """What this event's process may see of it."""
        kit = self._child.kit
        return Veil(kit.privacy if kit else None, ctx.event, "children")

    def _payload(self, ctx: Context[Any], name: str, key: str, args: Sequence[Any], veil: Veil) -> dict[str, Any]:
        execution = ctx.execution
        first = args[0] if args else None
        event, end = veil.outside(ctx.event, first.end if isinstance(first, Typed) else 0)
        payload = dialect.payload_of(event)
        if self._child.manifest.dialect:
            return payload | {"raw": dialect.raw_of(event)} | _as_intent(name, event.text, payload)
        return payload | {
            "handler": key,
            "event": msgspec.to_builtins(event),
            "word": ctx.word,
            "args": event.text[end:].strip(),
            "end": end,
            "groups": {str(group): veil.mask(text) for group, text in ctx.groups.items()},
            "admin": execution.admin is not None,
            "roles": sorted(ctx.roles),
            "attempts": execution.attempts,
            "restarted": execution.restarted,
            "data": None if isinstance(first, Typed) else first,
        }

    def _failure(self, fault: wire.Fault) -> KagamiError:
        """What the child failed with: a word for the person, or an error of the plugin's."""
        kind = vars(errors).get(fault.code)
        if kind is DialogTimeout:
            return DialogTimeout(said=fault.message)
        if isinstance(kind, type) and issubclass(kind, DialogClosed):
            return kind(reason=fault.message)
        if fault.code in ("Refused", "UsageError", "NotFound", "Denied", "Conflict"):
            return Refused(reason=fault.message[:4_000])
        manifest = self._child.manifest
        if fault.trace:
            self._child.log.error("a handler failed in its process", trace=fault.trace)
        return PluginError(plugin=manifest.id, reason=f"{fault.code or 'failed'}: {fault.message[:2_000]}")


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _as_intent(name: str, text: str, source: dict[str, Any]) -> dict[str, Any]:
    if not name.startswith("intent_"):
        return {}
    return {"original_text": text, "intent_name": name.removeprefix("intent_"), "source_event": source}


def _missed(word: str) -> Literal["skip", "once", "all"]:
    if word == "skip":
        return "skip"
    if word == "all":
        return "all"
    if word == "once":
        return "once"
    raise ValueError(f"missed is skip, once or all, not {word!r}")


_TYPES: dict[str, Any] = {"bool": bool, "int": int, "float": float, "text": str, "list": list[Any], "json": Any}


def settings_class(declared: Sequence[Field], given: Mapping[str, Any]) -> type[Settings]:
    """A class of what a child declares, all of it optional here: the child itself judges what it needs.

    One that declares nothing takes what it is given.
    """
    fields = [_setting(each) for each in declared] or [(name, Any, None) for name in given if name.isidentifier()]
    made: type[Any] = msgspec.defstruct("Settings", fields, bases=(Settings,), kw_only=True, forbid_unknown_fields=True)
    return made


def _setting(field: Field) -> tuple[str, Any, Any]:
    if not field.name.isidentifier():
        raise ValueError(f"{field.name!r} cannot be the name of a setting")
    kind = Literal[field.choices] if field.kind == "choice" and field.choices else _TYPES.get(field.kind, Any)
    if (field.least, field.most) != (None, None):
        # On the wire every limit is a float, which no limit of a whole number may be.
        number = int if kind is int else float
        least, most = (None if each is None else number(each) for each in (field.least, field.most))
        kind = Annotated[kind, msgspec.Meta(ge=least, le=most)]
    default: Any = field.default
    return (field.name, kind | None if default is None and kind is not Any else kind, _fresh(default))


def _fresh(default: Any) -> Any:
    """A default that may be changed is made anew each time."""
    if isinstance(default, (list, dict, set)):
        return msgspec.field(default_factory=lambda: type(default)(default))
    return default
