"""Logs: what the engine and its plugins say, followed, filtered, searched and opened line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations.logs import Export, Exported, Level
from kagami.tui.acting import Verb
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.figures import clock_ms
from kagami.tui.hour import Hour
from kagami.tui.hunt import Hunt
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.log_actions import ACTIONS, read_view, spell
from kagami.tui.log_bars import LogBars
from kagami.tui.log_views import LogViews
from kagami.tui.place import Place, beside
from kagami.tui.rewind import LONGEST_S, moment
from kagami.tui.saving import Page as Saved
from kagami.tui.saving import Saving
from kagami.tui.shell import Leave, Shell
from kagami.tui.tail import BLOCK, START, Tail
from kagami.tui.widgets.inspector import inspect_line, plain_line
from kagami.tui.widgets.lines import Edge, LineView, Wanted
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.minutes import Minutes
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows

WIDE = 100
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SLOWER_WHILE_TYPING = 4
PAGE_LINES = 5_000


class Logs(Place):
    """One view of the log. It follows until the cursor is moved up; `0` follows again."""

    DEFAULT_CSS = beside(__file__)
    NAME = "logs"
    PURPOSE = mark(
        "What the engine, its bots and plugins say, newest at the bottom. The list follows until you move up; then it "
        "stands still and counts what is new. A filter is words that a line must contain, -word for what it must not, "
        'field:word for one field, and "two words" for a phrase.'
    )
    PERIOD = 0.3  # at a hundred lines a second and 140×40 this is what 10 kB/s allow
    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.tail = Tail(shell.control)
        self.hour = Hour(shell.control)
        self.saving = Saving(shell, self._repaint_bars)
        self.seeking = Hunt(self, "log-seek", self.tail, self._repaint_bars)
        self.filling = Hunt(self, "log-fill", self.tail, self._repaint_bars)
        self.views = LogViews(shell, self)
        self.found = ""
        self._ticks = 0
        self._counting = False
        self._stale = True  # what is shown does not answer to level and filter yet

    def compose(self) -> ComposeResult:
        self.view = LineView(self.shell, id="log-view", changed=self._repaint_bars)
        bars = LogBars(self)
        self.view.empty = bars.empty
        self.page = Page(self.shell, id="log-page")
        self.page_pane = Pane(self.shell, self.page, id="log-page-pane")
        self.minutes = Minutes(self.shell, self.hour, self._now_looked_at, self._go_to, id="log-minutes")
        yield Rows(self.shell, bars.bar, id="log-bar")
        with Container(id="log-body"):
            yield self.view
            yield self.page_pane
        yield self.minutes
        yield Rows(self.shell, bars.counts, id="log-counts")

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "log.follow": self.follow,
            "log.find": self._ask_find,
            "log.filter": self.views.ask_filter,
            "log.level": self.views.ask_level,
            "log.inspect": self._inspect,
            "log.copy": self._copy,
            "log.error": lambda: self._seek(back=False, errors=True),
            "log.error_back": lambda: self._seek(back=True, errors=True),
            "log.hit": lambda: self._seek(back=False),
            "log.hit_back": lambda: self._seek(back=True),
            "log.mark": self.view.mark_line,
            "log.marks": self._choose_mark,
            "log.nextmark": lambda: self._show_at(self.view.next_mark()),
            "log.trace": self._trace,
            "log.earlier": lambda: self._step(-MINUTE_MS),
            "log.later": lambda: self._step(MINUTE_MS),
            "log.hour_back": lambda: self._step(-HOUR_MS),
            "log.hour_on": lambda: self._step(HOUR_MS),
            "log.at": self._ask_time,
            "log.wrap": self.view.wrap,
            "log.columns": self.view.next_columns,
            "log.saveview": self.views.save,
            "log.views": self.views.choose,
            "log.onlyerrors": self.views.only_errors,
            "log.onlycanary": self.views.only_canary,
            "log.export": self._ask_export,
        }

    def blocked(self, action: str) -> str:
        line = mark("there is no line") if self.view.line is None else ""
        hits = "" if self.found else mark("nothing is searched for: / finds words")
        marks = "" if self.view.marked else mark("no line is marked: m marks one")
        reasons = {
            **dict.fromkeys(("log.inspect", "log.copy", "log.mark", "log.earlier", "log.later"), line),
            **dict.fromkeys(("log.hit", "log.hit_back"), hits),
            **dict.fromkeys(("log.marks", "log.nextmark"), marks),
            "log.trace": "" if self._execution() else mark("this line belongs to no message"),
            "log.export": mark("an export is under way: esc cancels it") if self.saving.running else "",
        }
        reason = reasons.get(action, "")
        return self.t(reason) if reason else ""

    def crumbs(self) -> tuple[str, ...]:
        return (self.tail.words,) if self.tail.words else ()

    def subject(self) -> str:
        return self.view.line.text if self.view.line else ""

    def open_at(self, target: str) -> None:
        """A filter, or a kept view with its level: `W plugin:weather`."""
        self.filter_by(target)

    def filter_text(self) -> str:
        return spell(self.tail.level, self.tail.words)

    def filter_by(self, text: str) -> None:
        self.show_only(*read_view(text))

    def show_only(self, level: Level, words: str) -> None:
        """Show the lines with these words from a level on."""
        self.tail.level, self.tail.words = level, words.strip()
        self._stale = True
        if self.is_mounted:
            self._repaint_bars()

    def back(self) -> bool:
        seeking, filling = self.seeking.stop(), self.filling.stop()
        if seeking or filling:
            return True
        if self.saving.running:
            self.workers.cancel_group(self, "log-save")
            return True
        if self.has_class("inspecting"):
            self._inspect()
            return True
        if self.found:
            self._set_find("")
            return True
        return False

    # Reading.

    async def refresh_now(self) -> None:
        self._ticks += 1
        if isinstance(self.app.focused, Input) and self._ticks % SLOWER_WHILE_TYPING:
            return  # every repaint moves the window in which an input method composes
        if self._stale:
            await self.follow()
        elif self.view.following:
            lines = await self.tail.new()
            if self.tail.far_behind:
                lines, _ = await self.tail.end()
                self.view.load(lines, at_end=True)
            else:
                self.view.append(lines, at_end=True)
        elif await self.tail.count_new(self.view.newest):
            self.view.at_end = False
        self._repaint_bars()
        self._count_minutes()

    def _count_minutes(self) -> None:
        """Beside the list, which does not wait for it."""
        self.hour.want(self.tail.level, self.tail.words)
        self.hour.aim(self._now_looked_at(), self.shell.clock.wall_ms())
        if not self._counting:
            self._counting = True
            self.run_worker(later(self._read_minutes), group="log-hour")

    async def _read_minutes(self) -> None:
        try:
            with suppress(KagamiError):  # the list says it too
                while await self.hour.read(self.shell.clock.monotonic()):
                    self._repaint_bars()
        finally:
            self._counting = False

    def _now_looked_at(self) -> int:
        """The moment of the cursor."""
        line = None if self.view.following else self.view.line
        return self.shell.moment_ms or (line.time_ms if line else self.shell.clock.wall_ms())

    def moved_in_time(self) -> None:
        moment_ms = self.shell.moment_ms
        self.start_as("log.follow", self._show_moment(moment_ms) if moment_ms else self.follow())

    async def _show_moment(self, moment_ms: int) -> None:
        await self._show_at(await self.tail.at(moment_ms))

    async def follow(self) -> None:
        self._stale = False
        self.filling.stop()
        lines, reached = await self.tail.end()
        self.view.load(lines, at_end=True)
        if reached:
            self._fill(reached, back=True)

    @on(Wanted)
    def _wanted(self, message: Wanted) -> None:
        self._fill(self.view.oldest if message.older else self.view.newest, back=message.older)

    def _fill(self, place: int, *, back: bool) -> None:
        self.filling.start(self._action("log.follow"), self._take_pages(place, back=back))

    async def _take_pages(self, place: int, *, back: bool) -> None:
        """Read on at one end of what is held, until there is enough or nothing more."""
        found = 0
        async for lines in self.tail.pages(place, back=back, told=self.filling.told):
            found += len(lines)
            if lines and back:
                self.view.prepend(lines)
            elif lines:
                self.view.append(lines, at_end=False)
        if found < BLOCK and back:
            self.view.prepend([])
        elif found < BLOCK:
            self.view.append([], at_end=True)

    @on(Edge)
    def _to_edge(self, message: Edge) -> None:
        self._hunt("log.follow", self._first_line() if message.older else self.follow())

    async def _first_line(self) -> None:
        lines = await self.tail.start(self.seeking.told)
        self.filling.stop()
        self.view.load(lines, at_end=False, cursor=lines[0].seq if lines else 1)
        self.view.at_start = True

    async def _show_at(self, seq: int) -> None:
        lines, at_end = await self.tail.around(seq)
        self.filling.stop()
        self.view.load(lines, at_end=at_end, cursor=seq)

    # Going to places.

    def _hunt(self, action_id: str, work: Awaitable[None]) -> None:
        self.seeking.start(self._action(action_id), work)

    def _action(self, action_id: str) -> Action:
        return next(each for each in self.ACTIONS if each.id == action_id)

    def _seek(self, *, back: bool, errors: bool = False) -> None:
        """To the next error or hit: among the lines held, else wherever the engine finds one."""
        self.seeking.stop()
        if not self.view.jump(self.view.errors if errors else self.view.hits(), -1 if back else 1):
            self._hunt("log.error" if errors else "log.hit", self._seek_far(back=back, errors=errors))

    async def _seek_far(self, *, back: bool, errors: bool) -> None:
        place, told = self.view.oldest if back else self.view.newest, self.seeking.told
        if errors:
            seq = await self.tail.seek(place, back=back, level="error", told=told)
        else:
            words = '"' + self.found.replace('"', "") + '"'
            seq = await self.tail.seek(place, back=back, words=words, told=told)
        if seq:
            await self._show_at(seq)
        else:
            self.shell.say(self.t(mark("No further error.")) if errors else self.t(mark("No further hit.")))

    def _step(self, milliseconds: int) -> None:
        if self.view.line is not None:
            self._go_to(self.view.line.time_ms + milliseconds)

    def _go_to(self, time_ms: int) -> None:
        """To a moment: everything else shows it too, where that can."""
        if 0 < self.shell.clock.wall_ms() - time_ms < LONGEST_S * 1_000:
            self.shell.look_at(time_ms)
        else:
            self._hunt("log.at", self._show_moment(time_ms))

    async def _ask_time(self) -> None:
        text = await self.shell.prompt(self.t(mark("time")))
        if text and text.strip():
            self._go_to(moment(text, self.shell.clock.wall_ms()))

    async def _choose_mark(self) -> None:
        marked = sorted(self.view.marked.values(), key=lambda line: line.seq)
        offers = [Offer(str(each.seq), each.text, f"{clock_ms(each.time_ms)}  {each.source}") for each in marked]
        chosen = await cast("App[Leave]", self.app).push_screen_wait(
            Pick(self.shell, self.t(mark("Marked lines")), offers)
        )
        if chosen is not None:
            await self._show_at(int(chosen))

    async def _ask_find(self) -> None:
        before = self.found
        words = await self.shell.prompt(self.t(mark("find")), before, changed=self._set_find)
        self._set_find(before if words is None else words)
        if words and not self.view.hits():
            self._seek(back=True)

    def _set_find(self, words: str) -> None:
        self.found = words
        self.view.find(words)

    # The line, and all of them.

    def _execution(self) -> str:
        return self.view.line.fields.get("execution", "") if self.view.line else ""

    def _trace(self) -> None:
        self.shell.go("trace", self._execution())

    def _copy(self) -> None:
        if self.view.line is not None:
            self.shell.copy(plain_line(self.view.line))

    def _inspect(self) -> None:
        self.toggle_class("inspecting")
        if self.has_class("inspecting"):
            self.view.pause()
            self._show_line()
        else:
            self.view.focus()
        if self.has_class("inspecting", "narrow"):
            self.page.focus()

    @on(Chosen)
    def _opened(self) -> None:
        self._inspect()

    @on(Moved)
    def _show_line(self) -> None:
        line = self.view.line
        if line is not None and self.has_class("inspecting"):
            self.page_pane.label(f"{line.source}", self.t(mark("esc close")))
            self.page.show(lambda width: inspect_line(line, width, self.looks, self.t))

    async def _ask_export(self) -> None:
        offers = [
            Offer("text", self.t(mark("text")), self.t(mark("as it is shown, a line each"))),
            Offer("jsonl", "jsonl", self.t(mark("a JSON object each, for programs"))),
        ]
        title = f"{self.t(mark('Export'))}  {self.filter_text() or '*'}"
        form = await cast("App[Leave]", self.app).push_screen_wait(Pick(self.shell, title, offers))
        if form is not None:
            ending, pages = "log" if form == "text" else "jsonl", self._exported(form)
            self.run_worker(self._save(ending, pages), group="log-save", exclusive=True)

    async def _save(self, ending: str, pages: AsyncIterator[Saved]) -> None:
        await self.finish(self._action("log.export"), self.saving.save("kagami-logs", ending, pages), self.t)

    async def _exported(self, form: str) -> AsyncIterator[Saved]:
        tail, after, done = self.tail, START, False
        level, words, oldest, span = tail.level, tail.words, tail.oldest, max(1, tail.kept)
        while not done:
            request = Export(after, PAGE_LINES, level, words, "jsonl" if form == "jsonl" else "text")
            page: Exported = await self.control.call(request)
            after, done = page.after or START, page.done
            yield Saved(page.text, page.text.count("\n"), min(1.0, max(0, after - oldest + 1) / span))

    # Painting.

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < WIDE, "narrow")

    def _repaint_bars(self) -> None:
        for bar in self.query(Rows):
            bar.repaint()
        self.minutes.repaint()
