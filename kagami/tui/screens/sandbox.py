"""Sandbox: talk to the plugins as any user in any chat, with no account at all, and see what happened inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, cast

import msgspec
from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.operations.messages import ListMessages, Say
from kagami.operations.traces import GetTrace, Traced
from kagami.ports import MessageRow
from kagami.tui.acting import Verb
from kagami.tui.attempts import attempt_lines, entries_of
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.figures import micros
from kagami.tui.format import pad
from kagami.tui.format import rows as lines_of
from kagami.tui.identity import USAGE, Identity, Replayed, read_identity
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.place import Place, beside
from kagami.tui.receipt import receipt_lines
from kagami.tui.sandbox_actions import SANDBOX_ACTIONS
from kagami.tui.shell import Leave, Shell
from kagami.tui.stages import legs, stage_name
from kagami.tui.talk import advice, said_entry
from kagami.tui.trying import Trying, embedded
from kagami.tui.widgets.bars import spread
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.transcript import Entry, Transcript

_NAME = re.compile(r"[\w-][\w.-]{0,63}")
SMALL, BAR_CELLS = 70, 10
PAGE = 200
MOST_HISTORY = 100


class Sandbox(Place):
    """A chat on the left, what the engine did with the marked message on the right, the box below."""

    DEFAULT_CSS = beside(__file__)
    NAME = "sandbox"
    CHANGES = "messages:write"
    PURPOSE = mark(
        "Say something and see how your plugins answer: no account is needed and no platform is involved. "
        "/as user:10002 group:777 name:Ann makes you somebody else, /event join 10077 lets something happen, /image "
        "cat.png sends a picture. /dry shows what would be done and does nothing of it; /dry net lets plugins read the "
        "network meanwhile. /save name keeps the conversation as a test. Esc leaves the box; then letters work."
    )
    PERIOD = 0.4
    ACTIONS: ClassVar[tuple[Action, ...]] = SANDBOX_ACTIONS

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.identity = Identity()
        self.trying = Trying(shell, self._tried)
        self._since_ms = 0  # what was said before belongs to another conversation
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
            "sandbox.dry": lambda: self._dry(""),
            "sandbox.compare": self._compare,
            "sandbox.save": self._ask_name,
            "sandbox.runall": lambda: self.trying.run_all(cast("App[Leave]", self.app)),
            "sandbox.new": self._begin_anew,
            "sandbox.again": lambda: self._say(self._text()),
            "sandbox.copy": lambda: self.shell.copy("\n".join(lines_of(self._text()))),
        }

    def blocked(self, action: str) -> str:
        marked = self.said.key in self._messages or self.trying.of(self.said.key) is not None
        needs_one = {"sandbox.read", "sandbox.again", "sandbox.copy", "sandbox.compare"}
        if action in needs_one and not marked:
            return self.t(mark("there is no message"))
        if action == "sandbox.trace" and self.said.key not in self._messages:
            dry = mark("a dry run leaves no trace: all of it stands beside")
            return self.t(dry if marked else mark("there is no message"))
        return ""

    def crumbs(self) -> tuple[str, ...]:
        return (self.identity.chat,)

    def subject(self) -> str:
        return self.said.entry.text if self.said.entry else ""

    def open_at(self, target: str) -> None:
        """What is to be said; or a `Replayed` message as JSON, which is tried without doing anything."""
        try:
            given = msgspec.json.decode(target, type=Replayed) if target.startswith("{") else None
        except msgspec.MsgspecError:
            given = None
        if given is None:
            self.box.write(target)
            return
        self.identity, self.trying.dry = given.identity(), True
        self.box.write(given.text)
        self._told_who()

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
        self._messages = {
            str(row.id): row for row in rows if split_id(row.bot)[0] == "sandbox" and row.time_ms >= self._since_ms
        }
        self._show_said()
        self._show_page()

    def _show_said(self, *, to_end: bool = False) -> None:
        entries = [self._entry(row) for row in self._messages.values()]
        for attempt in self.trying.attempts:
            if attempt.who.chat == self.identity.chat:
                entries += entries_of(attempt, self.looks, self.t)
        self.said.show(sorted(entries, key=lambda each: each.time_ms), to_end=to_end)

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
        commands = {"/as": self._become, "/dry": self._dry}
        if word in commands:
            commands[word](rest)
        elif word == "/trace":
            self.action_act("sandbox.trace")
        elif word == "/save":
            self.start_as("sandbox.save", self._save(rest.strip()))
        elif word == "/event":
            self.start_as("sandbox.send", self._happen(rest))
        elif word == "/image":
            self.start_as("sandbox.send", self._picture(rest))
        else:
            self.start_as("sandbox.send", self._say(text))

    async def _say(self, text: str, *, event: str = "", images: Sequence[str] = (), user: str = "") -> None:
        who = replace(self.identity, user=user) if user else self.identity
        if self.trying.dry:
            await self.trying.say(who, text, event=event, images=images)
            return
        request = Say(text=text, user=who.user, chat=self.identity.chat, name=who.name, event=event, images=[*images])
        self.waiting = await self.control.call(request)
        self._since = self.shell.clock.monotonic()
        await self.read_now()
        self.said.show(self.said.entries, to_end=True)

    async def _happen(self, words: str) -> None:
        """`join 10077`: something that is no message, to somebody."""
        event, _, user = words.strip().partition(" ")
        await self._say("", event=event, user=user.strip())

    async def _picture(self, words: str) -> None:
        """`cat.png what is said with it`: a file of the machine at which one sits."""
        if self.app.is_web:
            raise UsageError(reason=mark("A browser has no files here: use a console in a terminal."))
        path, _, text = words.strip().partition(" ")
        await self._say(text, images=[await embedded(path)])

    # Without doing it.

    def _dry(self, words: str) -> None:
        """`on`, `off`, `net`; anything else turns it over."""
        trying = self.trying
        trying.dry = {"on": True, "net": True, "off": False}.get(words.strip(), not trying.dry)
        trying.network = words.strip() == "net"
        self._told_who()

    def _tried(self) -> None:
        self._show_said(to_end=True)
        self._show_page()

    async def _compare(self) -> None:
        attempt = self.trying.of(self.said.key)
        if attempt is None:
            row = self._messages[self.said.key]
            who = replace(self.identity, user=row.user, name=row.sender or row.user)
            await self.trying.say(who, row.text)
            attempt = self.trying.attempts[-1]
        await self.trying.compare(attempt)

    async def _ask_name(self) -> None:
        name = await self.shell.prompt(self.t(mark("keep this conversation under the name")))
        if name:
            await self._save(name.strip())

    async def _save(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(reason=mark("A name of letters, digits, - and _ is wanted: /save weather"))
        rows = [row for row in self._messages.values() if row.chat == self.identity.chat]
        await self.trying.keep(name, rows)

    def _begin_anew(self) -> None:
        self._since_ms = self.shell.clock.wall_ms()
        self.trying.attempts, self._messages, self.waiting = [], {}, ""
        self._show_said(to_end=True)
        self._show_page()

    def _become(self, words: str) -> None:
        try:
            self.identity = read_identity(words, self.identity)
        except UsageError:
            self.shell.say(self.t(mark("Who are you?")), self.t(USAGE), "warning")
            return
        self.waiting = ""
        self.run_worker(later(self.read_now), group="read", exclusive=True)
        self._told_who()

    def _told_who(self) -> None:
        self.query_one("#sandbox-who", Rows).repaint()
        self.shell.refresh_chrome()

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
        title = self.said.entry.who if self.said.entry else ""
        await self.app.push_screen_wait(AnswerReader(self.shell, title, lines_of(self._text())))

    def _text(self) -> str:
        """Of the marked message."""
        row, attempt = self._messages.get(self.said.key), self.trying.of(self.said.key)
        if row is None and attempt is not None and self.said.key == f"{attempt.key}.0":
            return attempt.text
        return row.text if row else self.said.entry.text if self.said.entry else ""

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
        right = Span(t(mark("answers stay in this chat")) + " ", "dim")
        if self.trying.dry:
            told = (
                mark("DRY RUN, plugins may read the network")
                if self.trying.network
                else mark("DRY RUN: nothing leaves")
            )
            right = Span(f"{self.looks.glyphs.online} {t(told)} ", "warn", "app.place('sandbox.dry')")
        return [spread(left, [right], width)]

    def _show_page(self) -> None:
        self.page.show(self._what_happened, keep_place=True)

    def _what_happened(self, width: int) -> Sequence[Line]:
        looks, t = self.looks, self.t
        attempt = self.trying.of(self.said.key)
        if attempt is not None:
            return attempt_lines(attempt, width, looks, t)
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
            name = Span(" " + pad(stage_name(leg.stage, t), 9, tier=looks.text))
            built.append([name, Span(f"{micros(took):>7} ", "strong"), Span(bar, "accent")])
        return [*built, (), *receipt_lines(one, width, looks, t)]

    def _nothing_said(self) -> Sequence[Line]:
        t = self.t
        rest = advice(self.shell, "", t(mark("No account is needed.")), t(mark("Nothing leaves Kagami.")))[2:]
        how = [Span("   " + t(mark("Type")) + " "), Span("/help", "key"), Span(" " + t(mark("and press Enter.")))]
        return [*advice(self.shell, t(mark("Nothing said yet."))), (), how, (), *rest]
