"""Implements `ports.Centre`: one change at a time, checked, written, applied, kept, or nothing of all that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from kagami import log
from kagami.centre import shown
from kagami.centre.diff import file_diff
from kagami.centre.history import Entry, History, version_of
from kagami.centre.keys import edit_of, locked_by
from kagami.clock import Clock
from kagami.config import Settings, assemble
from kagami.edits import Edit, FileEdits
from kagami.errors import Conflict, KagamiError, NotFound, Refused, SettingError, Unavailable
from kagami.i18n import Translate, mark
from kagami.model.principal import SYSTEM, Principal
from kagami.net.supervise import Nursery
from kagami.ports import Applied, AppliedKey, ChangeRow, Checked, ConfigPlace, Effect, SettingRow, Verdict
from kagami.sources import ConfigFile, parse_file

EDITED = "edited"
UNDO = "undo"
_log = log.get("settings")


class Live(Protocol):
    """The running parts, as far as settings change them."""

    current: Settings

    def effect(self, key: str) -> Effect: ...

    def check(self, wanted: Settings) -> None:
        """`SettingError` for what a part would refuse."""
        ...

    @property
    def gateway_url(self) -> str:
        """What an implementation on this machine dials now."""
        ...

    async def apply(self, wanted: Settings) -> list[AppliedKey]:
        """All parts go by `wanted` when this returns; when it raises, by what was in force before."""
        ...


class Plan(NamedTuple):
    """A change that is checked and not made yet. `settings` are those of the file `after`."""

    before: bytes | None
    after: bytes | None
    settings: Settings


class SettingsDesk:
    """`file` is what is edited; what is in force is `live.current`."""

    def __init__(
        self,
        file: FileEdits,
        live: Live,
        history: History,
        *,
        nursery: Nursery,
        clock: Clock,
        translate: Translate,
    ) -> None:
        self.file = file
        self.live = live
        self._history = history
        self._nursery = nursery
        self._clock = clock
        self._t = translate
        self._raw: bytes | None = None
        self._changing = asyncio.Lock()

    async def open(self, raw: bytes | None) -> None:
        """`raw` is the file from which the engine started. What happened to it meanwhile goes into the history."""
        await self._history.open()
        self._raw = raw
        last = self._history.last
        if last is None or last.version_after == version_of(raw):
            return
        if last.version_before == version_of(raw):
            await self._history.drop(last)  # the process ended before it came to it
        else:
            await self._keep(SYSTEM, EDITED, Plan(self._kept(last), raw, self.live.current), self._earlier(last))

    # --- seeing ---

    def rows(self) -> list[SettingRow]:
        return shown.rows(self.live.current, self.live.effect, self._history.changed_at())

    async def history(self, key: str = "") -> list[ChangeRow]:
        return self._history.rows(key)

    async def place(self) -> ConfigPlace:
        raw = await asyncio.to_thread(self.file.read)
        version = version_of(raw)
        return ConfigPlace(str(self.file.path), raw is not None, version, version != version_of(self._raw))

    async def check(self, changes: Mapping[str, Any]) -> Verdict:
        raw = await asyncio.to_thread(self.file.read)
        errors: dict[str, str] = {}
        plan: Plan | None = None
        while plan is None:
            left = {key: value for key, value in changes.items() if key not in errors}
            try:
                plan = self._plan(raw, left)
            except SettingError as error:
                if not left:  # the file itself is broken
                    raise
                errors[_blamed(error, left)] = error.text(self._t)
        checked = [Checked(key, key not in errors, self.live.effect(key), errors.get(key, "")) for key in changes]
        documents = (self.live.current, plan.settings)
        diff = file_diff(self.file.path.name, raw, plan.after, documents)
        return Verdict(not errors, checked, diff, version_of(raw))

    # --- changing ---

    async def apply(
        self, who: Principal, changes: Mapping[str, Any], *, version: str = "", act: str = "apply"
    ) -> Applied:
        async def work() -> Applied:
            return await self._make(who, act, self._plan(await self._unchanged(version), changes))

        return await self._whole(work)

    async def edit(self, who: Principal, act: str, make: Callable[[Settings], Sequence[tuple[str, Edit]]]) -> Applied:
        """Edits that depend on what is in force; each with the key that it concerns."""

        async def work() -> Applied:
            raw = await self._unchanged("")
            keyed = make(self.live.current)
            keys = [key for key, _ in keyed]
            self._refuse_locked(keys)
            return await self._make(who, act, self._planned(raw, [edit for _, edit in keyed], keys))

        return await self._whole(work)

    async def undo(self, who: Principal, change: int = 0) -> Applied:
        async def work() -> Applied:
            raw, entry = await self._unchanged(""), self._undoable(change)
            back = self._history.before(entry)
            return await self._make(who, UNDO, Plan(raw, back, self._judged(back)), back_to=entry.id)

        return await self._whole(work)

    async def reload(self, who: Principal) -> Applied:
        async def work() -> Applied:
            raw = await asyncio.to_thread(self.file.read)
            if version_of(raw) == version_of(self._raw):
                return Applied(0, [], version_of(raw))
            return await self._make(who, EDITED, Plan(self._raw, raw, self._judged(raw)), write=False)

        return await self._whole(work)

    async def set_plugin(self, plugin: str, values: Mapping[str, Any]) -> None:
        """Implements `ports.Files`: what plugins are told is applied by the one who asks."""
        head = f"plugins.settings.{plugin}"

        def edits(_: Settings) -> list[tuple[str, Edit]]:
            place = ("plugins", "settings", plugin)
            return [(f"{head}.{name}", Edit((*place, name), value)) for name, value in values.items()]

        await self.edit(SYSTEM, "plugins.configure", edits)

    # --- inside ---

    async def _whole(self, work: Callable[[], Awaitable[Applied]]) -> Applied:
        """One change after the other, each to its end, also when whoever asked for it does not wait any more."""

        async def ended() -> Applied | KagamiError:
            async with self._changing:
                try:
                    return await work()
                except KagamiError as error:
                    return error

        found = await asyncio.shield(self._nursery.start("change settings", ended()))
        if isinstance(found, KagamiError):
            raise found
        return found

    async def _unchanged(self, version: str) -> bytes | None:
        """The file, when it is the one that was read last, or the one that the caller names."""
        raw = await asyncio.to_thread(self.file.read)
        if version_of(raw) != (version or version_of(self._raw)):
            raise Conflict(reason=self._told_edits(self._raw, raw))
        return raw

    def _told_edits(self, before: bytes | None, after: bytes | None) -> str:
        told = self._t(mark("{} was changed by somebody else. Read it first (settings reload).")).format(self.file.path)
        documents = [self.live.current]
        try:
            documents.append(self._assembled(after, ()))
        except SettingError:
            return told  # what is secret in a broken file cannot be told
        return f"{told}\n{file_diff(self.file.path.name, before, after, documents)}"

    def _kept(self, entry: Entry) -> bytes | None:
        try:
            return self._history.after(entry)
        except Unavailable:
            return None  # the key is not the one any more: what was before cannot be known

    def _earlier(self, entry: Entry) -> Settings:
        """The settings that a change left, as far as they can still be told."""
        try:
            return self._assembled(self._history.after(entry), ())
        except (SettingError, Unavailable):
            return self.live.current

    def _plan(self, raw: bytes | None, changes: Mapping[str, Any]) -> Plan:
        self._refuse_locked(changes)
        return self._planned(raw, [edit_of(key, value, self._t) for key, value in changes.items()], list(changes))

    def _planned(self, raw: bytes | None, edits: Sequence[Edit], keys: Sequence[str]) -> Plan:
        after = self.file.edited(raw, edits) if edits else raw
        return Plan(raw, after, self._judged(after, keys))

    def _judged(self, raw: bytes | None, keys: Sequence[str] = ()) -> Settings:
        settings = self._assembled(raw, keys)
        self.live.check(settings)
        return settings

    def _assembled(self, raw: bytes | None, keys: Sequence[str]) -> Settings:
        now, path = self.live.current, self.file.path
        file = ConfigFile("", {}, {}) if raw is None else parse_file(path, raw, self._t)
        origins = dict.fromkeys(keys, self._t(mark("this change")))
        made = assemble(now.home, None if raw is None else path, file, now.outside, self._t, origins=origins)
        if "language" in now.origins or "language" in made.origins:
            return made
        return msgspec.structs.replace(made, language=now.language)  # nothing names one but `--lang` at the start

    def _refuse_locked(self, keys: Sequence[str] | Mapping[str, Any]) -> None:
        for key in keys:
            if origin := locked_by(key, self.live.current.outside.origins({})):
                reason = self._t(mark("it is given from outside, which the file cannot change"))
                fix = self._t(mark("Unset {} and start again.")).format(origin.rpartition(" ")[2])
                raise SettingError(key=key, value="…", origin=origin, reason=reason, fix=fix)

    def _undoable(self, change: int) -> Entry:
        entries, undone = self._history.entries, self._history.undone()
        if change:
            found = next((each for each in entries if each.id == change), None)
            if found is None:
                raise NotFound(what=mark("change"), name=change)
            return found
        for each in reversed(entries):
            if each.act == UNDO or each.id in undone:
                continue
            if each.act == EDITED:
                told = self._told_edits(self._history.before(each), self._history.after(each))
                hint = self._t(mark("To go back before that, name the change {}.")).format(each.id)
                raise Conflict(reason=f"{told}\n{hint}")
            return each
        raise Refused(reason=mark("There is nothing to undo."))

    async def _make(self, who: Principal, act: str, plan: Plan, *, back_to: int = 0, write: bool = True) -> Applied:
        """Keep, write, apply: in this order, so that nothing is in force that cannot be undone."""
        before = self.live.current
        if version_of(plan.after) == version_of(plan.before):
            return Applied(0, [], version_of(plan.after))
        entry = await self._keep(who, act, plan, before, back_to)
        written = False
        try:
            if write:
                await asyncio.to_thread(self.file.write, plan.after)
                written = True
            keys = await self.live.apply(plan.settings)
        except KagamiError:
            # Should the file not be writable any more either, it stays in the history what it was before.
            if written:
                await asyncio.to_thread(self.file.write, plan.before)
            await self._history.drop(entry)
            raise
        self._raw = plan.after
        _log.info("settings changed", by=who.name, act=act, keys=", ".join(each.key for each in keys))
        return Applied(entry.id, keys, version_of(plan.after))

    async def _keep(self, who: Principal, act: str, plan: Plan, before: Settings, back_to: int = 0) -> Entry:
        name = f"{who.kind} {who.name}" if who.name != who.kind else who.name
        entry = Entry(
            self._history.next_id,
            self._clock.wall_ms(),
            name,
            act,
            shown.changes(before, plan.settings),
            version_of(plan.before),
            version_of(plan.after),
            back_to=back_to,
        )
        return await self._history.add(entry, plan.before, plan.after)


def _blamed(error: SettingError, changes: Mapping[str, Any]) -> str:
    """Which change is the reason of an error: the one of its key, or of its section, or the first."""
    key = str(error.details.get("key", ""))
    related = [each for each in changes if f"{key}.".startswith(f"{each}.") or each.startswith(f"{key}.")]
    section = [each for each in changes if each.partition(".")[0] == key.partition(".")[0]]
    return next(iter([*related, *section, *changes]))
