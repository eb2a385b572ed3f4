"""One running version of a plugin, from its start hooks to its last trace."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from kagami.core.breaker import Breaker
from kagami.core.limits import Buckets
from kagami.errors import KagamiError, LoadError, PluginError
from kagami.model.event import Event
from kagami.plugins.contain import contained, describe
from kagami.plugins.context import Kit, Lifetime
from kagami.plugins.frames import brief
from kagami.plugins.inprocess import Crew
from kagami.plugins.listening import open_book
from kagami.plugins.loader import Package
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Command, Hook, Plugin
from kagami.plugins.scope import ended, start
from kagami.plugins.survivors import loose, reckon

if TYPE_CHECKING:
    from kagami.plugins.process.child import Child

NOTICES_PER_MINUTE = 2


class Active:
    """`package` is its code in this process, `child` its own process; a plugin that a test brought has neither."""

    def __init__(
        self,
        manifest: Manifest,
        plugin: Plugin[Any],
        kit: Kit,
        *,
        grace: float,
        package: Package | None = None,
        child: Child | None = None,
        digest: str = "",
        builtin: bool = False,
    ) -> None:
        self.manifest = manifest
        self.plugin = plugin
        self.kit = kit
        self.package = package
        self.child = child
        self.digest = digest
        self.folder = package.folder if package else None
        self.meter = f"plugin {manifest.id}"
        self.builtin = builtin
        self.since_ms = kit.clock.wall_ms()
        self.breaker = Breaker()
        self._last_failure = ""
        self.crew = Crew(kit, manifest.timeout, grace)
        self._cooldowns: dict[Command, tuple[Buckets, Buckets]] = {
            command: (Buckets(limit.amount / limit.seconds, limit.amount), Buckets(NOTICES_PER_MINUTE / 60, 1))
            for command in plugin.declared.commands
            if (limit := command.cooldown)
        }

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def trouble(self) -> str:
        """Why it rests, or did."""
        if self.breaker.reason:
            return f"{self.breaker.reason}\n{self._last_failure}".strip()
        return self.child.reason if self.child else ""

    @property
    def resting(self) -> bool:
        """Whether its events wait: it failed too often, or its process is away."""
        return self.breaker.state == "open" or (self.child is not None and self.child.state != "ready")

    async def open(self) -> None:
        """Run the start hooks. `LoadError` when one fails; what they had started is undone."""
        for each in self._owners:
            open_book(each)
        for hook in self.plugin.declared.starts:
            if problem := await self._hook(hook):
                await self.kit.scope.close()
                raise LoadError(plugin=self.id, version=self.version, reason=f"{hook.__name__}: {problem}")

    async def close(self, drain: float, *, longest: float = 0.0, verify: bool = True) -> list[str]:
        """Let handlers finish, undo everything, forget the code. Tells what survived, with the place that made it.

        Handlers have `drain` seconds, those that wait for a person as long as that takes, at most `longest` seconds.
        """
        survivors = [f"a handler of {self.id} does not end"] * await self.crew.drain(drain, longest)
        for hook in self.plugin.declared.stops:
            if problem := await self._hook(hook):
                survivors.append(f"{hook.__name__}: {problem}")
        survivors += await self.kit.scope.close()
        if self.child is not None:
            await self.child.close()
        left = [await reckon(each, self.crew.tasks, patient=verify) for each in self._owners]
        survivors += (line for each in left for line in each.lines)
        if self.package is not None:
            package, self.package = self.package, None
            self._forget()
            survivors += package.unload(verify=verify, running=any(each.running for each in left))
        for each in survivors:
            self.kit.log.warning("survived the unload", what=each)
        return survivors

    def stray_tasks(self) -> list[str]:
        """Undo what the plugin started behind its scope's back, and name it, with its place.

        A plugin with stop hooks may end all but tasks there, which nobody can foresee.
        """
        held = self.kit.scope.held()
        all_kinds = not self.plugin.declared.stops
        return [line for each in self._owners for line in loose(each, held, self.crew.tasks, all_kinds=all_kinds)]

    def wait_of(self, command: Command, event: Event, now: float) -> tuple[float, bool]:
        """Seconds until the command may be used again, 0 when it just was, and whether to tell so."""
        key, (uses, notices) = _whose(command, event), self._cooldowns[command]
        if uses.take(key, now):
            return 0.0, False
        return uses.wait(key, now), notices.take(key, now)

    def unused(self, command: Command, event: Event) -> None:
        """What `wait_of` had let pass could not be done: it does not count."""
        if command in self._cooldowns:
            self._cooldowns[command][0].give(_whose(command, event))

    def failed(self, error: KagamiError, where: str) -> None:
        """Log what a plugin raised, with its traceback."""
        cause = error.__cause__ or error
        self._last_failure = f"{brief(error)} ({where})"
        self.kit.log.error("handler failed", cause=cause, error=describe(cause), handler=where)

    async def _hook(self, hook: Hook[Any]) -> str:
        """Run a hook within the plugin's limit; what went wrong, or nothing."""
        task = start(f"{self.id}: {hook.__name__}", contained(self.id, hook(Lifetime(self.kit))))
        if not await ended(task, self.manifest.timeout) or task.cancelled():
            return f"it took longer than {self.manifest.timeout:g} s"
        error = task.exception()
        if error is None:
            return ""
        self.kit.log.error("hook failed", cause=error.__cause__ or error, hook=hook.__name__)
        return str(error.details["reason"]) if isinstance(error, PluginError) else str(error)

    @property
    def _owners(self) -> Sequence[str]:
        """The module whose code this is; of a plugin that a test brought, all that its handlers are in."""
        if self.package is not None or self.child is not None:
            return [self.package.name if self.package else "?"]
        declared = self.plugin.declared
        code: list[Any] = [*declared.starts, *declared.stops, *declared.upgrades.values()]
        handled: list[Any] = [*declared.commands, *declared.intents, *declared.watchers, *declared.jobs.values()]
        code += (each.handler for each in handled)
        return sorted({str(each.__module__) for each in code})

    def _forget(self) -> None:
        """Let go of the plugin's own objects, so that what is alive afterwards is held by somebody else."""
        self.plugin = Plugin()
        self.kit.settings = self.plugin.settings()
        self._cooldowns.clear()


def _whose(command: Command, event: Event) -> Hashable:
    """Who has a cooldown of their own."""
    whose = command.cooldown.whose if command.cooldown else "user"
    return {"user": (event.bot, event.user), "chat": (event.bot, event.chat), "global": ""}[whose]
