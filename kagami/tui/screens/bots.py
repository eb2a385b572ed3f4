"""Bots: every account, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from kagami.i18n import mark
from kagami.operations.bots import Disconnect, ListBots
from kagami.operations.system import Connect
from kagami.ports import BotRow, Connection
from kagami.tui import accounts
from kagami.tui.acting import Verb
from kagami.tui.keys import Action
from kagami.tui.place import Place, beside
from kagami.tui.shell import Question, Shell
from kagami.tui.widgets.card import Card
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Chosen, LiveTable, Moved

TWO_PANES = 100
CARD_CELLS = 40
SANDBOX = "sandbox"


class Bots(Place):
    DEFAULT_CSS = beside(__file__)
    NAME = "bots"
    PURPOSE = mark(
        "Accounts on chat platforms. A bot connects by itself when its platform knows this gateway's address and "
        "token; the card says how it is and why."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("bot.open", ("enter",), mark("card"), mark("All that is known of this bot"), row=True),
        Action("bot.add", ("a",), mark("add"), mark("Connect another bot: address and token for NapCat")),
        Action("bot.disconnect", ("d",), mark("disconnect"), mark("Disconnect this bot…"), changes=True, row=True),
        Action("bot.logs", ("o",), mark("logs"), mark("Log lines of this bot"), row=True),
        Action("bot.filter", ("slash",), mark("filter"), mark("Show only bots with these letters")),
        Action("bot.sort", ("s",), mark("sort"), mark("Sort by the next column")),
        Action("bot.reverse", ("S",), mark("reverse"), mark("Reverse the order"), hint=False),
        Action("bot.copy", ("y",), mark("copy"), mark("Copy the bot's id"), row=True, hint=False),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.table = LiveTable(shell, accounts.COLUMNS)
        self.table.empty = self._empty
        self.card = Card(shell)
        self.card.can_focus = True
        self.list_pane = Pane(shell, self.table, id="bots-list")
        self.card_pane = Pane(shell, self.card, id="bots-card")
        self.bots: dict[str, BotRow] = {}
        self.words = ""
        self.inside = False  # the card has the whole place
        self._wanted = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.list_pane
            yield self.card_pane

    def on_mount(self) -> None:
        super().on_mount()
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "bot.open": self._open,
            "bot.add": self._add,
            "bot.disconnect": self._disconnect,
            "bot.logs": lambda: self.shell.go("logs", f"bot:{self.table.key}"),
            "bot.filter": self._filter,
            "bot.sort": self._sort,
            "bot.reverse": self._reverse,
            "bot.copy": lambda: self.shell.copy(self.table.key),
        }

    def blocked(self, action: str) -> str:
        bot = self.selected
        if action in ("bot.open", "bot.disconnect", "bot.logs", "bot.copy") and bot is None:
            return self.t(mark("there is no bot yet"))
        if action == "bot.disconnect" and bot and bot.health.state == "stopped":
            return self.t(mark("not connected"))
        if action == "bot.disconnect" and bot and bot.adapter == SANDBOX:
            return self.t(mark("the sandbox is part of Kagami and always connected"))
        return ""

    @property
    def selected(self) -> BotRow | None:
        return self.bots.get(self.table.key)

    def subject(self) -> str:
        return self.selected.name if self.selected else ""

    def crumbs(self) -> tuple[str, ...]:
        words = (f"/{self.words}",) if self.words else ()
        return (*words, self.subject()) if self.inside and self.subject() else words

    def open_at(self, target: str) -> None:
        """A bot's id or name, or letters to look for. What is not known yet is looked for in the next answer."""
        self._wanted = target
        self._find()
        self._show()

    def _find(self) -> None:
        """Open the card of what is wanted, or filter by it."""
        found = next((bot.id for bot in self.bots.values() if self._wanted in (bot.id, bot.name)), None)
        if found is None:
            self.words = self._wanted
            return
        self.words = ""
        self._show()
        self.table.select(found)
        self.inside = True
        self._lay_out()

    def back(self) -> bool:
        if self.inside and not self._wide:
            self.inside = False
            self._lay_out()
            self.table.focus()
            return True
        if self.words:
            self.words = ""
            self._show()
            return True
        return False

    async def refresh_now(self) -> None:
        rows: list[BotRow] = await self.control.call(ListBots())
        self.bots = {bot.id: bot for bot in rows}
        if self._wanted:
            self._find()
            self._wanted = ""
        self._show()

    def _show(self) -> None:
        words = self.words.casefold()
        rows = [bot for bot in accounts.ordered(tuple(self.bots.values())) if words in _text(bot)]
        self.table.show([accounts.row(self.shell, bot) for bot in rows])
        shown = f"{len(rows)}/{len(self.bots)}" if words else str(len(rows))
        self.list_pane.label(f"{self.t(mark('Bots'))} {shown}", f"/{self.words}" if words else "")
        self._show_card()

    def _show_card(self) -> None:
        self.card.bot = self.selected
        self.card_pane.label(self.subject() or self.t(mark("Bot")), self.card.bot.id if self.card.bot else "")
        self.card.repaint()

    @property
    def _wide(self) -> bool:
        return self.size.width >= TWO_PANES

    def _lay_out(self) -> None:
        self.list_pane.display = self._wide or not self.inside
        self.card_pane.display = self._wide or self.inside
        self.card_pane.styles.width = CARD_CELLS if self._wide else "1fr"
        if self.inside and not self._wide:
            self.card.focus()

    def _open(self) -> None:
        self.inside = True
        self._lay_out()
        self._show_card()
        self.card.focus()

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        event.stop()
        self._open()

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        event.stop()
        self._show_card()

    def _sort(self) -> None:
        self.table.sort_next()

    def _reverse(self) -> None:
        self.table.sort(self.table.sorted_by, descending=not self.table.descending)

    async def _filter(self) -> None:
        before = self.words
        words = await self.shell.prompt("/", before, changed=self._filter_live)
        self._filter_live(before if words is None else words)

    def _filter_live(self, words: str) -> None:
        self.words = words.strip()
        self._show()

    async def _add(self) -> None:
        """What to paste into NapCat, as on the first screen."""
        t = self.t
        there: Connection = await self.control.call(Connect())
        question = Question(
            t(mark("Connect a bot")),
            (
                (t(mark("In NapCat")), t(mark("Network, New, WebSocket client: paste both, switch it on, save"))),
                (t(mark("URL")), there.url),
                (t(mark("Token")), there.token),
            ),
            keep=t(mark("Close")),
            go=t(mark("Copy the token")),
        )
        chosen = await self.shell.choose(question, (question.keep, t(mark("Copy the address")), question.go))
        if chosen:
            self.shell.copy(there.url if chosen == 1 else there.token)

    async def _disconnect(self) -> None:
        bot = self.selected
        if bot is None:
            return
        t = self.t
        question = Question(
            t(mark("Disconnect {bot}?")).format(bot=bot.name),
            (
                (t(mark("Now")), f"{accounts.state_span(self.shell, bot).text}   {accounts.since(self.shell, bot)}"),
                (
                    t(mark("After")),
                    t(mark("the connection is closed; the platform's side may connect again by itself")),
                ),
                (t(mark("In flight")), t(mark("sends that wait for their answer become unknown"))),
            ),
            keep=t(mark("Keep connected")),
            go=t(mark("Disconnect")),
        )
        if await self.shell.ask(question):
            await self.control.call(Disconnect(bot=bot.id))
            self.shell.say(t(mark("{bot} was disconnected")).format(bot=bot.name))

    def _empty(self) -> Sequence[Line]:
        t = self.shell.t
        if self.words:
            return [[], [Span("   " + t(mark("No bot has these letters. Esc shows all.")), "dim")]]
        texts = (
            (mark("No bots yet."), "strong"),
            ("", ""),
            (mark("A bot appears here when it connects, or when kagami.toml names it."), "text"),
            (mark("1  shows what to paste into NapCat"), "text"),
            (mark("8  talks to your plugins without an account"), "text"),
            ("", ""),
            (mark("Nothing leaves this machine until a bot is connected."), "dim"),
        )
        rows = [[Span("   " + t(text), role)] if text else [] for text, role in texts]
        return [[], *rows]


def _text(bot: BotRow) -> str:
    return f"{bot.name} {bot.id} {bot.adapter} {bot.health.state} {bot.health.reason}".casefold()
