"""What a person can do with a plugin: what is asked before, what is sent, and how the answer is told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from textual.app import App

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations.plugins import (
    Form,
    Install,
    Promote,
    Release,
    Reload,
    Remove,
    Rollback,
    Switch,
    Use,
    Weigh,
)
from kagami.ports import Field, Installed, PluginRow, ReloadRow
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.form import FormDialog
from kagami.tui.dialogs.versions import VersionList, Wish
from kagami.tui.format import pad, visible
from kagami.tui.format import rows as lines_of
from kagami.tui.loads import Loads
from kagami.tui.plugin_rows import title, version_of
from kagami.tui.shell import Leave, Question, Shell

Facts = tuple[tuple[str, str], ...]


def _missing(source: str) -> bool:
    """Whether it names a whole path at which nothing is; only the engine knows where a shorter one begins."""
    return source.startswith("/") and not os.path.lexists(source)


@dataclass(slots=True)
class PluginActs:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]
    loads: Loads

    # Light changes: at once, with a way back.

    async def weigh(self, plugin: PluginRow, weight: int, version: str) -> None:
        """Give a version its share of the chats."""
        t = self.shell.t
        await self.shell.control.call(Weigh(plugin=plugin.id, weight=weight, version=version))
        before = plugin.weight if version == plugin.canary else 0
        way_back = Weigh(plugin=plugin.id, weight=before, version=version)
        self.shell.changed(f"{title(plugin)} {version} {before}%", way_back)
        told = t(mark("{plugin} {version}: {before}% → {after}% of the chats"))
        words = {"plugin": visible(title(plugin)), "version": visible(version)}
        self.shell.say(told.format(before=before, after=weight, **words), t(mark("u puts it back")))

    async def switch(self, plugin: PluginRow, *, on: bool) -> None:
        """Turn it on or off everywhere."""
        t = self.shell.t
        await self.shell.control.call(Switch(plugin=plugin.id, on=on))
        word = t(mark("on")) if on else t(mark("off"))
        other = t(mark("off")) if on else t(mark("on"))
        self.shell.changed(f"{title(plugin)} {other}", Switch(plugin=plugin.id, on=not on))
        body = t(mark("u puts it back")) if on else t(mark("its commands get no answer; u puts it back"))
        self.shell.say(f"{visible(title(plugin))}: {word}", body)

    async def release(self, plugin: PluginRow) -> None:
        """End a quarantine or a pause."""
        await self.shell.control.call(Release(plugin=plugin.id))
        self.shell.say(self.shell.t(mark("{plugin} serves again")).format(plugin=visible(title(plugin))))

    # Heavy changes: asked for with their consequences.

    async def reload(self, plugin: PluginRow) -> None:
        answers: list[ReloadRow] = await self.shell.control.call(Reload(plugin=plugin.id))
        await self.tell(answers)

    async def roll_back(self, plugin: PluginRow) -> None:
        """A canary goes first; without one, the version that served before serves again."""
        t, shell = self.shell.t, self.shell
        canary = plugin.canary if plugin.weight else ""  # one that gets nothing is no way to go back
        leaves = canary or plugin.version
        stays = plugin.version if canary else plugin.previous or t(mark("the version that served before"))
        now = f"{plugin.weight if canary else 100}%  {leaves}{self._rate(plugin, leaves)}"
        facts: Facts = (
            (t(mark("Traffic now")), now),
            (t(mark("After")), f"0%  {leaves}, 100%  {stays}"),
            (t(mark("In flight")), self._in_flight(plugin, leaves)),
            (t(mark("State")), t(mark("each version keeps what it stored; the other one finds what it left"))),
            (t(mark("Undo")), self._undo_of_rollback(canary)),
        )
        arrow = f" {shell.looks.glyphs.to} {plugin.version}" if canary else ""
        head = t(mark("Roll back {plugin}?")).format(plugin=visible(f"{title(plugin)} {leaves}{arrow}"))
        keep = t(mark("Keep {version}")).format(version=visible(leaves))
        if not await shell.ask(Question(head, facts, keep, t(mark("Roll back")))):
            return
        if canary:
            await self.weigh(plugin, 0, canary)
        else:
            self._served_before(plugin)
            await self.tell([await shell.control.call(Rollback(plugin=plugin.id))])

    def _undo_of_rollback(self, canary: str) -> str:
        told = mark("yes: u, or set the weight again") if canary else mark("yes: u serves it again")
        return self.shell.t(told)

    async def promote(self, plugin: PluginRow) -> None:
        t, old, new = self.shell.t, plugin.version, plugin.canary
        facts: Facts = (
            (
                t(mark("Traffic now")),
                f"{plugin.weight}%  {new}{self._rate(plugin, new)}, {100 - plugin.weight}%  {old}",
            ),
            (t(mark("After")), f"100%  {new}"),
            (t(mark("In flight")), self._in_flight(plugin, old)),
            (t(mark("Undo")), t(mark("yes: b rolls back to {version}")).format(version=old)),
        )
        head = t(mark("Promote {plugin}?")).format(plugin=visible(f"{title(plugin)} {new}"))
        if await self.shell.ask(Question(head, facts, t(mark("Keep the canary")), t(mark("Promote")))):
            self._served_before(plugin)
            await self.tell([await self.shell.control.call(Promote(plugin=plugin.id))])

    def _rate(self, plugin: PluginRow, version: str) -> str:
        per_s = self.loads.per_s(plugin.id, version)
        return f" ({figures.rate(per_s)}/s)" if per_s is not None else ""

    def _in_flight(self, plugin: PluginRow, version: str) -> str:
        found = version_of(plugin, version)
        told = self.shell.t(mark("open on {version}: {count}; they finish there, none is cut"))
        return told.format(count=found.open if found else 0, version=version)

    # Versions.

    async def versions(self, plugin: PluginRow) -> Wish | None:
        """Show the versions and do what was wished; a wish for a canary is handed back."""
        wish = await self.app.push_screen_wait(VersionList(self.shell, plugin))
        if wish is None or wish.act == "canary":
            return wish
        if wish.act == "remove":
            await self._remove(plugin, wish.version)
        else:
            await self._use(plugin, wish.version, pin=wish.act == "pin")
        return None

    async def _use(self, plugin: PluginRow, version: str, *, pin: bool) -> None:
        t = self.shell.t
        kept = (
            mark("updates stay away until another version is used") if pin else mark("a higher one does not replace it")
        )
        facts: Facts = (
            (t(mark("Now")), f"{plugin.version}{self._rate(plugin, plugin.version)}"),
            (t(mark("After")), f"100%  {version}; {t(kept)}"),
            (t(mark("In flight")), self._in_flight(plugin, plugin.version)),
        )
        head = t(mark("Serve {plugin}?")).format(plugin=visible(f"{title(plugin)} {version}"))
        if await self.shell.ask(Question(head, facts, t(mark("Keep as it is")), t(mark("Serve it")))):
            self._served_before(plugin)
            await self.tell([await self.shell.control.call(Use(plugin=plugin.id, version=version, pin=pin))])

    def _served_before(self, plugin: PluginRow) -> None:
        """What serves now is how `u` makes it again."""
        way_back = Use(plugin=plugin.id, version=plugin.version, pin=plugin.pinned)
        self.shell.changed(f"{title(plugin)} {plugin.version}", way_back)

    async def _remove(self, plugin: PluginRow, version: str) -> None:
        t = self.shell.t
        facts: Facts = (
            (t(mark("What")), t(mark("the files of this version are deleted from the disk"))),
            (t(mark("Stays")), t(mark("what it stored, its settings, and every other version"))),
            (t(mark("Undo")), t(mark("no: install it again"))),
        )
        head = t(mark("Remove {plugin}?")).format(plugin=visible(f"{title(plugin)} {version}"))
        if await self.shell.ask(Question(head, facts, t(mark("Keep it")), t(mark("Remove")))):
            await self.shell.control.call(Remove(plugin=plugin.id, version=version))
            self.shell.say(t(mark("{plugin} was removed")).format(plugin=visible(f"{title(plugin)} {version}")))

    # Settings and installing.

    async def settings(self, plugin: PluginRow) -> None:
        t = self.shell.t
        form: list[Field] = await self.shell.control.call(Form(plugin=plugin.id))
        form = [msgspec.structs.replace(each, text=t(each.text)) for each in form]  # those of our own plugins are ours
        if not form:
            self.shell.say(visible(title(plugin)), t(mark("it has no settings")))
            return
        answer = await self.app.push_screen_wait(FormDialog(self.shell, plugin.id, form, title(plugin)))
        if answer is not None:
            await self.tell([answer], t(mark("serves with these settings")))

    async def install(self) -> str:
        """Ask for a source until one is installed; the id of what was installed, empty for nothing."""
        t, source = self.shell.t, ""
        while source := ((await self.shell.prompt(t(mark("folder, file or address")), source)) or "").strip():
            # What is not there needs no question: the engine says why it is refused.
            if not _missing(source) and not await self._sure(source):
                return ""
            try:
                answer: Installed = await self.shell.control.call(Install(source=source))
            except KagamiError as error:
                await self._read(t(mark("Not installed")), [error.text(t)])
            else:
                await self._read(t(mark("Installed")), self._installed(answer))
                return answer.id
        return ""

    async def _sure(self, source: str) -> bool:
        t = self.shell.t
        checked = mark("its signature and its form are checked; when they are sound, it is loaded and serves at once")
        looked = mark("this shows what it may do only afterwards; `kagami plugin install` in a shell lists it first")
        facts: Facts = ((t(mark("From")), source), (t(mark("What")), t(checked)), (t(mark("Note")), t(looked)))
        question = Question(t(mark("Install this plugin?")), facts, t(mark("Cancel")), t(mark("Install")))
        if not await self.shell.ask(question):
            return False
        self.shell.say(t(mark("Installing {source}")).format(source=visible(source)))
        return True

    def _installed(self, answer: Installed) -> list[str]:
        t = self.shell.t
        rows = [
            f"{pad(t(mark('plugin')), 14)} {answer.id} {answer.version}",
            f"{pad(t(mark('signed by')), 14)} {answer.signer or t(mark('nobody'))}",
            f"{pad(t(mark('may')), 14)} {'  '.join(answer.permissions) or t(mark('only answer where it is asked'))}",
        ]
        rows += [f"{pad(t(mark('brings')), 14)} {each}" for each in answer.dependencies]
        return rows + [f"{pad(t(mark('warning')), 14)} {each}" for each in answer.warnings]

    # Answers.

    async def tell(self, answers: Sequence[ReloadRow], same: str = "") -> None:
        """A word when all went well; a page to read when something stayed or was left behind.

        `same` is said where the version did not change.
        """
        t = self.shell.t
        if any(each.error or each.survivors for each in answers):
            rows = [line for each in answers for line in self._answer_rows(each)]
            await self._read(t(mark("What became of it")), rows)
            return
        for each in answers:
            change = self._changed(each, same)
            waits = t(mark("open on {version}: {count}; they finish there")).format(count=each.open, version=each.old)
            self.shell.say(visible(f"{each.id} {change}"), waits if each.open else "")

    def _changed(self, answer: ReloadRow, same: str) -> str:
        """From which version to which, or what is said when it is the same as before."""
        if answer.old != answer.new:
            return f"{answer.old or '-'} {self.shell.looks.glyphs.to} {answer.new or '-'}"
        if not answer.new:
            return self.shell.t(mark("it is off"))
        return same or self.shell.t(mark("loaded anew"))

    def _answer_rows(self, answer: ReloadRow) -> list[str]:
        t, to = self.shell.t, self.shell.looks.glyphs.to
        if answer.error:
            stayed = t(mark("it stayed at {version}")).format(version=answer.old or "-")
            return [f"{answer.id}: {stayed}", *(f"   {say(line, t)}" for line in lines_of(answer.error)), ""]
        rows = [f"{answer.id}: {answer.old} {to} {answer.new}"]
        if answer.open:
            rows.append(
                "   "
                + t(mark("open on {version}: {count}; they finish there")).format(count=answer.open, version=answer.old)
            )
        if answer.survivors:
            rows.append("   " + t(mark("left behind when it was unloaded:")))
        return [*rows, *(f"      {each}" for each in answer.survivors), ""]

    async def _read(self, title: str, rows: Sequence[str]) -> None:
        await self.app.push_screen_wait(AnswerReader(self.shell, title, rows))
