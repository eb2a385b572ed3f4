"""Sandbox: talk to the plugins as any user in any chat, with no account at all, and see what happened inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.operations.messages import ListMessages, Say
from kagami.operations.traces import GetTrace, Traced
from kagami.ports import MessageRow
from kagami.tui.acting import Verb
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.figures import micros
from kagami.tui.format import pad
from kagami.tui.format import rows as lines_of
from kagami.tui.identity import USAGE, Identity, read_identity
from kagami.tui.keys import Action
from kagami.tui.place import Place, beside
from kagami.tui.receipt import receipt_lines
from kagami.tui.shell import Shell
from kagami.tui.talk import advice, said_entry
from kagami.tui.widgets.bars import spread
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.transcript import Entry, Transcript
from kagami.tui.widgets.waterfall import legs

SMALL = 70
PAGE = 200
MOST_HISTORY = 100
BAR_CELLS = 10


class Sandbox(Place):
    """A chat on the left, what the engine did with the marked message on the right, the box below."""

    DEFAULT_CSS = beside(__file__)
    NAME = "sandbox"
    PURPOSE = mark(
        "Say something and see how your plugins answer: no account is needed and no platform is involved. "
        "/as user:10002 group:777 name:Ann makes you somebody else. Esc leaves the box; then letters work."
    )
    PERIOD = 0.4
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("sandbox.send", ("enter",), mark("send"), mark("Say what is in the box"), changes=True),
        Action("sandbox.write", ("i",), mark("write"), mark("Back into the box")),
        Action("sandbox.read", ("v",), mark("read"), mark("Read the marked message in full"), row=True, hint=False),
        Action("sandbox.trace", ("w",), mark("trace"), mark("Open the trace of the marked message"), row=True),
        Action("sandbox.as", ("a",), mark("identity"), mark("Be another user, in another chat")),
        Action(
            "sandbox.again", ("r",), mark("say again"), mark("Say the marked message again"), changes=True, row=True
        ),
        Action("sandbox.copy", ("y",), mark("copy"), mark("Copy the marked message"), row=True),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.identity = Identity()
        self.waiting = ""  # execution whose trace is not written yet
        self._since = 0.0
        self._history: list[str] = []
        self._at = 0
        self._messages: dict[str, MessageRow] = {}
        self._traces: dict[str, Traced] = {}

    def compose(self) -> ComposeResult:
        self.said = Transcript(self.shell, id="sandbox-said")
        self.said_pane = Pane(self.shell, self.said, id="sandbox-said-pane")
        self.page = Page(self.shell, id="sandbox-page")
        self.page_pane = Pane(self.shell, self.page, id="sandbox-page-pane")
        self.box = Box(id="sandbox-box")
        self.box_pane = Pane(self.shell, self.box, id="sandbox-box-pane")
        yield Rows(self.shell, self.who, id="sandbox-who")
        with Container(id="sandbox-body"):
            yield self.said_pane
            yield self.page_pane
        yield self.box_pane

    def on_mount(self) -> None:
        self.page.show(self._what_happened)
        self.relabel()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "sandbox.send": self.box.focus_now,
            "sandbox.write": self.box.focus_now,
            "sandbox.read": self._read_whole,
            "sandbox.trace": lambda: self.shell.go("trace", self._execution()),
            "sandbox.as": self._ask_identity,
            "sandbox.again": lambda: self._say(self._messages[self.said.key].text),
            "sandbox.copy": lambda: self.shell.copy("\n".join(lines_of(self._messages[self.said.key].text))),
        }

    def blocked(self, action: str) -> str:
        needs_one = action in {"sandbox.read", "sandbox.trace", "sandbox.again", "sandbox.copy"}
        return self.t(mark("there is no message")) if needs_one and self.said.key not in self._messages else ""

    def crumbs(self) -> tuple[str, ...]:
        return (self.identity.chat,)

    def subject(self) -> str:
        return self.said.entry.text if self.said.entry else ""

    def open_at(self, target: str) -> None:
        self.box.write(target)

    def take_focus(self) -> None:
        self.box.focus()

    def come_back(self) -> None:
        self.said.focus()  # what is typed into the box is said

    def back(self) -> bool:
        if self.box.has_focus:
            self.said.focus()
            return True
        return False

    def relabel(self) -> None:
        self.said.empty = self._nothing_said()
        self.said.more = self.t(mark("Enter shows all of it"))
        self.said_pane.label(self.t(mark("conversation")))
        self.page_pane.label(self.t(mark("what happened")))
        self.box_pane.label(self.t(mark("say something")), self.t(mark("/as user:2 group:7    esc, then letters")))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < SMALL, "small")

    # Reading.

    async def refresh_now(self) -> None:
        if self.waiting:
            await self._read_trace(self.waiting)
        rows: list[MessageRow] = await self.control.call(ListMessages(chat=self.identity.chat, limit=PAGE))
        self._messages = {str(row.id): row for row in rows if split_id(row.bot)[0] == "sandbox"}
        self.said.show([self._entry(row) for row in self._messages.values()])
        self._show_page()

    async def _read_trace(self, execution: str) -> None:
        try:
            one: Traced = await self.control.call(GetTrace(execution=execution))
        except NotFound:
            return
        self._traces[execution] = one
        if execution == self.waiting and one.trace.outcome not in ("retry", "parked"):
            self.waiting = ""

    @on(Moved, "#sandbox-said")
    def _other_message(self) -> None:
        execution = self._execution()
        self._show_page()
        if execution and execution not in self._traces:
            self.start_as("sandbox.trace", self._read_more(execution))

    async def _read_more(self, execution: str) -> None:
        await self._read_trace(execution)
        self._show_page()

    # Saying.

    @on(Input.Submitted, "#sandbox-box")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value
        if not text.strip():
            return
        self.box.write("")
        self._history = [*self._history, text][-MOST_HISTORY:]
        self._at = len(self._history)
        word, _, rest = text.strip().partition(" ")
        if word == "/as":
            self._become(rest)
        elif word == "/trace" and self._execution():
            self.shell.go("trace", self._execution())
        else:
            self.start_as("sandbox.send", self._say(text))

    async def _say(self, text: str) -> None:
        who = self.identity
        self.waiting = await self.control.call(Say(text=text, user=who.user, chat=who.chat, name=who.name))
        self._since = self.shell.clock.monotonic()
        await self.read_now()
        self.said.show(self.said.entries, to_end=True)

    def _become(self, words: str) -> None:
        try:
            self.identity = read_identity(words, self.identity)
        except UsageError:
            self.shell.say(self.t(mark("Who are you?")), self.t(USAGE), "warning")
            return
        self.waiting = ""
        self.run_worker(self.read_now(), group="read", exclusive=True)
        self.query_one("#sandbox-who", Rows).repaint()

    async def _ask_identity(self) -> None:
        who = self.identity
        before = f"user:{who.user} group:{who.group or '-'} name:{who.name}"
        words = await self.shell.prompt(self.t(mark("be")), before)
        if words and words != before:
            self._become(words)

    def on_key(self, event: events.Key) -> None:
        """The box keeps what was said: up and down walk through it."""
        if self.box.has_focus and event.key in {"up", "down"}:
            event.stop()
            self._at = max(0, min(self._at + (-1 if event.key == "up" else 1), len(self._history)))
            self.box.write(self._history[self._at] if self._at < len(self._history) else "")

    @on(Chosen, "#sandbox-said")
    def _chosen(self) -> None:
        if self.said.whole:
            self.box.focus()
        else:
            self.action_act("sandbox.read")

    async def _read_whole(self) -> None:
        row = self._messages[self.said.key]
        title = self.said.entry.who if self.said.entry else row.user
        await self.app.push_screen_wait(AnswerReader(self.shell, title, lines_of(row.text)))

    # Painting.

    def _execution(self) -> str:
        row = self._messages.get(self.said.key)
        return row.execution if row else self.waiting

    def _entry(self, row: MessageRow) -> Entry:
        one = self._traces.get(row.execution)
        note = ""
        if one and row.direction == "out":
            note = f"{one.trace.plugin}  {micros(one.trace.total_us)} ms"
        elif one and one.trace.outcome == "ignored":
            note = self.t(mark("no plugin wanted this"))
        return said_entry(self.shell, row, note)

    def who(self, width: int) -> Sequence[Line]:
        """The identity, and that nothing leaves the house."""
        who, t = self.identity, self.t
        where = who.chat if who.group else t(mark("in private"))
        left = [Span(f" {t(mark('as'))} ", "dim"), Span(f"{who.name} {who.user}", "key", "app.place('sandbox.as')")]
        left += [Span("  "), Span(where, "key", "app.place('sandbox.as')")]
        return [spread(left, [Span(t(mark("answers stay in this chat")) + " ", "dim")], width)]

    def _show_page(self) -> None:
        self.page.show(self._what_happened, keep_place=True)

    def _what_happened(self, width: int) -> Sequence[Line]:
        looks, t = self.looks, self.t
        one = self._traces.get(self._execution())
        if one is None and self.waiting:
            seconds = int(self.shell.clock.monotonic() - self._since)
            text = t(mark("Not done yet ({seconds} s). A handler may be waiting for your answer.")).format(
                seconds=seconds
            )
            return paragraph(text, width, looks, "warn")
        if one is None:
            return paragraph(
                t(mark("Each stage of the marked message appears here, and what was sent.")), width, looks, "dim"
            )
        longest = max((leg.end_us - leg.start_us for leg in legs(one.trace)), default=0) or 1
        built: list[Line] = []
        for leg in legs(one.trace):
            took = leg.end_us - leg.start_us
            bar = looks.glyphs.focus[1] * (took * BAR_CELLS // longest)
            name = Span(" " + pad(leg.stage, 9, tier=looks.text))
            built.append([name, Span(f"{micros(took):>7} ", "strong"), Span(bar, "accent")])
        return [*built, (), *receipt_lines(one, width, looks, t)]

    def _nothing_said(self) -> Sequence[Line]:
        t = self.t
        rest = advice(self.shell, "", t(mark("No account is needed.")), t(mark("Nothing leaves Kagami.")))[2:]
        how = [Span("   " + t(mark("Type")) + " "), Span("/help", "key"), Span(" " + t(mark("and press Enter.")))]
        return [*advice(self.shell, t(mark("Nothing said yet."))), (), how, (), *rest]
