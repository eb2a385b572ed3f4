"""The bar that asks what would happen: a line to type into, with the engine's answer below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from kagami.errors import KagamiError
from kagami.operations.guard import Checked, CheckGuard
from kagami.operations.messages import ListMessages
from kagami.operations.routes import Explained, ExplainRoute
from kagami.ports import MessageRow
from kagami.tui.later import later
from kagami.tui.route_ask import Answer, checked_lines, explained_lines, how_to_ask, line_of, read_asked
from kagami.tui.route_draft import Draft
from kagami.tui.shell import Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.page import Page, paragraph
from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.rows import Rows

RECENT = 50


class AskBar(Vertical):
    """Judges each line by the rules of `draft`, or by the guard lists. Up and down bring recent messages, the newest
    first; paging scrolls the answer; Enter says the text in the Sandbox.
    """

    DEFAULT_CSS = """
    AskBar { height: 1fr; }
    AskBar Horizontal { height: 1; }
    AskBar Rows { width: 3; height: 1; }
    AskBar Page { height: 1fr; }
    """

    def __init__(self, shell: Shell, draft: Draft, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shell = shell
        self.draft = draft
        self.by_guard = False
        self.box = Box()
        self.page = Page(shell)
        self.page.can_focus = False
        self._past: Sequence[str] = ()
        self._at = -1  # in the past; -1 for what was typed
        self._own = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Rows(self.shell, lambda _: [[Span(" > ", "accent")]])
            yield self.box
        yield self.page

    def on_mount(self) -> None:
        self.page.show(partial(how_to_ask, self.shell))

    async def said(self) -> list[MessageRow]:
        """The latest messages that came, the newest first."""
        rows: list[MessageRow] = await self.shell.control.call(ListMessages(limit=RECENT))
        return [row for row in reversed(rows) if row.direction == "in"]

    async def remember(self) -> None:
        """Read what up and down bring; who may not read messages types them."""
        self._at = -1
        try:
            self._past = list(dict.fromkeys(line_of(row) for row in await self.said()))
        except KagamiError:
            self._past = ()

    def judge(self) -> None:
        """Ask about the line again: it, the rules or the lists have changed."""
        self.run_worker(later(partial(self._judged, self.box.value)), group="judge", exclusive=True)

    async def _judged(self, line: str) -> None:
        if not line.strip():
            self.page.show(partial(how_to_ask, self.shell))
            return
        words = read_asked(line)._asdict()
        try:
            if self.by_guard:
                checked: Checked = await self.shell.control.call(CheckGuard(**words))
                self.page.show(partial(checked_lines, self.shell, checked))
            else:
                self.page.show(partial(explained_lines, self.shell, await self._explained(words)))
        except KagamiError as error:
            told = error.text(self.shell.t)
            self.page.show(lambda width: paragraph(told, width, self.shell.looks, "bad"))

    async def _explained(self, words: Mapping[str, str]) -> Answer:
        pending = len(self.draft.pending)
        by_saved = ExplainRoute(**words)  # type: ignore[arg-type]
        saved: Explained = await self.shell.control.call(by_saved)
        if not pending:
            return Answer(saved)
        request = ExplainRoute(**words, rules=self.draft.rules, unsaved=True)
        return Answer(await self.shell.control.call(request), saved, pending)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.judge()

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.shell.go("sandbox", read_asked(event.value).text)

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down"):
            event.stop()
            self._recall(1 if event.key == "up" else -1)
        elif event.key in ("pageup", "pagedown"):
            event.stop()
            self.page.action_roll_page(-1 if event.key == "pageup" else 1)

    def _recall(self, step: int) -> None:
        """Go through the past, and back to what was typed."""
        before, self._at = self._at, max(-1, min(self._at + step, len(self._past) - 1))
        if before < 0:
            self._own = self.box.value
        if self._at != before:
            self.box.write(self._past[self._at] if self._at >= 0 else self._own)
