"""Chats: what is said now, the search over everything that was said, and what no handler could finish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.errors import Denied
from kagami.i18n import mark
from kagami.model.message import preview
from kagami.operations.messages import ListChats, ListDead, ListMessages
from kagami.operations.people import ListOperators
from kagami.operations.plugins import ListDialogs
from kagami.ports import ChatRow, DialogRow, MessageRow, Open, OperatorRow
from kagami.tui.acting import Verb
from kagami.tui.chat_actions import CHAT_ACTIONS
from kagami.tui.chat_acts import MOST_FOUND, ChatActs, read_search
from kagami.tui.format import rows as lines_of
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.pinning import Pinning
from kagami.tui.place import Place, beside
from kagami.tui.shell import Leave, Shell
from kagami.tui.talk import (
    CHAT_COLUMNS,
    DEAD_COLUMNS,
    FOUND_COLUMNS,
    OPERATOR_COLUMNS,
    advice,
    chat_row,
    dead_row,
    found_row,
    no_chats,
    no_dead,
    no_results,
    operator_row,
    said_entry,
    tab_line,
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


class Chats(Place):
    """Four tabs: conversations with their transcript, search, dead letters, operators."""

    DEFAULT_CSS = beside(__file__)
    NAME = "chats"
    CHANGES = "messages:write"
    PURPOSE = mark(
        "Conversations, the latest first, and what was said in the marked one. STATE says which plugin waits for an "
        "answer. The search finds any text in all messages, two Chinese characters are enough; bot: chat: user: "
        "dir:out and is:failed beside it narrow it. Dead letters are events whose handler failed too often."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = CHAT_ACTIONS

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
        self._dialogs: dict[str, list[DialogRow]] = {}
        self._operators: dict[str, OperatorRow] = {}

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
        self.people = LiveTable(self.shell, OPERATOR_COLUMNS, id="chats-people")
        self.people.empty = lambda: advice(self.shell, self.t(mark("Nobody is here.")))
        self.people_pane = Pane(self.shell, self.people, id="chats-people-pane")
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
        yield self.people_pane

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "chat.open": self._trace,
            "chat.search": lambda: self.show_tab("search"),
            "chat.filter": self._ask_filter,
            "chat.live": lambda: self.show_tab("live"),
            "chat.dead": lambda: self.show_tab("dead"),
            "op.list": lambda: self.show_tab("people"),
            "chat.reply": self._reply,
            "chat.resend": lambda: self._with_row(self._acts.resend),
            "chat.delete": lambda: self._with_row(self._acts.delete),
            "chat.try": self._try,
            "chat.endstate": lambda: self._again(self._acts.end_dialog(self._waiting()[0])),
            "chat.switch": lambda: self._again(self._acts.switch(self._chats[self.list.key])),
            "chat.pin": self._pin,
            "chat.pins": lambda: self._acts.pins(),  # noqa: PLW0108 - the acts are made when they are wanted
            "chat.replay": lambda: self._with_dead(self._acts.replay),
            "chat.replayall": lambda: self._again(self._acts.replay_all(list(self._dead.values()))),
            "chat.drop": lambda: self._with_dead(self._acts.drop),
            "op.kick": lambda: self._again(self._acts.kick(self._operators[self.people.key])),
            "chat.copy": self._copy,
        }

    @property
    def _acts(self) -> ChatActs:
        return ChatActs(self.shell, cast("App[Leave]", self.app))

    def blocked(self, action: str) -> str:
        row = self._row_marked()
        reasons = {
            "chat.open": (self._execution(), mark("there is no message")),
            "chat.copy": (self._text(), mark("there is no message")),
            "chat.try": (row and row.direction == "in", mark("no message of a person is marked")),
            "chat.resend": (
                row and row.outcome in ("failed", "unknown"),
                mark("only what failed or is unknown can be sent again"),
            ),
            "chat.delete": (
                row and row.message_id,
                mark("the platform gave it no id") if row else mark("no message of a conversation is marked"),
            ),
            "chat.reply": (row or self._live_chat(), mark("no conversation is marked (c shows them)")),
            "chat.pin": (self._live_chat(), mark("no conversation is marked (c shows them)")),
            "chat.switch": (self._live_chat(), mark("no conversation is marked (c shows them)")),
            "chat.endstate": (self._waiting(), mark("no plugin waits for an answer there")),
            "chat.replay": (self._dead_marked(), mark("only a dead letter can be handled again (d shows them)")),
            "chat.drop": (self._dead_marked(), mark("only a dead letter can be given up (d shows them)")),
            "chat.replayall": (self._dead, mark("there is no dead letter")),
            "op.kick": (self._can_kick(), mark("only a login in a browser can be ended (o shows who is here)")),
        }
        can, reason = reasons.get(action, (True, ""))
        return "" if can else self.t(reason)

    def _live_chat(self) -> ChatRow | None:
        return self._chats.get(self.list.key) if self.tab == "live" else None

    def _dead_marked(self) -> Open | None:
        return self._dead.get(self.dead.key) if self.tab == "dead" else None

    def _can_kick(self) -> bool:
        there = self._operators.get(self.people.key) if self.tab == "people" else None
        return there is not None and bool(there.session)

    def _waiting(self) -> list[DialogRow]:
        """The questions that are open in the marked chat."""
        return self._dialogs.get(self.list.key, []) if self.tab == "live" else []

    def crumbs(self) -> tuple[str, ...]:
        return (
            self.t(
                {"live": mark("conversations"), "search": mark("search"), "dead": mark("dead letters")}.get(self.tab)
                or mark("operators")
            ),
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
        for name in ("search", "dead", "people"):
            self.set_class(name == tab, name)
        {"live": self.list, "search": self.box, "dead": self.dead, "people": self.people}[tab].focus()
        self.run_worker(later(self.read_now), group="read", exclusive=True)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height < LOW, "low")

    # Reading.

    async def refresh_now(self) -> None:
        dead: list[Open] = await self.control.call(ListDead())
        self._dead = {each.event.execution: each for each in dead}
        self.dead.show([dead_row(each, self.t) for each in dead])
        self.dead_pane.label(f"{self.t(mark('Dead letters'))} {len(dead)}", self.t(mark("r handles it again")))
        if self.tab == "live":
            await self._read_live()
        if self.tab == "people":
            await self._read_operators()
        self.query_one("#chats-tabs", Rows).repaint()

    async def _read_live(self) -> None:
        chats: list[ChatRow] = await self.control.call(ListChats(contains=self.contains))
        self._chats = {f"{each.bot}|{each.chat}": each for each in chats}
        self._dialogs = {}
        with suppress(Denied):
            waiting: list[DialogRow] = await self.control.call(ListDialogs())
            for each in waiting:
                self._dialogs.setdefault(f"{each.bot}|{each.chat}", []).append(each)
        self.list.show(
            [chat_row(self.shell, key, each, self._dialogs.get(key, ())) for key, each in self._chats.items()]
        )
        hint = f"{self.t(mark('filter'))} {self.contains}" if self.contains else self.t(mark("the latest first"))
        self.list_pane.label(f"{self.t(mark('Conversations'))} {len(chats)}", hint)
        await self._read_said()

    async def _read_operators(self) -> None:
        rows: list[OperatorRow] = await self.control.call(ListOperators())
        self._operators = {str(place): each for place, each in enumerate(rows)}
        self.people.show([operator_row(self.shell, key, each) for key, each in self._operators.items()])
        self.people_pane.label(f"{self.t(mark('Operators'))} {len(rows)}", self.t(mark("x logs a browser out")))

    async def _read_said(self) -> None:
        chat = self._chats.get(self.list.key)
        if chat is None:
            self.said.empty = ()
            self.said.show([])
            self.said_pane.label(self.t(mark("what was said")))
            return
        moment = self.shell.moment_ms
        request = ListMessages(bot=chat.bot, chat=chat.chat, limit=MOST_MESSAGES if moment else self._limit)
        messages: list[MessageRow] = await self.control.call(request)
        messages = [each for each in messages if not moment or each.time_ms <= moment]
        if self._chats.get(self.list.key) is not chat:
            return  # the cursor moved on meanwhile
        self._messages = {str(each.id): each for each in messages}
        self.said.show([said_entry(self.shell, each) for each in messages])
        waiting = self._waiting()
        hint = self.t(mark("Enter: trace of the marked line"))
        if waiting:
            hint = f"{waiting[0].plugin} ? {waiting[0].prompt}"
        self.said_pane.label(f"{chat.chat} {chat.chat_name}", hint)

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
        found: list[MessageRow] = await self.control.call(read_search(self.searched))
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
            self.action_act("chat.open")

    def _execution(self) -> str:
        """Of the marked message."""
        if self.tab == "dead":
            return self.dead.key
        row = self._row_marked()
        return row.execution if row else ""

    def _row_marked(self) -> MessageRow | None:
        """The message under the cursor; None on the tabs that show none."""
        if self.tab == "search":
            return self._found.get(self.results.key)
        return self._messages.get(self.said.key) if self.tab == "live" else None

    def _text(self) -> str:
        """What is copied: the marked message, or the operator's row."""
        if self.tab == "people":
            return self.people.copied()
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

    async def _again(self, work: Awaitable[None]) -> None:
        """What is shown is read again after it."""
        await work
        await self.read_now()

    async def _with_row(self, act: Callable[[MessageRow], Awaitable[None]]) -> None:
        row = self._row_marked()
        if row is not None:
            await self._again(act(row))

    async def _with_dead(self, act: Callable[[Open], Awaitable[None]]) -> None:
        dead = self._dead_marked()
        if dead is not None:
            await self._again(act(dead))

    async def _reply(self) -> None:
        row, chat = self._row_marked(), self._live_chat()
        quoted = row if self.tab == "search" or self.said.has_focus else None
        place = chat or row
        if place is not None:
            await self._again(self._acts.reply(quoted, place.bot, place.chat, place.chat_name))

    def _try(self) -> None:
        row = self._row_marked()
        if row is not None:
            self._acts.try_again(row)

    # Painting.

    def tabs(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        numbers = {"live": len(self._chats), "dead": len(self._dead), "people": len(self._operators)}
        return [tab_line(self.shell, self.tab, numbers)]

    def _box_label(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        return [[Span(f" {self.t(mark('search'))} ", "accent")]]
