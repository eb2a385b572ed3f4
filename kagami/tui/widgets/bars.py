"""The lines around every place: the pulse on top, tabs or rail, breadcrumb and footer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from kagami.i18n import mark
from kagami.ports import Pulse
from kagami.tui import figures
from kagami.tui.keys import Action, shown
from kagami.tui.places import PLACES
from kagami.tui.shell import Shell
from kagami.tui.widgets.chart import spark
from kagami.tui.widgets.painted import Line, Painted, Span

WIDE = 120
_LEVELS = ("warning", "error")


def cells(line: Iterable[Span]) -> int:
    """Width of a line of the house's own words."""
    return sum(cell_len(span.text) for span in line)


def spread(left: Sequence[Span], right: Sequence[Span], width: int) -> list[Span]:
    """`left` and `right` at the two ends of `width` cells; the right side gives way."""
    gap = width - cells(left) - cells(right)
    return [*left, Span(" " * gap), *right] if gap >= 1 else list(left)


class PulseLine(Painted):
    """What is happening, always in one line."""

    GROUND = "bar"
    DEFAULT_CSS = "PulseLine { height: 1; }"

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        wide = width >= WIDE
        left, right = self._left(wide), self._right()
        while len(right) > 1 and cells(left) + cells(right) >= width:
            del right[0]  # whether it is live says more than for how long
        return [spread(left, right, width)]

    def _left(self, wide: bool) -> list[Span]:
        shell, pulse = self.shell, self.shell.pulse
        head = [Span(f" {shell.looks.glyphs.brand} ", "accent"), Span("kagami  ", "title")]
        if pulse is None:
            return [*head, Span(shell.t(mark("waiting for the engine")), "dim")]
        rates = [each.in_per_s + each.out_per_s for each in shell.history]
        sparks = spark(rates, 22 if wide else 10, braille=shell.looks.glyphs.braille)
        unit = " " + shell.t(mark("msg/s")) if wide else "/s"
        total = figures.rate(pulse.in_per_s + pulse.out_per_s) + unit
        return [
            *head,
            Span(sparks, self._tone("accent")),
            Span(f" {total:<6} ", self._tone("strong")),
            *self._counts(pulse, wide),
            Span(f"  p95 {figures.ms(pulse.p95_ms):<6}", self._tone("text")),
        ]

    def _counts(self, pulse: Pulse, wide: bool) -> list[Span]:
        """Bots by how they are and notices; as words where there is room."""
        glyphs = self.shell.looks.glyphs
        notices = sum(each.level in _LEVELS for each in self.shell.notices)
        counts = (
            (glyphs.online, "good", pulse.online, mark("online"), "go.bots"),
            (glyphs.troubled, "warn", pulse.troubled, mark("troubled"), "go.bots"),
            (glyphs.failed, "bad", pulse.offline, mark("offline"), "go.bots"),
            (f" {glyphs.attention}", "warn", notices, mark("notices"), "ui.notices"),
        )
        spans = []
        for glyph, role, number, word, action in counts:
            text = f" {glyph} {number} {self.shell.t(word)} " if wide else f" {glyph}{number}"
            spans.append(Span(text, self._tone(role if number else "dim"), f"app.act('{action}')"))
        return spans

    def _right(self) -> list[Span]:
        shell = self.shell
        stale = shell.stale_s
        word = f"STALE {stale:.0f}s " if stale else "LIVE " if shell.pulse else "... "
        line = [Span(word, "bad" if stale else "good")]
        if shell.link_s and not stale:
            line.insert(0, Span(f"{shell.looks.glyphs.link} {figures.ms(shell.link_s * 1000)}  ", "dim"))
        if shell.behind:
            line = [Span(f"{shell.looks.glyphs.rewound} {shell.behind} ", "warn", "app.act('time.live')")]
        if shell.pulse:
            up = figures.span((shell.clock.wall_ms() - shell.pulse.started_ms) / 1000)
            line.insert(0, Span(f"{shell.t(mark('up'))} {up}  ", "dim"))
        return line

    def _tone(self, role: str) -> str:
        return "dim" if self.shell.stale_s else role


class Tabs(Painted):
    """The places in one row, for terminals without room for the rail."""

    DEFAULT_CSS = "Tabs { height: 1; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.here = ""

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        """Where the words do not fit, only the place that is seen has its own."""
        words = {entry.name: f"{entry.digit} {self.shell.t(entry.short)}" for entry in PLACES}
        fits = sum(cell_len(word) + 2 for word in words.values()) < width
        line = [Span(" ")]
        for entry in PLACES:
            here = entry.name == self.here
            word = words[entry.name] if here or fits else entry.digit
            action = f"app.act('{entry.go}')"
            line.append(Span(f"[{word}]" if here else f" {word} ", "title" if here else "text", action))
        return [line]


class Rail(Painted):
    """The places in a column, with what the keys open that are not places."""

    DEFAULT_CSS = "Rail { dock: left; width: 17; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.here = ""
        self.counts: dict[str, tuple[int, int]] = {}  # by place: how many there are, and how many need a person

    def lines(self, width: int, height: int) -> Sequence[Line]:
        shell, inner = self.shell, width - 1
        rule = Span(shell.looks.glyphs.rail, "frame")
        rows: list[list[Span]] = [[]]
        for entry in PLACES:
            rows += [
                self._entry(entry.name, inner),
                *([[]] if height > 2 * len(PLACES) and not shell.looks.dense else []),
            ]
        foot = self._foot(inner)
        rows = rows[: max(0, height)]
        free = height - len(rows)
        if free > len(foot):
            rows += [[] for _ in range(free - len(foot))] + foot
        else:
            rows += [[] for _ in range(free)]
        return [[*row, Span(" " * (inner - cells(row))), rule] for row in rows]

    def _entry(self, name: str, inner: int) -> list[Span]:
        shell = self.shell
        entry = next(each for each in PLACES if each.name == name)
        here = name == self.here
        sign = Span(shell.looks.glyphs.here if here else " ", "accent")
        action = f"app.act('{entry.go}')"
        word = Span(f"{entry.digit} {shell.t(entry.title)}", "title" if here else "text", action)
        pulse = shell.pulse
        if name == "bots" and pulse:
            number = str(pulse.online + pulse.troubled + pulse.offline)
            return spread([sign, word], [Span(number + " ", "dim")], inner)
        if name in self.counts:
            there, bad = self.counts[name]
            needs = [Span(f"{shell.looks.glyphs.attention}{bad} ", "warn")] if bad else []
            return spread([sign, word], [*needs, Span(f"{there} ", "dim")], inner)
        return [sign, word]

    def _foot(self, inner: int) -> list[list[Span]]:
        shell, t = self.shell, self.shell.t
        plain = shell.looks.glyphs.tier != "full"
        notices = sum(each.level in _LEVELS for each in shell.notices)
        rows = [
            [Span(" " + shell.looks.glyphs.rule * (inner - 2), "frame")],
            spread(
                [Span(f" {shell.looks.glyphs.attention} {notices} {t(mark('notices'))}", "warn" if notices else "dim")],
                [Span("n ", "key")],
                inner,
            ),
            [],
        ]
        for key, word, action in (
            ("ctrl+p", mark("palette"), "ui.palette"),
            ("colon", mark("command"), "ui.command"),
            ("space", mark("what now?"), "ui.sheet"),
            ("question_mark", mark("this screen"), "help.screen"),
            ("f3", mark("中文"), "ui.lang"),
        ):
            rows.append([Span(f" {shown(key, plain=plain):<3}", "key"), Span(t(word), "dim", f"app.act('{action}')")])
        rows.append([])
        if shell.pulse:
            up = figures.span((shell.clock.wall_ms() - shell.pulse.started_ms) / 1000)
            rows += [
                [Span(f" {t(mark('engine'))} {shell.pulse.version}", "dim")],
                [Span(f" {t(mark('up'))} {up}", "dim")],
            ]
        return rows


class Crumbs(Painted):
    """Where one is; and while the engine is away, that changes are off."""

    DEFAULT_CSS = "Crumbs { height: 1; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.path: tuple[str, ...] = ()
        self.tip = ""

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        sign = f" {self.shell.looks.glyphs.crumb} "
        line = [Span(" " + sign.join(self.path), "dim")]
        if self.shell.stale_s:
            line.append(Span("   " + self.shell.t(mark("changes are off while the link is down")), "warn"))
        if self.tip:
            off = Span(f"{self.shell.t(mark('no tips'))} ", "dim", "app.act('ui.tips')")
            line = spread(line, [Span(f"{self.tip}  ", "accent"), Span("X ", "key", off.action), off], width)
        return [line]


# One hint says both keys where only the second is hinted at.
_OPPOSITES = {"down": "up", "right": "left"}


class Footer(Painted):
    """The keys that work here, as many as fit; each is a button."""

    GROUND = "bar"
    DEFAULT_CSS = "Footer { height: 1; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.hints: tuple[tuple[Action, str], ...] = ()

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        """The last hint is always there; those before it as far as there is room."""
        if not self.hints:
            return [[]]
        *others, last = [self._hint(action, target) for action, target in self.hints]
        line, free = [], width - cells(last)
        for hint in others:
            free -= cells(hint)
            if free < 0:
                break
            line += hint
        return [[*line, *last]]

    def _hint(self, action: Action, target: str) -> list[Span]:
        first, plain = action.keys[0], self.shell.looks.glyphs.tier != "full"
        key, opposite = shown(first, plain=plain), _OPPOSITES.get(first)
        if opposite and all(each.keys[0] != opposite for each, _ in self.hints):
            key = f"{shown(opposite, plain=plain)}{'/' if plain else ''}{key}"
        click = f"{target}('{action.id}')"
        return [Span(f" {key}", "key", click), Span(f" {self.shell.t(action.label)} ", "text", click)]
