"""Logs: what the engine and its plugins say, followed, filtered, searched and opened line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from kagami.i18n import mark
from kagami.operations.logs import Level
from kagami.tui.acting import Verb
from kagami.tui.figures import count
from kagami.tui.format import fit
from kagami.tui.keys import Action
from kagami.tui.place import Place, beside
from kagami.tui.shell import Shell
from kagami.tui.tail import Tail
from kagami.tui.talk import advice
from kagami.tui.widgets.bars import spread
from kagami.tui.widgets.inspector import inspect_line, plain_line
from kagami.tui.widgets.lines import Edge, LineView, Wanted
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows

WIDE = 100
MINUTE_MS = 60_000
FOUND_CELLS = 16
SLOWER_WHILE_TYPING = 4
_LEVELS: tuple[tuple[Level, str], ...] = (("debug", "D+"), ("info", "I+"), ("warning", "W+"), ("error", "E"))


class Logs(Place):
    """One view of the ring. It follows until the cursor is moved up; `0` follows again."""

    DEFAULT_CSS = beside(__file__)
    NAME = "logs"
    PURPOSE = mark(
        "What the engine, its bots and plugins say, newest at the bottom. The list follows until you move up; then it "
        "stands still and counts what is new. A filter is words that a line must contain, -word for what it must not, "
        'field:word for one field, and "two words" for a phrase.'
    )
    PERIOD = 0.25
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("log.follow", ("0",), mark("follow"), mark("Go to the end and follow it")),
        Action("log.find", ("slash",), mark("find"), mark("Find words in the lines")),
        Action("log.filter", ("ampersand",), mark("filter"), mark("Show only lines with these words")),
        Action("log.level", ("L",), mark("level"), mark("Show from the next level on: debug, info, warning, error")),
        Action("log.inspect", ("enter",), mark("inspect"), mark("Open or close the line with its fields"), row=True),
        Action("log.copy", ("y",), mark("copy"), mark("Copy the line with its fields"), row=True),
        Action("log.error", ("e",), mark("error"), mark("Go to the next error"), hint=False),
        Action("log.error_back", ("E",), mark("errors"), mark("Go to the error before")),
        Action("log.hit", ("n",), mark("next hit"), mark("Go to the next hit"), hint=False),
        Action("log.hit_back", ("N",), mark("hit before"), mark("Go to the hit before"), hint=False),
        Action("log.mark", ("m",), mark("mark"), mark("Mark the line, or take its mark away"), row=True),
        Action("log.trace", ("w",), mark("trace"), mark("Open the trace of the line's message"), row=True),
        Action("log.earlier", ("less_than_sign",), mark("-1 min"), mark("Go back one minute"), hint=False),
        Action("log.later", ("greater_than_sign",), mark("+1 min"), mark("Go forward one minute"), hint=False),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.tail = Tail(shell.control)
        self.found = ""
        self._ticks = 0
        self._stale = True  # what is shown does not answer to level and filter yet

    def compose(self) -> ComposeResult:
        self.view = LineView(self.shell, id="log-view", changed=self._bars)
        self.view.empty = self._empty
        self.page = Page(self.shell, id="log-page")
        self.page_pane = Pane(self.shell, self.page, id="log-page-pane")
        yield Rows(self.shell, self.bar, id="log-bar")
        with Container(id="log-body"):
            yield self.view
            yield self.page_pane
        yield Rows(self.shell, self.counts, id="log-counts")

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "log.follow": self.follow,
            "log.find": self._ask_find,
            "log.filter": self._ask_filter,
            "log.level": self._next_level,
            "log.inspect": self._inspect,
            "log.copy": self._copy,
            "log.error": lambda: self._seek(back=False, errors=True),
            "log.error_back": lambda: self._seek(back=True, errors=True),
            "log.hit": lambda: self._seek(back=False),
            "log.hit_back": lambda: self._seek(back=True),
            "log.mark": self.view.mark_line,
            "log.trace": self._trace,
            "log.earlier": lambda: self._minutes(-1),
            "log.later": lambda: self._minutes(1),
        }

    def blocked(self, action: str) -> str:
        if action in {"log.inspect", "log.copy", "log.mark"} and self.view.line is None:
            return self.t(mark("there is no line"))
        if action == "log.trace" and not self._execution():
            return self.t(mark("this line belongs to no message"))
        if action in {"log.hit", "log.hit_back"} and not self.found:
            return self.t(mark("nothing is searched for: / finds words"))
        return ""

    def crumbs(self) -> tuple[str, ...]:
        return (self.tail.words,) if self.tail.words else ()

    def subject(self) -> str:
        return self.view.line.text if self.view.line else ""

    def open_at(self, target: str) -> None:
        self._set_filter(target)

    def back(self) -> bool:
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
                lines = await self.tail.end()
                self.view.load(lines, at_end=True)
            else:
                self.view.append(lines, at_end=True)
        elif await self.tail.count_new(self.view.newest):
            self.view.at_end = False
        self._bars()

    async def follow(self) -> None:
        self._stale = False
        self.view.load(await self.tail.end(), at_end=True)

    @on(Wanted)
    def _wanted(self, message: Wanted) -> None:
        self.start_as("log.follow", self._more(older=message.older))

    async def _more(self, *, older: bool) -> None:
        if older:
            self.view.prepend(await self.tail.older(self.view.oldest))
        else:
            lines = await self.tail.newer(self.view.newest)
            self.view.append(lines, at_end=not lines)

    @on(Edge)
    def _to_edge(self, message: Edge) -> None:
        self.start_as("log.follow", self._edge(older=message.older))

    async def _edge(self, *, older: bool) -> None:
        if older:
            lines = await self.tail.start()
            self.view.load(lines, at_end=False, cursor=lines[0].seq if lines else 1)
            self.view.at_start = True
        else:
            await self.follow()

    async def _show_at(self, seq: int) -> None:
        lines, at_end = await self.tail.around(seq)
        self.view.load(lines, at_end=at_end, cursor=seq)

    async def _seek(self, *, back: bool, errors: bool = False) -> None:
        """To the next error or hit: among the lines held, else wherever the engine finds one."""
        if self.view.jump(self.view.errors if errors else self.view.hits(), -1 if back else 1):
            return
        place = self.view.oldest if back else self.view.newest
        if errors:
            seq = await self.tail.seek(place, back=back, level="error")
        else:
            seq = await self.tail.seek(place, back=back, words='"' + self.found.replace('"', "") + '"')
        if seq:
            await self._show_at(seq)
        else:
            self.shell.say(self.t(mark("No further error.")) if errors else self.t(mark("No further hit.")))

    async def _minutes(self, minutes: int) -> None:
        if self.view.line is not None:
            await self._show_at(await self.tail.at(self.view.line.time_ms + minutes * MINUTE_MS))

    # What is looked for.

    async def _ask_find(self) -> None:
        before = self.found
        words = await self.shell.prompt(self.t(mark("find")), before, changed=self._set_find)
        self._set_find(before if words is None else words)
        if words and not self.view.hits():
            await self._seek(back=True)

    def _set_find(self, words: str) -> None:
        self.found = words
        self.view.find(words)

    async def _ask_filter(self) -> None:
        before = self.tail.words
        words = await self.shell.prompt(self.t(mark("filter")), before, words=("source:", "plugin:", "bot:"))
        if words is not None and words != before:
            self._set_filter(words)

    def _set_filter(self, words: str) -> None:
        self.tail.words = words.strip()
        self._stale = True
        self._bars()

    def _next_level(self) -> None:
        names = [level for level, _ in _LEVELS]
        self.tail.level = names[(names.index(self.tail.level) + 1) % len(names)]
        self._stale = True
        self._bars()

    # The line.

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

    # Painting.

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < WIDE, "narrow")

    def _bars(self) -> None:
        for bar in self.query(Rows):
            bar.repaint()

    def bar(self, width: int) -> Sequence[Line]:
        """Level, filter, what is searched for, and whether it follows."""
        level = dict(_LEVELS)[self.tail.level]
        left = [Span(f" {self.t(mark('LEVEL'))} ", "dim"), Span(level, "key", "app.place('log.level')")]
        left += [Span(f"  {self.t(mark('FILTER'))} ", "dim")]
        left += [
            Span(fit(self.tail.words or "*", max(8, width - 46), self.looks.text), "key", "app.place('log.filter')")
        ]
        if self.found:
            hits = self.view.hits()
            place = sum(hit <= self.view.index for hit in hits)
            left += [
                Span(f"  {self.t(mark('FIND'))} ", "dim"),
                Span(fit(self.found, FOUND_CELLS, self.looks.text), "key", "app.place('log.find')"),
            ]
            left += [Span(f" {place}/{len(hits)}", "text")]
        if self.view.following:
            right = [Span(self.t(mark("FOLLOW ON")) + " ", "good", "app.place('log.follow')")]
        else:
            new = self.t(mark("{count} new")).format(count=count(max(0, self.tail.fresh)))
            sign = self.looks.glyphs.more
            right = [Span(f"{self.t(mark('PAUSED'))}  {sign} {new} ", "warn", "app.place('log.follow')")]
        return [spread(left, right, width), [Span(self.looks.glyphs.rule * width, "frame")]]

    def counts(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        """How many lines there are, and how many of them are bad."""
        tail, t = self.tail, self.t
        kept = t(mark("{kept} lines kept of {all}")).format(kept=count(tail.kept), all=count(tail.newest))
        spans = [Span(f" {kept}", "dim")]
        for name, letter, role in (("error", "E", "bad"), ("warning", "W", "warn")):
            number = tail.counts.get(name, 0)
            spans.append(Span(f"   {letter} {count(number)}", role if number else "dim"))
        if self.view.marked:
            spans.append(Span("   " + t(mark("{count} marked")).format(count=len(self.view.marked)), "dim"))
        return [spans]

    def _empty(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        t = self.t
        if self.tail.filtered and self.tail.kept:
            how = t(mark("& changes the filter, L the level."))
            return advice(self.shell, t(mark("No line passes the level and the filter.")), how)
        told = t(mark("What the engine, bots and plugins say appears here by itself."))
        return advice(self.shell, t(mark("No log lines yet.")), told)
