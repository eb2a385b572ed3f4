"""The dry half of the sandbox: what was tried, comparing versions, and conversations that are kept as tests."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import App

from kagami.core.script import Step, Who, write_script
from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.operations.plugins import ListPlugins
from kagami.operations.trying import (
    ConversationRow,
    KeepConversation,
    ListConversations,
    ReplayConversations,
    TryMessage,
)
from kagami.ports import MessageRow, PluginRow, Tried
from kagami.ports.conversations import KeptConversation
from kagami.tui.attempts import Attempt
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.figures import moment
from kagami.tui.identity import Identity
from kagami.tui.plugin_rows import candidate
from kagami.tui.shell import Leave, Shell

LARGEST = 8_000_000
MOST = 200


class Trying:
    """`changed` is called when there is something new to show; `app` shows what is to be read."""

    def __init__(self, shell: Shell, changed: Callable[[], None]) -> None:
        self.shell = shell
        self.dry = self.network = False
        self.attempts: list[Attempt] = []
        self._changed = changed
        self._serial = 0

    def of(self, key: str) -> Attempt | None:
        """The attempt that an entry of the conversation belongs to."""
        name = key.partition(".")[0]
        return next((each for each in self.attempts if each.key == name), None)

    @property
    def asked(self) -> Attempt | None:
        """The latest one, while its handler waits for an answer."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.asks else None

    async def say(self, who: Identity, text: str, *, event: str = "", images: Sequence[str] = ()) -> None:
        """Try a message, or answer the question of the one before."""
        here = Who(who.user, who.chat, who.name)
        asked = self.asked
        if asked is not None and not event and not images and asked.who == here:
            asked.answers.append(text)
            attempt = asked
        else:
            self._serial += 1
            attempt = Attempt(f"dry{self._serial}", self.shell.clock.wall_ms(), here, text, event)
            self.attempts = [*self.attempts, attempt][-MOST:]
        self._changed()
        try:
            attempt.tried = await self._try(attempt, images=list(images), bot=who.bot)
        finally:
            if attempt.tried is None:
                self.attempts.remove(attempt)
            self._changed()

    async def compare(self, attempt: Attempt) -> None:
        """Try it again with the stable version of its plugin, and with the one beside it."""
        plugin = attempt.tried.plugin.partition("@")[0] if attempt.tried else ""
        rows: list[PluginRow] = await self.shell.control.call(ListPlugins())
        row = next((each for each in rows if each.id == plugin), None)
        if row is None:
            raise UsageError(reason=mark("No plugin wanted this: there is nothing to compare."))
        other = row.canary or candidate(row)
        if not other or other == row.version:
            raise UsageError(reason=mark("This plugin has one version only."))
        attempt.tried = await self._try(attempt, plugin=plugin, version=row.version)
        attempt.other = await self._try(attempt, plugin=plugin, version=other)
        self._changed()

    async def _try(
        self, attempt: Attempt, *, plugin: str = "", version: str = "", images: Sequence[str] = (), bot: str = ""
    ) -> Tried:
        request = TryMessage(
            text=attempt.text,
            user=attempt.who.user,
            chat=attempt.who.chat,
            name=attempt.who.name,
            event=attempt.event,
            answers=attempt.answers,
            images=list(images),
            network=self.network,
            plugin=plugin,
            version=version,
            **({"bot": bot} if bot else {}),
        )
        tried: Tried = await self.shell.control.call(request)
        return tried

    async def keep(self, name: str, messages: Sequence[MessageRow]) -> None:
        """Write what is shown as a test."""
        if not messages and not self.attempts:
            raise UsageError(reason=mark("Say something first: there is no conversation to keep."))
        steps = [(row.time_ms, _step(row)) for row in messages]
        steps += [(each.at_ms, step) for each in self.attempts for step in each.steps()]
        steps.sort(key=lambda each: each[0])
        script = write_script((step for _, step in steps), f"{name}  {moment(self.shell.clock.wall_ms())}")
        kept: KeptConversation = await self.shell.control.call(KeepConversation(name=name, script=script))
        self.shell.say(self.shell.t(mark("Kept as a test; r runs all of them")), kept.path)

    async def run_all(self, app: App[Leave]) -> None:
        t = self.shell.t
        kept: list[KeptConversation] = await self.shell.control.call(ListConversations())
        if not kept:
            raise NotFound(what=mark("kept conversation"), name=t(mark("any (s keeps one)")))
        rows: list[ConversationRow] = await self.shell.control.call(ReplayConversations(network=self.network))
        good = sum(row.ok for row in rows)
        told = [text for row in rows for text in self._told(row)]
        where = str(Path(kept[0].path).parent)
        head = t(mark("{good} of {all} conversations as kept")).format(good=good, all=len(rows))
        await app.push_screen_wait(AnswerReader(self.shell, head, [*told, "", where]))

    def _told(self, row: ConversationRow) -> list[str]:
        t, glyphs = self.shell.t, self.shell.looks.glyphs
        if row.ok:
            how = t(mark("{count} answers, {ms} ms")).format(count=row.heard, ms=row.took_ms)
            return [f"{glyphs.ok} {row.name}   {how}"]
        if row.error:
            return [f"{glyphs.failed} {row.name}", f"    {row.error}"]
        line = t(mark("line {line}")).format(line=row.line)
        wanted, got = t(mark("kept")), t(mark("now"))
        return [
            f"{glyphs.failed} {row.name}   {line}",
            f"    {wanted}: {row.wanted or '-'}",
            f"    {got}: {row.got or '-'}",
        ]


def _step(row: MessageRow) -> Step:
    if row.direction == "out":
        return Step("hears", row.text)
    return Step("says", row.text, Who(row.user, row.chat, row.sender or row.user))


async def embedded(path: str) -> str:
    """A picture of this machine as `base64://…`; `UsageError` when it cannot be read."""
    try:
        content = await asyncio.to_thread(_read, path)
    except OSError as error:
        raise UsageError(reason=f"{path}: {error.strerror or error}") from None
    if len(content) > LARGEST:
        raise UsageError(reason=mark("An image of at most 8 MB is wanted."))
    return f"base64://{b64encode(content).decode()}"


def _read(path: str) -> bytes:
    with Path(path).expanduser().open("rb") as file:
        return file.read(LARGEST + 1)
