"""All running versions: which one serves whom, and how one takes another's place.

A change of a plugin is always the same walk: load beside what serves, check, switch new conversations, let the old
version end with its last one, undo it, verify that nothing of it stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from kagami import log
from kagami.errors import KagamiError, LoadError, NotFound
from kagami.i18n import mark
from kagami.model.event import Event
from kagami.plugins.activate import Surroundings, activate
from kagami.plugins.active import Active
from kagami.plugins.decisions import Chats, Decisions, no_chats
from kagami.plugins.line import Line
from kagami.plugins.lineup import Lineup
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.scope import start
from kagami.plugins.starting import SOON_S, Starting
from kagami.plugins.state import merge
from kagami.plugins.stock import OwnStock, Stock, look
from kagami.plugins.suspects import Suspects
from kagami.plugins.table import Table
from kagami.plugins.versions import Found, Shelf, Unsound, discover, fingerprint
from kagami.ports import Execution, ReloadRow

BUILTIN = Path(__file__).parent / "builtin"
# Handlers of a version that was replaced have so long, dialogs as long as somebody may still answer.
DRAIN_S = 30.0
LONGEST_DIALOG_S = 600.0
# How long an operator who changes something waits to hear that the old version is gone.
SETTLE_S = 2.0
VERIFY_S = 15.0
# At the end of the process, for all plugins together; handlers had their time before.
CHANGE_LIMIT_S, CLOSE_LIMIT_S = 1.0, 3.0
_log = log.get("plugins")

Result = TypeVar("Result")
# Level, kind, text, fields: as of `ports.Notice`.
Tell = Callable[..., None]


class Fleet:
    """`lineup` is a snapshot, replaced whole; whoever reads it sees the old or the new, never half."""

    def __init__(self, around: Surroundings, decided: Decisions, prefix: str) -> None:
        self.around = around
        self.decided = decided
        self.folder: Path | None = None
        self.lines: dict[str, Line] = {}
        self.tell: Tell = lambda *_, **__: None
        self.changed: Callable[[str], None] = lambda _: None
        self.chats: Chats = no_chats
        self.stock: Stock = OwnStock()
        self.changing = asyncio.Lock()
        around.prefix = prefix
        self.suspects = Suspects()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.starting = Starting(
            decided, make=self._try, wanted=self._wanted, settle=self._settle, changing=self.changing
        )
        self.switch()

    async def open(self, folder: Path) -> None:
        """Load the built-in plugins and those of `folder`. What cannot be loaded is listed and stops nobody else."""
        self.folder = folder
        await self.decided.open()
        for found in discover(BUILTIN, builtin=True).versions.values():
            self._line(found[0].manifest.id).found = found
            self._line(found[0].manifest.id).builtin = True
        self._take(await look(self.stock, folder), self.lines)
        async with self.changing:
            for line in list(self.lines.values()):
                if line.builtin:
                    await self._settle(line, fresh=True)
            own = {line.id: line for line in self.lines.values() if line.found and not line.builtin}
            slow = [own.pop(line.id) for line in list(own.values()) if self.starting.is_slow(line)]
            await self.starting.run(own)
        for line in slow:
            self.starting.begin(line, self.own, lambda plugin: self.changed(plugin))  # noqa: PLW0108 - set later
        await self.starting.ended(SOON_S)
        active = sum(line.stable is not None for line in self.lines.values())
        _log.info("plugins are loaded", active=active, failed=sum(bool(line.failed) for line in self.lines.values()))

    async def close(self) -> list[str]:
        """Stop all, the newest first, within a limit for all of them. Tells what survived."""
        leaving = [each for line in self.lines.values() for each in line.leaving]
        for task in self._tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CHANGE_LIMIT_S):
                await self.changing.acquire()  # for good: what is being changed ends, and nobody begins to
        for line in self.lines.values():
            leaving += line.running
            line.stable, line.others = None, {}
        self.switch()
        survivors: list[str] = []
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self.starting.close()
                while leaving:
                    survivors += await leaving[-1].close(0.0, verify=False)
                    leaving.pop()
        except TimeoutError:
            survivors += [f"{active.id} was not closed in time" for active in reversed(leaving)]
            _log.warning("plugins do not end", plugins=", ".join(active.id for active in leaving))
        return survivors

    def strays(self) -> list[str]:
        return [each for line in self.lines.values() for active in line.running for each in active.stray_tasks()]

    def line(self, plugin: str) -> Line:
        """`NotFound` when nothing is known of it."""
        found = self.lines.get(plugin)
        if found is None or not found.known:
            raise NotFound(what="plugin", name=plugin)
        return found

    def table(self, event: Event, execution: Execution | None = None, *, only: str = "") -> Table:
        """Who serves a chat, or this plugin alone. With `execution` the choice counts: it is kept with the event."""
        if not (self.decided.varied or only):
            return self.lineup.table
        variation = self.decided.variation(event, execution)
        return self.lineup.varied(variation, only) if variation or only else self.lineup.table

    def table_with(self, plugin: str, version: str, event: Event, execution: Execution) -> Table:
        """The chat's table with this version, if it runs, in its plugin's place."""
        others = {**dict(self.decided.variation(event, execution)), plugin: version}
        return self.lineup.varied(tuple(sorted(others.items())))

    async def adopt(self, manifest: Manifest, plugin: Plugin[Any]) -> Active:
        """Serve a plugin that is no folder, in the place of the version before."""
        active = await self.around.fit(manifest, plugin)
        await active.open()
        async with self.changing:
            line = self._line(manifest.id)
            leaving, line.stable = line.running, active
            self.switch()
            await self._serves(line)
            await self._retire(line, leaving, wait=0.0)
        return active

    async def bring(self, plugin: str, version: str) -> bool:
        """Run a version beside the others for a conversation that is its own; whether it runs."""
        async with self.changing:
            self.starting.check(plugin)
            line = self.lines.get(plugin)
            if line is None or self.decided.switches.is_off_everywhere(plugin):
                return False
            if line.version(version) is not None:
                return True
            try:
                found = line.on_disk(version)
            except NotFound:
                return False
            made = await self._try(line, found)
            if made is not None:
                line.others[version] = made
                self.switch()
            return made is not None

    async def part(self, plugin: str, version: str) -> None:
        """Let a version that was brought go, unless something else needs it."""
        line = self.lines.get(plugin)
        active = line.others.get(version) if line else None
        if active is not None and not active.crew.busy and version not in self.decided.wanted(plugin):
            await self.settle(plugin)

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        """One plugin, or all that are not built in: new folders are taken up, missing ones are let go."""
        async with self.changing:  # a version that is being removed is not found any more
            shelf = await look(self.stock, self.folder)
            if plugin is not None:
                line = self.lines.get(plugin)
                lying = {*shelf.versions, *(each.id for each in shelf.unsound)}
                if (line is None or not line.known) and plugin not in lying:
                    raise NotFound(what="plugin", name=plugin)
                self._take(shelf, (plugin,))
                # Who names it knows of its quarantine, if there is one.
                await self.decided.quarantine.release(plugin)
                return [await self._reload(self._line(plugin))]
            self._take(shelf, self.lines)
            rows = []
            for each in sorted(self.lines):
                if not self.lines[each].builtin and self.lines[each].known:
                    rows.append(await self._reload(self.lines[each]))
                    # Importing never yields: let events in between two plugins.
                    await asyncio.sleep(0)
            return rows

    async def settle(self, plugin: str) -> ReloadRow:
        """Bring what runs in line with what operators chose, without loading anew what runs already."""
        async with self.changing:
            row = await self._settle(self._line(plugin), fresh=False)
        self.changed(plugin)
        return row

    async def follow(self) -> None:
        """What was decided at another process counts here too."""
        await self.decided.open()
        async with self.changing:
            shelf = await look(self.stock, self.folder)
            self._take(shelf, self.lines)
        for plugin in [line.id for line in self.lines.values() if not line.builtin and line.known]:
            await self.settle(plugin)

    def own(self, name: str, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Do something about versions beside everything else; it ends with the fleet."""
        task = start(name, work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _reload(self, line: Line) -> ReloadRow:
        if line.builtin:
            version = line.stable.version if line.stable else ""
            reason = mark("it is built in: it changes with Kagami itself")
            return ReloadRow(line.id, version, version, reason)
        row = await self._settle(line, fresh=True)
        if not row.error:
            _log.info("plugin reloaded", plugin=line.id, old=row.old, new=row.new, survivors=len(row.survivors))
        self.changed(line.id)
        return row

    async def _settle(self, line: Line, *, fresh: bool) -> ReloadRow:
        """The walk: load beside, check, switch, drain, undo, verify."""
        await self.starting.leave(line.id)
        old = line.stable
        off = self.decided.switches.is_off(line.id, "", "")
        new, error = (None, "") if off else await self._stable(line, fresh=fresh)
        others = await self._beside(line, new, fresh=fresh) if new else {}
        staying = {id(active) for active in (new, *others.values())}
        leaving = [active for active in line.running if id(active) not in staying]
        if new is not None and old is not None and new is not old:
            await self._take_over(line, new, old.plugin.state)
        line.stable, line.others = new, others
        self.switch()
        await self._serves(line)
        survivors = await self._retire(line, leaving)
        return ReloadRow(
            line.id,
            old.version if old else "",
            new.version if new else "",
            error,
            survivors,
            sum(active.crew.busy for active in line.leaving),
        )

    async def _stable(self, line: Line, *, fresh: bool) -> tuple[Active | None, str]:
        """What serves from now on, and why it is not what was wanted. At the start the best sound version serves."""
        old, errors = line.fallback, []
        for found in line.candidates(self.decided.choices.of(line.id).version):
            running = None if fresh else line.version(found.manifest.version)
            made = running or await self._try(line, found)
            if made is not None:
                return made, ""
            errors.append(line.failed[found.manifest.version])
            if old is not None:
                break
        if not line.found:
            errors += list(line.failed.values())[:1]
        # What a test brought is on no disk, and stays.
        return (old if old is not None and (errors or old.folder is None) else None), "\n".join(errors)

    async def _beside(self, line: Line, stable: Active, *, fresh: bool) -> dict[str, Active]:
        """Versions that some chats get: the canary, and those that chats are pinned to."""
        wanted = await self._wanted(line, stable)
        others: dict[str, Active] = {}
        rollout = self.decided.rollouts.active.get(line.id)
        for version in wanted:
            running = line.version(version)
            if running is None or fresh:
                try:
                    running = await self._try(line, line.on_disk(version)) or running
                except NotFound:
                    running = None
            if running is not None:
                others[version] = running
            elif rollout is not None and rollout.version == version and not self.stock.awaits(line.id, version):
                await self.decided.rollouts.abort(line.id, line.failed.get(version, "it is not on disk"))
        return others

    async def _wanted(self, line: Line, stable: Active) -> set[str]:
        if (canary := line.canary(stable)) is not None:
            await self.decided.declare(canary.manifest, stable.version, self.chats)
        return self.decided.wanted(line.id) - {stable.version}

    async def _try(self, line: Line, found: Found) -> Active | None:
        """A started version; why there is none stands in `line.failed`."""
        manifest, quarantine = found.manifest, self.decided.quarantine
        if manifest.version in line.begun:
            return line.begun.pop(manifest.version)
        line.failed.pop(manifest.version, None)
        try:
            exact = (manifest.id, "" if found.builtin else fingerprint(found.folder))
            if reason := quarantine.refusal(*exact):
                raise LoadError(plugin=manifest.id, version=manifest.version, reason=reason)
            await quarantine.next(exact)
            active = await activate(found, self.around)
        except (KagamiError, OSError) as error:
            line.failed[manifest.version] = str(error)
            _log.error("plugin is not loaded", plugin=manifest.id, version=manifest.version, reason=str(error))
            return None
        return active

    async def _retire(self, line: Line, leaving: Iterable[Active], *, wait: float = SETTLE_S) -> tuple[str, ...]:
        """Let versions go, each when nothing holds it any more. What survived, as far as it is known soon."""
        tasks: dict[asyncio.Task[tuple[str, ...]], Active] = {}
        for active in leaving:
            line.leaving.append(active)
            tasks[self.own(f"retire {active.kit.label}", self._let_go(line, active))] = active
        if tasks:
            await asyncio.wait(tasks, timeout=wait)
        # Nothing holds these any more: what is left is to verify that they are gone.
        ending = [task for task, active in tasks.items() if wait and not task.done() and not active.crew.busy]
        if ending:
            await asyncio.wait(ending, timeout=VERIFY_S)
        gone = [task for task in tasks if task.done() and not task.cancelled()]
        return tuple(each for task in gone for each in task.result())

    async def _let_go(self, line: Line, old: Active) -> tuple[str, ...]:
        state = old.plugin.state
        try:
            survivors = tuple(await old.close(DRAIN_S, longest=LONGEST_DIALOG_S))
        finally:
            line.leaving.remove(old)
        if line.stable is not None:
            await self._take_over(line, line.stable, state)
        if survivors:
            line.survived(old.version, survivors, self.around.clock.wall_ms())
            text = mark("{plugin} {version} left something behind: {what}")
            self.tell("warning", "leak", text, plugin=line.id, version=old.version, what="; ".join(survivors))
        return survivors

    async def _take_over(self, line: Line, new: Active, state: int) -> None:
        """Give a version of a higher state what was written in a lower one since it got its copy."""
        if new.plugin.state <= state:
            return
        try:
            await merge(self.around.values, line.id, new.plugin.declared, new.plugin.state, version=new.version)
        except KagamiError as error:
            what = mark("{plugin} {version} did not get what the version before it wrote: {reason}")
            self.tell("error", "merge", what, plugin=line.id, version=new.version, reason=str(error))

    async def _serves(self, line: Line) -> None:
        """What depends on the stable version: its quarantine, its rollout, its timetables."""
        scheduler, stable, rollouts = self.around.scheduler, line.stable, self.decided.rollouts
        if stable is not None and stable.digest:
            await self.decided.quarantine.serves(line.id, stable.digest)
        rollout = rollouts.active.get(line.id)
        if stable is not None and rollout is not None and rollout.stable != stable.version:
            if rollout.version == stable.version:
                await rollouts.promote(line.id)
            else:
                await rollouts.begin(line.id, rollout.version, stable.version, rollout.weight)
            self.decided.note()
        if scheduler is None:
            return
        if stable is None:
            scheduler.withdraw(line.id)
        else:
            # A canary may have jobs that the stable version does not know.
            jobs = {job for active in line.running for job in active.plugin.declared.jobs}
            await scheduler.serve(line.id, stable.plugin.declared.regulars, jobs)

    def _line(self, plugin: str) -> Line:
        return self.lines.setdefault(plugin, Line(plugin))

    def _take(self, shelf: Shelf, plugins: Iterable[str]) -> None:
        """Remember what lies on the shelf of these plugins, and of those that are new."""
        # A folder whose manifest cannot be read any more is still the one that somebody runs from.
        owners = {active.folder: line.id for line in self.lines.values() for active in line.running if active.folder}
        unsound: dict[str, list[Unsound]] = {}
        for each in shelf.unsound:
            owner = owners.get(each.folder, each.id)
            unsound.setdefault(owner, []).append(each)
            _log.error("plugin is not loaded", plugin=owner, version=each.version, reason=each.error)
        for plugin in {*plugins} | ({*shelf.versions, *unsound} - self.lines.keys()):
            line = self._line(plugin)
            if not line.builtin:
                line.take(shelf.versions.get(plugin, ()), unsound.get(plugin, ()))

    def switch(self) -> None:
        """From here on new events go by what is active now."""
        self.decided.note()
        lines = self.lines.values()
        stable = {line.id: line.stable for line in lines if line.stable}
        others = {(line.id, version): active for line in lines for version, active in line.others.items()}
        self.lineup = Lineup(stable, others, self.around.prefix, self.around.config.rename)
        self.suspects.look(each for line in lines for each in (*line.running, *line.leaving))
        for conflict in self.lineup.table.conflicts:
            _log.warning("conflict of commands", plugin=conflict.plugin, command=conflict.name, owner=conflict.owner)
