"""Chats: what is said now, the search over everything that was said, and what no handler could finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.i18n import mark
from kagami.model.message import preview
from kagami.operations.messages import ListChats, ListDead, ListMessages, Replay, Search
from kagami.ports import ChatRow, MessageRow, Open
from kagami.tui.acting import Verb
from kagami.tui.format import rows as lines_of
from kagami.tui.keys import Action
from kagami.tui.pinning import Pinning
from kagami.tui.place import Place, beside
from kagami.tui.shell import Leave, Question, Shell
from kagami.tui.talk import (
    CHAT_COLUMNS,
    DEAD_COLUMNS,
    FOUND_COLUMNS,
    chat_row,
    dead_row,
    found_row,
    no_chats,
    no_dead,
    no_results,
    said_entry,
)
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import LiveTable
from kagami.tui.widgets.transcript import Transcript

WIDE = 100
LOW = 16  # rows below which one pane is shown at a time
PAGE = 100
MOST_MESSAGES = 1_000
MOST_FOUND = 200


class Chats(Place):
    """Three tabs: conversations with their transcript, search, dead letters."""

    DEFAULT_CSS = beside(__file__)
    NAME = "chats"
    PURPOSE = mark(
        "Conversations, the latest first, and what was said in the marked one. The search finds any text in all "
        "messages, two Chinese characters are enough. Dead letters are events whose handler failed too often."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("chat.open", ("enter",), mark("trace"), mark("Open the trace of the marked message"), row=True),
        Action("chat.search", ("slash",), mark("search"), mark("Search in everything that was said")),
        Action("chat.filter", ("ampersand",), mark("filter"), mark("Show only chats whose name holds this")),
        Action("chat.live", ("c",), mark("conversations"), mark("Show the conversations")),
        Action("chat.dead", ("d",), mark("dead letters"), mark("Show events whose handler failed too often")),
        Action(
            "chat.replay", ("r",), mark("handle again"), mark("Handle the dead letter again"), changes=True, row=True
        ),
        Action(
            "chat.pin",
            ("p",),
            mark("pin version"),
            mark("Keep this chat on a version of a plugin…"),
            changes=True,
            row=True,
            hint=False,
        ),
        Action("chat.copy", ("y",), mark("copy"), mark("Copy the marked message"), row=True),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.tab = "live"
        self.contains = ""
        self.searched = ""
        self._limit = PAGE
        self._chats: dict[str, ChatRow] = {}
        self._messages: dict[str, MessageRow] = {}
        self._found: dict[str, MessageRow] = {}
        self._dead: dict[str, Open] = {}

    def compose(self) -> ComposeResult:
        self.list = LiveTable(self.shell, CHAT_COLUMNS, id="chats-list")
        self.list.empty = lambda: no_chats(self.shell, self.contains)
        self.said = Transcript(self.shell, id="chats-said")
        self.said_pane = Pane(self.shell, self.said, id="chats-said-pane")
        self.list_pane = Pane(self.shell, self.list, id="chats-list-pane")
        self.box = Box(id="chats-box")
        self.results = LiveTable(self.shell, FOUND_COLUMNS, id="chats-results")
        self.results.empty = lambda: no_results(self.shell, self.searched)
        self.results_pane = Pane(self.shell, self.results, id="chats-results-pane")
        self.dead = LiveTable(self.shell, DEAD_COLUMNS, id="chats-dead")
        self.dead.empty = lambda: no_dead(self.shell)
        self.dead_pane = Pane(self.shell, self.dead, id="chats-dead-pane")
        yield Rows(self.shell, self.tabs, id="chats-tabs")
        with Container(id="chats-live"):
            yield self.list_pane
            yield self.said_pane
        with Container(id="chats-search"):
            with Container(id="chats-box-line"):
                yield Rows(self.shell, self._box_label, id="chats-box-label")
                yield self.box
            yield self.results_pane
        yield self.dead_pane

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "chat.open": self._trace,
            "chat.search": lambda: self.show_tab("search"),
            "chat.filter": self._ask_filter,
            "chat.live": lambda: self.show_tab("live"),
            "chat.dead": lambda: self.show_tab("dead"),
            "chat.replay": self._replay,
            "chat.pin": self._pin,
            "chat.copy": self._copy,
        }

    def blocked(self, action: str) -> str:
        if action in {"chat.open", "chat.copy"} and not self._execution():
            return self.t(mark("there is no message"))
        if action == "chat.pin" and (self.tab != "live" or self.list.key not in self._chats):
            return self.t(mark("no conversation is marked (c shows them)"))
        if action == "chat.replay" and (self.tab != "dead" or not self.dead.key):
            return self.t(mark("only a dead letter can be handled again (d shows them)"))
        return ""

    def crumbs(self) -> tuple[str, ...]:
        return (
            {"live": self.t(mark("conversations")), "search": self.t(mark("search"))}.get(self.tab)
            or self.t(mark("dead letters")),
        )

    def subject(self) -> str:
        return self._text()

    def open_at(self, target: str) -> None:
        """`bot|chat`: the transcript of this chat."""
        self.show_tab("live")
        self.list.select(target)

    def back(self) -> bool:
        if self.tab != "live":
            self.show_tab("live")
            return True
        if self.said.has_focus:
            self.remove_class("inside")
            self.list.focus()
            return True
        return False

    def show_tab(self, tab: str) -> None:
        self.tab = tab
        for name in ("search", "dead"):
            self.set_class(name == tab, name)
        {"live": self.list, "search": self.box, "dead": self.dead}[tab].focus()
        self.run_worker(self.read_now(), group="read", exclusive=True)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height < LOW, "low")

    # Reading.

    async def refresh_now(self) -> None:
        dead: list[Open] = await self.control.call(ListDead())
        self._dead = {each.event.execution: each for each in dead}
        self.dead.show([dead_row(each) for each in dead])
        self.dead_pane.label(f"{self.t(mark('Dead letters'))} {len(dead)}", self.t(mark("r handles it again")))
        if self.tab == "live":
            await self._read_live()
        self.query_one("#chats-tabs", Rows).repaint()

    async def _read_live(self) -> None:
        chats: list[ChatRow] = await self.control.call(ListChats(contains=self.contains))
        self._chats = {f"{each.bot}|{each.chat}": each for each in chats}
        self.list.show([chat_row(self.shell, key, each) for key, each in self._chats.items()])
        hint = f"{self.t(mark('filter'))} {self.contains}" if self.contains else self.t(mark("the latest first"))
        self.list_pane.label(f"{self.t(mark('Conversations'))} {len(chats)}", hint)
        await self._read_said()

    async def _read_said(self) -> None:
        chat = self._chats.get(self.list.key)
        if chat is None:
            self.said.empty = ()
            self.said.show([])
            self.said_pane.label(self.t(mark("what was said")))
            return
        request = ListMessages(bot=chat.bot, chat=chat.chat, limit=self._limit)
        messages: list[MessageRow] = await self.control.call(request)
        if self._chats.get(self.list.key) is not chat:
            return  # the cursor moved on meanwhile
        self._messages = {str(each.id): each for each in messages}
        self.said.show([said_entry(self.shell, each) for each in messages])
        self.said_pane.label(f"{chat.chat} {chat.chat_name}", self.t(mark("Enter: trace of the marked line")))

    @on(Moved, "#chats-list")
    def _other_chat(self) -> None:
        self._limit = PAGE
        self.said.show([], to_end=True)
        if self._chats.get(self.list.key):
            self.start_as("chat.live", self._read_said())

    @on(Moved, "#chats-said")
    def _maybe_older(self, message: Moved) -> None:
        """At the first entry: read further back."""
        first = next(iter(self._messages), "")
        if message.key == first and len(self._messages) == self._limit < MOST_MESSAGES:
            self._limit += PAGE
            self.start_as("chat.live", self._read_said())

    @on(Input.Submitted, "#chats-box")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.searched = event.value.strip()
        if self.searched:
            self.start_as("chat.search", self._search())

    async def _search(self) -> None:
        found: list[MessageRow] = await self.control.call(Search(text=self.searched, limit=MOST_FOUND))
        self._found = {str(each.id): each for each in found}
        self.results.show([found_row(self.shell, each) for each in found])
        more = "+" if len(found) == MOST_FOUND else ""
        self.results_pane.label(f"{self.searched}  {len(found)}{more}", self.t(mark("Enter: trace   /: search again")))
        if found:
            self.results.focus()

    # Doing.

    @on(Chosen, "#chats-list")
    def _enter_chat(self) -> None:
        self.add_class("inside")
        self.said.focus()

    @on(Chosen)
    def _chosen(self, message: Chosen) -> None:
        if message.listing is not self.list:
            self._trace()

    def _execution(self) -> str:
        """Of the marked message."""
        if self.tab == "dead":
            return self.dead.key
        row = self._row_marked()
        return row.execution if row else ""

    def _row_marked(self) -> MessageRow | None:
        if self.tab == "search":
            return self._found.get(self.results.key)
        return self._messages.get(self.said.key)

    def _text(self) -> str:
        if self.tab == "dead":
            dead = self._dead.get(self.dead.key)
            return preview(dead.event.message) if dead else ""
        row = self._row_marked()
        return row.text if row else ""

    def _trace(self) -> None:
        self.shell.go("trace", self._execution())

    def _copy(self) -> None:
        self.shell.copy("\n".join(lines_of(self._text())))

    async def _ask_filter(self) -> None:
        words = await self.shell.prompt(self.t(mark("filter")), self.contains)
        if words is not None:
            self.contains = words.strip()
            self.show_tab("live")

    async def _pin(self) -> None:
        await Pinning(self.shell, cast("App[Leave]", self.app)).of_chat(self._chats[self.list.key])

    async def _replay(self) -> None:
        dead = self._dead[self.dead.key]
        t = self.t
        question = Question(
            t(mark("Handle this event again?")),
            (
                (t(mark("Message")), preview(dead.event.message)),
                (t(mark("Tries so far")), str(dead.attempts)),
                (t(mark("Last error")), dead.error),
                (
                    t(mark("Already sent")),
                    t(mark("{count} messages; they are not sent again")).format(count=len(dead.sends)),
                ),
                (t(mark("After")), t(mark("its handler runs from the start; if it fails, it comes back here"))),
            ),
            keep=t(mark("Leave it")),
            go=t(mark("Handle again")),
        )
        if await self.shell.ask(question):
            await self.control.call(Replay(execution=dead.event.execution))
            self.shell.say(t(mark("Being handled again")), preview(dead.event.message))
            await self.read_now()

    # Painting.

    def tabs(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        names = (
            ("live", "c", mark("Conversations"), len(self._chats)),
            ("search", "/", mark("Search"), 0),
            ("dead", "d", mark("Dead letters"), len(self._dead)),
        )
        actions = {"live": "chat.live", "search": "chat.search", "dead": "chat.dead"}
        spans: list[Span] = []
        for tab, key, title, number in names:
            text = f"{self.t(title)} {number}" if number else self.t(title)
            here = tab == self.tab
            role = "title" if here else "bad" if tab == "dead" and number else "text"
            spans += [
                Span(f" {key} ", "key"),
                Span(f"[{text}]" if here else f" {text} ", role, f"app.place('{actions[tab]}')"),
            ]
        return [spans]

    def _box_label(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        return [[Span(f" {self.t(mark('search'))} ", "accent")]]
