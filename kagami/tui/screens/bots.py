"""Bots: every account, and one of them in full."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, cast

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from kagami.errors import Denied, EngineAway
from kagami.i18n import mark
from kagami.operations.bots import ListBots
from kagami.ports import BotRow
from kagami.tui import accounts
from kagami.tui.acting import Verb
from kagami.tui.bot_actions import ADD, BOT_ACTIONS
from kagami.tui.bot_acts import BotActs
from kagami.tui.keys import Action
from kagami.tui.kind_words import may_log_in
from kagami.tui.later import later
from kagami.tui.place import Place, beside
from kagami.tui.shell import Leave, Shell
from kagami.tui.widgets.card import Card, Trouble
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Chosen, LiveTable, Moved

TWO_PANES = 100
CARD_CELLS = 40
NOTE_ROWS = 18  # of a place that is tall enough for a note below its list
SANDBOX = "sandbox"
_WITHOUT_BOT = ("bot.add", "bot.filter", "bot.sort", "bot.reverse")
_ITS_OWN = (
    *("bot.disconnect", "bot.stop", "bot.start", "bot.reconnect"),
    *("bot.edit", "bot.test", "bot.rename", "bot.delete", "bot.mute", "bot.login", "bot.abilities"),
)


class Bots(Place):
    DEFAULT_CSS = beside(__file__)
    NAME = "bots"
    CHANGES = "bots:write"
    PURPOSE = mark(
        "Accounts on chat platforms. A bot connects by itself when its platform knows this gateway's address and "
        "token; the card says how it is and why."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = BOT_ACTIONS

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.table = LiveTable(shell, accounts.COLUMNS)
        self.table.empty = self._empty
        self.card = Card(shell)
        self.card.can_focus = True
        self.trouble_note = Trouble(shell)
        self.list_pane = Pane(shell, Vertical(self.table, self.trouble_note), id="bots-list")
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
        self._tell_trouble()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "bot.open": self._open,
            "bot.add": self._add,
            "bot.login": self._do(BotActs.login),
            "bot.abilities": self._do(BotActs.abilities),
            "bot.edit": self._do(BotActs.edit),
            "bot.start": self._do(BotActs.start),
            "bot.stop": self._do(BotActs.stop),
            "bot.reconnect": self._do(BotActs.reconnect),
            "bot.test": self._do(BotActs.test),
            "bot.disconnect": self._do(BotActs.disconnect),
            "bot.mute": self._do(BotActs.mute),
            "bot.rename": self._do(BotActs.rename),
            "bot.delete": self._do(BotActs.remove),
            "bot.logs": lambda: self.shell.go("logs", f"bot:{self.table.key}"),
            "bot.trace": lambda: self.shell.go("trace", f"bot:{self.table.key}"),
            "bot.filter": self._filter,
            "bot.sort": self._sort,
            "bot.reverse": self._reverse,
            "bot.copy": lambda: self.shell.copy(self.table.key),
        }

    def blocked(self, action: str) -> str:
        bot = self.selected
        if bot is None:
            return self.t(mark("there is no bot yet")) if action not in _WITHOUT_BOT else ""
        return self._blocked_of(bot, action)

    def _blocked_of(self, bot: BotRow, action: str) -> str:
        stopped = bot.health.state == "stopped"
        if action in ("bot.disconnect", "bot.stop") and stopped:
            return self.t(mark("not connected"))
        if action in _ITS_OWN and bot.adapter == SANDBOX:
            return self.t(mark("the sandbox is part of Kagami and always connected"))
        if action == "bot.login" and not may_log_in(bot.adapter):
            return self.t(mark("This bot needs no login: its token or its keys are enough."))
        if action == "bot.start" and not stopped:
            return self.t(mark("it is not paused"))
        return ""

    @property
    def selected(self) -> BotRow | None:
        return self.bots.get(self.table.key)

    def subject(self) -> str:
        return self.selected.name if self.selected else ""

    def crumbs(self) -> tuple[str, ...]:
        words = (f"/{self.words}",) if self.words else ()
        return (*words, self.subject()) if self.inside and self.subject() else words

    def filter_text(self) -> str:
        return self.words

    def filter_by(self, text: str) -> None:
        self._filter_live(text)

    def inspector(self) -> Widget | None:
        return self.card_pane

    def open_at(self, target: str) -> None:
        """A bot's id or name, letters to look for, or `ADD`. What is not known yet is looked for in the next answer."""
        if target == ADD:
            self.action_act("bot.add")
            return
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

    def relabel(self) -> None:
        self._show()
        if self.seen:
            self.run_worker(later(self._read_more), group="more", exclusive=True)
        else:
            self.card.more = ("", [])  # read again when it is seen

    async def refresh_now(self) -> None:
        rows: list[BotRow] = await self.control.call(ListBots())
        self.bots = {bot.id: bot for bot in rows}
        if self._wanted:
            self._find()
            self._wanted = ""
        self._show()
        if self._wants_more() or (self.selected is not None and not self.card.more[1]):
            await self._read_more()

    def _show(self) -> None:
        words = self.words.casefold()
        rows = [bot for bot in accounts.ordered(tuple(self.bots.values())) if words in _text(bot)]
        self.table.show([accounts.row(self.shell, bot) for bot in rows])
        shown = f"{len(rows)}/{len(self.bots)}" if words else str(len(rows))
        self.list_pane.label(f"{self.t(mark('Bots'))} {shown}", f"/{self.words}" if words else "")
        self._show_card()

    def _show_card(self) -> None:
        if self._wants_more() and not self._reading:
            self.run_worker(later(self._read_more), group="more", exclusive=True)
        self.card.bot = self.selected
        self.card_pane.label(self.subject() or self.t(mark("Bot")), self.card.bot.id if self.card.bot else "")
        self.card.repaint()
        self._tell_trouble()

    def _tell_trouble(self) -> None:
        """Below the list, where there is room for it, which the first answer may come before."""
        self.trouble_note.tell(None if self._wide or self.size.height < NOTE_ROWS else self.selected)

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

    @property
    def _acts(self) -> BotActs:
        return BotActs(self.shell, cast("App[Leave]", self.app))

    async def _add(self) -> None:
        await self._acts.add()
        await self.read_now()

    def _do(self, act: Callable[[BotActs, BotRow], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A verb for the selected bot; the list is read again after it."""

        async def done() -> None:
            if self.selected is not None:
                await act(self._acts, self.selected)
                await self.read_now()

        return done

    def _wants_more(self) -> bool:
        return self.selected is not None and self.card.more[0] != self.selected.id and self.card_pane.display

    async def _read_more(self) -> None:
        """What the card tells of the selected bot besides its row."""
        bot = self.selected
        if bot is None:
            return
        # What is known of it already stays until there is an answer.
        self.card.more = (bot.id, self.card.more[1] if self.card.more[0] == bot.id else [])
        with suppress(Denied, EngineAway):
            more = await self._acts.more(bot)
            if self.selected is not None and self.selected.id == bot.id:
                self.card.more = (bot.id, more)
                self.card.repaint()

    def _empty(self) -> Sequence[Line]:
        t = self.shell.t
        if self.words:
            return [[], [Span("   " + t(mark("No bot has these letters. Esc shows all.")), "dim")]]
        texts = (
            (mark("No bots yet."), "strong"),
            ("", ""),
            (mark("A bot appears here when it connects, or when kagami.toml names it."), "text"),
            (mark("a  connects one: QQ, WeChat, Telegram, DingTalk, Feishu, KOOK"), "text"),
            (mark("8  talks to your plugins without an account"), "text"),
            ("", ""),
            (mark("Nothing leaves this machine until a bot is connected."), "dim"),
        )
        rows = [[Span("   " + t(text), role)] if text else [] for text, role in texts]
        return [[], *rows]


def _text(bot: BotRow) -> str:
    return f"{bot.name} {bot.id} {bot.adapter} {bot.health.state} {bot.health.reason}".casefold()
