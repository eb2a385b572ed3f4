"""Overview: what is wrong on top, load and traffic of the last minutes, and every bot in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from kagami.errors import Denied, NotFound, Refused
from kagami.i18n import mark
from kagami.operations.audit import ListAudit
from kagami.operations.bots import ListBots
from kagami.operations.cluster import ListNodes, ProcessRow
from kagami.operations.logs import Window, Windowed
from kagami.operations.messages import ListMessages
from kagami.operations.system import Connect, ListAlerts, Mute
from kagami.ports import AlertRow, AuditRow, BotRow, MessageRow, Notice
from kagami.tui import accounts, figures, processes
from kagami.tui.acting import Verb
from kagami.tui.bot_actions import ADD
from kagami.tui.dialogs.notices import notice_text
from kagami.tui.format import fit
from kagami.tui.keys import Action
from kagami.tui.needs import Standing, standing
from kagami.tui.others import changes
from kagami.tui.place import Place, beside
from kagami.tui.screens.guide import Guide
from kagami.tui.shell import Shell
from kagami.tui.widgets.bars import cells, spread
from kagami.tui.widgets.card import Card
from kagami.tui.widgets.deeds import Deeds
from kagami.tui.widgets.painted import Line, Painted, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import Chosen, LiveTable, Moved
from kagami.tui.widgets.ticker import Ticker
from kagami.tui.widgets.tiles import Tiles

MOST_ALERTS = 3
TALL, VERY_TALL = 28, 36
HIGH = 40
WIDE = 140
MOST_DEEDS = 40
MUTED_MIN = 60
TICKER_ROWS = 10  # before it was laid out
MOST_BACK = 1_000
FEW_DEEDS = 8
FEW = 4
"""At most so many bots leave room for live messages on a screen that is only `TALL`."""
BOTTOM_ROWS = 12  # as in the style sheet
AROUND = 3  # the border and the header of the bots
GREEN_S = 6.0
"""Seconds for which the guide stays after the first bot came."""

# By the first word of a notice's kind: the place where it is mended, and the field that names what is opened there.
_MENDED_IN = {
    "bot": ("bots", "bot"),
    "plugin": ("plugins", "plugin"),
    "stall": ("logs", "where"),
    "quarantine": ("plugins", "plugin"),
    "canary_abort": ("plugins", "plugin"),
    "leak": ("plugins", "plugin"),
    "recall": ("plugins", "plugin"),
    "dead_letter": ("trace", "execution"),
}


class Alerts(Painted):
    """The newest notices that need a person; no row when there are none."""

    DEFAULT_CSS = "Alerts { height: auto; max-height: 3; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.rows: list[Standing] = []

    @property
    def shown(self) -> list[Notice]:
        """Those that need somebody, the first on top."""
        return [each.notice for each in self.rows if not each.over]

    def show(self, rows: Sequence[Standing]) -> None:
        self.rows = list(rows)[:MOST_ALERTS]
        self.styles.height = len(self.rows)
        self.display = bool(self.rows)
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [self._row(each, place == 0, width) for place, each in enumerate(self.rows[:height])]

    def _row(self, row: Standing, first: bool, width: int) -> Line:
        notice, t, looks = row.notice, self.shell.t, self.shell.looks
        ago = figures.span((self.shell.clock.wall_ms() - notice.at_ms) / 1000)
        role = "bad" if notice.level == "error" else "warn"
        keys = [
            Span("  m ", "key"),
            Span(t(mark("mend")), "dim"),
            Span("  x ", "key"),
            Span(f"{t(mark('dismiss'))} ", "dim"),
        ]
        right = [Span(f"  {ago}", "dim"), *(keys if first else ())]
        if row.over:
            role, sign, right = "dim", looks.glyphs.ok, [Span(f"  {t(mark('over'))}  {ago} ", "dim")]
        else:
            sign = looks.glyphs.attention
        text = fit(notice_text(self.shell, notice), width - 4 - cells(right), looks.text)
        return spread([Span(f" {sign} ", role), Span(text, role)], right, width)


class Overview(Place):
    DEFAULT_CSS = beside(__file__)
    NAME = "overview"
    PURPOSE = mark(
        "Everything at a glance. What needs a person stands on top with the key that mends it; below are load, memory, "
        "connections and messages of the last five minutes, and every bot."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("bot.open", ("enter",), mark("open"), mark("Open this bot"), row=True),
        Action("bot.logs", ("o",), mark("logs"), mark("Log lines of this bot"), row=True),
        Action("notice.mend", ("m",), mark("mend"), mark("Go where the first notice can be mended"), hint=False),
        Action("notice.dismiss", ("x",), mark("dismiss"), mark("Take the first notice away"), hint=False),
        Action(
            "notice.mute",
            ("M",),
            mark("mute"),
            mark("Tell nobody of the first alert for an hour"),
            changes=True,
            hint=False,
            scope="system:write",
        ),
        Action("bot.sort", ("s",), mark("sort"), mark("Sort by the next column")),
        Action("guide.add", ("a",), mark("add"), mark("Connect a bot, of any platform, step by step"), hint=False),
        Action("guide.url", ("y",), mark("copy"), mark("Copy the bot's id, or the address for NapCat"), row=True),
        Action("guide.token", ("Y",), mark("token"), mark("Copy the token for NapCat"), hint=False),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.alerts = Alerts(shell)
        self.line = Rows(shell, self._line, id="overview-processes")
        self.tiles = Tiles(shell)
        self.table = LiveTable(shell, accounts.COLUMNS)
        self.bots_pane = Pane(shell, self.table, id="overview-bots")
        self.card = Card(shell)
        self.card_pane = Pane(shell, self.card, id="overview-card")
        self.middle = Horizontal(self.bots_pane, self.card_pane)
        self.ticker = Ticker(shell)
        self.ticker_pane = Pane(shell, self.ticker, id="overview-ticker")
        self.deeds = Deeds(shell)
        self.deeds_pane = Pane(shell, self.deeds, id="overview-deeds")
        self.last = Deeds(shell, single=True)
        self.bottom = Horizontal(self.ticker_pane, self.deeds_pane, id="overview-bottom")
        self.guide = Guide(shell)
        self.guide_pane = Pane(shell, self.guide, id="overview-guide")
        self.bots: dict[str, BotRow] = {}
        self._dismissed: set[tuple[int, str]] = set()
        self._lasting: list[AlertRow] = []
        self._green_until = 0.0
        self._processes: list[ProcessRow] = []

    def compose(self) -> ComposeResult:
        yield self.alerts
        yield self.line
        yield self.tiles
        yield self.guide_pane
        yield self.middle
        yield self.bottom
        yield self.last

    def on_mount(self) -> None:
        super().on_mount()
        self.guide_pane.display = self.line.display = False
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """Room is used: higher charts, then the selected bot's card, then live messages."""
        width, height = self.app.size
        self.tiles.styles.height = 4 if height < TALL else 10 if height >= HIGH and width >= WIDE else 8
        self.card_pane.display = width >= WIDE
        few = height >= TALL and self.middle.display and len(self.bots) <= FEW
        self.bottom.display = height >= VERY_TALL or (few and self._room() >= len(self.bots) + AROUND)
        self.deeds_pane.display = width >= WIDE
        both = self.bottom.display and self.deeds_pane.display
        self.last.display = not both and self.middle.display and self.last.filled

    def _room(self) -> int:
        """The rows left for bots below alerts and charts, above live messages and the last change."""
        charts = self.tiles.styles.height
        above = len(self.alerts.rows) + int(self.line.display) + (int(charts.value) if charts else 0)
        return self.size.height - above - BOTTOM_ROWS - 1

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "bot.open": self._open,
            "bot.logs": lambda: self.shell.go("logs", f"bot:{self.table.key}"),
            "bot.sort": self._sort,
            "notice.mend": self._mend,
            "notice.dismiss": self._dismiss,
            "notice.mute": self._mute,
            "guide.add": lambda: self.shell.go("bots", ADD),
            "guide.url": self._copy,
            "guide.token": self._copy_token,
        }

    def blocked(self, action: str) -> str:
        guided = self.guide_pane.display
        if action in ("bot.logs", "bot.sort") and guided:
            return self.t(mark("there is no bot yet"))
        if action in ("notice.mend", "notice.dismiss") and not self.alerts.shown:
            return self.t(mark("nothing needs you now"))
        if action == "notice.mute" and not self._lasting_key():
            return self.t(mark("only what lasts can be muted: x takes it away"))
        if action == "guide.token" and not guided:
            return self.t(mark("shown only while there is no bot"))
        return ""

    def passes(self, action: str) -> bool:
        return action == "guide.token" and not self.guide_pane.display

    def subject(self) -> str:
        bot = self.bots.get(self.table.key)
        return bot.name if bot and not self.guide_pane.display else ""

    async def refresh_now(self) -> None:
        rows: list[BotRow] = await self.control.call(ListBots())
        self.bots = {bot.id: bot for bot in rows}
        await self._guide(rows)
        self.table.show([accounts.row(self.shell, bot) for bot in accounts.ordered(rows)])
        self._label()
        self._show_card()
        await self._read_processes()
        await self._read_alerts()
        await self._read_bottom()
        self.tiles.repaint()

    async def _read_bottom(self) -> None:
        """Messages and changes, as they were at the moment that is looked at."""
        moment, height = self.shell.moment_ms, self.ticker.size.height or TICKER_ROWS
        if self.bottom.display:
            rows: list[MessageRow] = await self.control.call(ListMessages(limit=MOST_BACK if moment else height))
            self.ticker.show([each for each in rows if not moment or each.time_ms <= moment][-height:])
        deeds = await self._read_deeds(moment)
        self.deeds.show(deeds)
        self.last.show(deeds)
        self._lay_out()

    async def _read_deeds(self, moment: int) -> list[AuditRow]:
        """What was changed last; nothing for those who may not see the audit."""
        most = MOST_DEEDS if self.deeds_pane.display else FEW_DEEDS
        try:
            rows: list[AuditRow] = await self.control.call(ListAudit(until_ms=moment, limit=most))
        except Denied:
            return []
        return [each for each in rows if each.result != "begun" and changes(each)]

    async def _read_processes(self) -> None:
        """A line only where there are several, or where one misses what they share."""
        with suppress(Denied, NotFound):
            self._processes = await self.control.call(ListNodes())
        self.line.display = bool(processes.line(self.shell, self._processes, self.app.size.width))
        self.line.repaint()

    def _line(self, width: int) -> Sequence[Line]:
        return [processes.line(self.shell, self._processes, width)]

    async def _read_alerts(self) -> None:
        """What lasts comes first; of what was told once, only what is not among it."""
        self._lasting = await self.control.call(ListAlerts())
        self._show_alerts()

    def _show_alerts(self) -> None:
        moment = self.shell.moment_ms
        notices = [each for each in self.shell.notices if not (moment and each.at_ms > moment)]
        found = standing([] if moment else self._lasting, notices, moment or self.shell.clock.wall_ms())
        gone = self._dismissed
        self.alerts.show([each for each in found if (each.notice.at_ms, each.notice.kind) not in gone])
        self._lay_out()  # what they take, the bots do not have

    def _lasting_key(self) -> str:
        """The key of the first alert, if that is one which lasts."""
        first = next(iter(self.alerts.shown), None)
        if first is None:
            return ""
        same = (each.key for each in self._lasting if (each.kind, each.fields) == (first.kind, first.fields))
        return next(same, "")

    async def _mute(self) -> None:
        await self.control.call(Mute(alert=self._lasting_key(), minutes=MUTED_MIN))
        self.shell.say(self.t(mark("Nobody is told of it for an hour")))
        await self.read_now()

    async def _guide(self, rows: Sequence[BotRow]) -> None:
        """Lead by the hand while there is no bot, and some seconds longer, so that the green line is seen."""
        now = self.shell.clock.monotonic()
        guided = self.guide_pane.display
        accounts_there = [bot for bot in rows if bot.adapter != "sandbox"]
        if not accounts_there:
            await self._read_connection()
            await self._read_refusal()
        elif guided and self.guide.came is None:
            self.guide.came = accounts_there[0]
            self._green_until = now + GREEN_S
        wanted = not accounts_there or now < self._green_until
        self.guide_pane.display, self.middle.display = wanted, not wanted
        if wanted:
            self.guide.repaint()
        if wanted != guided and self.seen:
            self.take_focus()

    async def _read_connection(self) -> None:
        if self.guide.connection is None:
            try:
                self.guide.connection = await self.control.call(Connect())
            except (Denied, Refused) as error:
                self.guide.denied = error.text(self.t)

    async def _read_refusal(self) -> None:
        """The last implementation that was not let in: the first thing that goes wrong is its token."""
        request = Window(limit=1, level="warning", filter='source:gateway "connection refused"')
        try:
            found: Windowed = await self.control.call(request)
        except Denied:
            return
        self.guide.turned_away = next(iter(found.lines), None)

    def _label(self) -> None:
        column, sign = self.table.sorted_by, self.looks.glyphs.more if self.table.descending else self.looks.glyphs.less
        hint = self.t(mark("trouble first"))
        if column is not None:
            hint = self.t(mark("sorted by {column}")).format(column=f"{self.t(accounts.COLUMNS[column].title)} {sign}")
        self.bots_pane.label(f"{self.t(mark('Bots'))} {len(self.bots)}", hint)
        self.deeds_pane.label(self.t(mark("Last changes")), "7 " + self.t(mark("Trace")))
        self.ticker_pane.label(self.t(mark("Live messages")), "6 " + self.t(mark("Chats")))
        self.guide_pane.label(self.t(mark("Connect your first bot")), "")

    def _open(self) -> None:
        if self.guide_pane.display:
            self.shell.go("sandbox")
        elif self.table.key:
            self.shell.go("bots", self.table.key)

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        event.stop()
        self.shell.go("bots", event.key)

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        event.stop()
        self._show_card()

    def _show_card(self) -> None:
        self.card.bot = self.bots.get(self.table.key)
        self.card_pane.label(self.subject() or self.t(mark("Bot")), self.card.bot.id if self.card.bot else "")
        self.card.repaint()

    def _sort(self) -> None:
        self.table.sort_next()
        self._label()

    def _mend(self) -> None:
        notice = self.alerts.shown[0]
        place, field = _MENDED_IN.get(notice.kind.partition(".")[0], ("logs", ""))
        self.shell.go(place, notice.fields.get(field, ""))

    def _dismiss(self) -> None:
        notice = self.alerts.shown[0]
        self._dismissed.add((notice.at_ms, notice.kind))
        self._show_alerts()

    def _copy(self) -> None:
        if self.guide_pane.display and self.guide.connection:
            self.shell.copy(self.guide.connection.url)
        elif self.table.key:
            self.shell.copy(self.table.key)

    def _copy_token(self) -> None:
        if self.guide.connection:
            self.shell.copy(self.guide.connection.token)
