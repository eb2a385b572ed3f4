"""All running versions: which one serves whom, and how one takes another's place.

A change of a plugin is always the same walk: load beside what serves, check, switch new conversations, let the old
version end with its last one, undo it, verify that nothing of it stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from kagami import log
from kagami.errors import KagamiError, LoadError, NotFound
from kagami.i18n import mark
from kagami.model.event import Event
from kagami.plugins.activate import Surroundings, activate
from kagami.plugins.active import Active
from kagami.plugins.decisions import Decisions
from kagami.plugins.line import Line
from kagami.plugins.lineup import Lineup, Variation
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.scope import start
from kagami.plugins.state import merge
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
CLOSE_LIMIT_S = 4.0
_log = log.get("plugins")

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
        self.chats: Callable[[], Awaitable[Sequence[tuple[str, str]]]] = _no_chats
        self.changing = asyncio.Lock()
        self._prefix = prefix
        self._places: tuple[tuple[str, str], ...] = ()
        self._retiring: set[asyncio.Task[tuple[str, ...]]] = set()
        self._switch()

    async def open(self, folder: Path) -> None:
        """Load the built-in plugins and those of `folder`. What cannot be loaded is listed and stops nobody else."""
        self.folder = folder
        await self.decided.open()
        for found in discover(BUILTIN, builtin=True).versions.values():
            self._line(found[0].manifest.id).found = found
            self._line(found[0].manifest.id).builtin = True
        self._take(discover(folder), self.lines)
        quarantine = self.decided.quarantine
        async with self.changing:
            for line in list(self.lines.values()):
                if line.builtin:
                    await self._settle(line, fresh=True)
            exact = {(plugin, text): self.lines[plugin] for plugin, text in self._first()}
            for batch in quarantine.batches(exact):
                await quarantine.starting(batch)
                for each in batch:
                    await self._settle(exact.pop(each), fresh=True)
                await quarantine.started(batch)
            for line in exact.values():
                await self._settle(line, fresh=True)
        active = sum(line.stable is not None for line in self.lines.values())
        _log.info("plugins are loaded", active=active, failed=sum(bool(line.failed) for line in self.lines.values()))

    async def close(self) -> list[str]:
        """Stop all, the newest first, within a limit for all of them. Tells what survived."""
        leaving = [each for line in self.lines.values() for each in line.leaving + line.running]
        for line in self.lines.values():
            line.stable, line.others = None, {}
        self._switch()
        for task in self._retiring:
            task.cancel()
        survivors: list[str] = []
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
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

    def table(self, event: Event, execution: Execution | None = None) -> Table:
        """Who serves a chat. With `execution` the choice is one that counts: it is kept together with the event."""
        decided = self.decided
        if not decided.varied:
            return self.lineup.table
        bot, chat = event.bot, event.chat
        variation: list[tuple[str, str]] = []
        for plugin in decided.varied:
            if decided.switches.is_off(plugin, bot, chat):
                variation.append((plugin, ""))
                continue
            choice = decided.rollouts.choose(plugin, bot, chat)
            if choice.write is not None and execution is not None:
                execution.stage(choice.write)
                decided.rollouts.decided(plugin, bot, chat)
            if choice.version:
                variation.append((plugin, choice.version))
        return self.lineup.varied(tuple(variation)) if variation else self.lineup.table

    def table_with(self, plugin: str, version: str) -> Table:
        """The table in which this version has its plugin's place, if it runs."""
        line = self.lines.get(plugin)
        if line is None or line.version(version) is None or line.version(version) is line.stable:
            return self.lineup.table
        variation: Variation = ((plugin, version),)
        return self.lineup.varied(variation)

    async def adopt(self, manifest: Manifest, plugin: Plugin[Any]) -> Active:
        """Serve a plugin that is no folder, in the place of the version before."""
        active = await self.around.fit(manifest, plugin)
        await active.open()
        async with self.changing:
            line = self._line(manifest.id)
            leaving, line.stable = line.running, active
            self._switch()
            await self._serves(line)
            await self._retire(line, leaving, wait=0.0)
        return active

    async def bring(self, plugin: str, version: str) -> bool:
        """Run a version beside the others for a conversation that is its own; whether it runs."""
        async with self.changing:
            line = self.lines.get(plugin)
            if line is None or line.version(version) is not None:
                return line is not None
            try:
                found = line.on_disk(version)
            except NotFound:
                return False
            made = await self._try(line, found)
            if made is not None:
                line.others[version] = made
                self._switch()
            return made is not None

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        """One plugin, or all that are not built in: new folders are taken up, missing ones are let go."""
        async with self.changing:
            shelf = discover(self.folder) if self.folder else Shelf({}, [])
            if plugin is not None:
                line = self.lines.get(plugin)
                lying = {*shelf.versions, *(each.id for each in shelf.unsound)}
                if (line is None or not line.known) and plugin not in lying:
                    raise NotFound(what="plugin", name=plugin)
                self._take(shelf, (plugin,))
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
            return await self._settle(self._line(plugin), fresh=False)

    def blame(self, frames: Sequence[str]) -> str:
        """Only reads a snapshot: may be called from any thread."""
        places = self._places
        for file in reversed(frames):
            for folder, plugin in places:
                if file.startswith(folder):
                    return plugin
        return ""

    async def _reload(self, line: Line) -> ReloadRow:
        if line.builtin:
            version = line.stable.version if line.stable else ""
            reason = self.around.translate(mark("it is built in: it changes with Kagami itself"))
            return ReloadRow(line.id, version, version, reason)
        await self.decided.quarantine.release(line.id)
        row = await self._settle(line, fresh=True)
        if not row.error:
            _log.info("plugin reloaded", plugin=line.id, old=row.old, new=row.new, survivors=len(row.survivors))
        self.changed(line.id)
        return row

    async def _settle(self, line: Line, *, fresh: bool) -> ReloadRow:
        """The walk: load beside, check, switch, drain, undo, verify."""
        old = line.stable
        off = self.decided.switches.is_off(line.id, "", "")
        new, error = (None, "") if off else await self._stable(line, fresh=fresh)
        others = await self._beside(line, new, fresh=fresh) if new else {}
        staying = {id(active) for active in (new, *others.values())}
        leaving = [active for active in line.running if id(active) not in staying]
        line.stable, line.others = new, others
        self._switch()
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
        await self._declare(line, stable)
        others: dict[str, Active] = {}
        rollout = self.decided.rollouts.active.get(line.id)
        wanted = {pin.version for pin in self.decided.rollouts.pins(line.id).values()}
        for version in (wanted | ({rollout.version} if rollout else set())) - {stable.version}:
            running = line.version(version)
            if running is None or fresh:
                try:
                    running = await self._try(line, line.on_disk(version))
                except NotFound:
                    running = None
            if running is not None:
                others[version] = running
            elif rollout is not None and rollout.version == version:
                await self.decided.rollouts.abort(line.id, line.failed.get(version, "it is not on disk"))
        return others

    async def _declare(self, line: Line, stable: Active) -> None:
        """Take up the canary that a manifest asks for; an operator's own weight stays until the manifest changes."""
        found = line.canary(stable)
        if found is None:
            return
        version, weight = found.manifest.version, found.manifest.canary_weight or 0
        before = self.decided.choices.of(line.id).declared.get(version)
        rollouts = self.decided.rollouts
        if before is None:
            await rollouts.offer(line.id, version, stable.version, weight, chats=await self.chats())
        elif before != weight and (running := rollouts.active.get(line.id)) and running.version == version:
            await rollouts.weigh(line.id, weight)
        await self.decided.choices.change(line.id, declared={version: weight})

    async def _try(self, line: Line, found: Found) -> Active | None:
        """A started version; why there is none stands in `line.failed`."""
        manifest = found.manifest
        line.failed.pop(manifest.version, None)
        try:
            if reason := self.decided.quarantine.refusal(manifest.id, fingerprint(found.folder)):
                raise LoadError(plugin=manifest.id, version=manifest.version, reason=reason)
            active = await activate(found, self.around)
        except KagamiError as error:
            line.failed[manifest.version] = str(error)
            _log.error("plugin is not loaded", plugin=manifest.id, version=manifest.version, reason=str(error))
            return None
        line.survivors.pop(manifest.version, None)
        return active

    async def _retire(self, line: Line, leaving: Iterable[Active], *, wait: float = SETTLE_S) -> tuple[str, ...]:
        """Let versions go, each when nothing holds it any more. What survived, as far as it is known soon."""
        tasks: dict[asyncio.Task[tuple[str, ...]], Active] = {}
        for active in leaving:
            line.leaving.append(active)
            task = start(f"retire {active.kit.label}", self._let_go(line, active))
            task.add_done_callback(self._retiring.discard)
            self._retiring.add(task)
            tasks[task] = active
        if tasks:
            await asyncio.wait(tasks, timeout=wait)
        # Nothing holds these any more: what is left is to verify that they are gone.
        ending = [task for task, active in tasks.items() if wait and not task.done() and not active.crew.busy]
        if ending:
            await asyncio.wait(ending, timeout=VERIFY_S)
        return tuple(each for task in tasks if task.done() for each in task.result())

    async def _let_go(self, line: Line, old: Active) -> tuple[str, ...]:
        state = old.plugin.state
        try:
            survivors = tuple(await old.close(DRAIN_S, longest=LONGEST_DIALOG_S))
        finally:
            line.leaving.remove(old)
        if (new := line.stable) is not None and new.plugin.state > state:
            # What the old version wrote since the new one got its copy.
            await merge(self.around.values, line.id, new.plugin.declared, new.plugin.state, version=new.version)
        if survivors:
            line.survivors[old.version] = survivors
            text = mark("{plugin} {version} left something behind: {what}")
            self.tell("warning", "leak", text, plugin=line.id, version=old.version, what="; ".join(survivors))
        return survivors

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

    def _first(self) -> list[tuple[str, str]]:
        """What each plugin starts with, by its fingerprint."""
        firsts = []
        for line in self.lines.values():
            found = next(line.candidates(self.decided.choices.of(line.id).version), None)
            if found is not None and not line.builtin:
                firsts.append((line.id, fingerprint(found.folder)))
        return firsts

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

    def _switch(self) -> None:
        """From here on new events go by what is active now."""
        self.decided.note()
        lines = self.lines.values()
        stable = {line.id: line.stable for line in lines if line.stable}
        others = {(line.id, version): active for line in lines for version, active in line.others.items()}
        self.lineup = Lineup(stable, others, self._prefix, self.around.config.rename)
        running = [active for line in lines for active in (*line.running, *line.leaving)]
        self._places = tuple((f"{active.folder}/", active.id) for active in running if active.folder)
        for conflict in self.lineup.table.conflicts:
            _log.warning("conflict of commands", plugin=conflict.plugin, command=conflict.name, owner=conflict.owner)


async def _no_chats() -> Sequence[tuple[str, str]]:
    return ()
