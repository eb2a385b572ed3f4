"""Cards over everything: the engine does not answer, and the terminal is too small."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.tui import figures
from kagami.tui.feed import EngineFeed
from kagami.tui.format import fold, pad
from kagami.tui.shell import Shell
from kagami.tui.widgets.above import Above
from kagami.tui.widgets.bars import cells
from kagami.tui.widgets.painted import Line, Painted, Span

WIDTH, HEIGHT = 60, 16


class LinkCard(Above):
    """The link to the engine is lost: since when, what is tried, what to do."""

    def __init__(self, shell: Shell, feed: EngineFeed) -> None:
        super().__init__(shell)
        self.feed = feed

    def tick(self) -> None:
        """Show, hide or count on."""
        self.display = self.feed.lost
        if self.display:
            width, height = self.app.size
            own = min(62, width - 2)
            self.styles.width = own
            self.styles.offset = ((width - own) // 2, max(2, (height - 8) // 2))
            self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        t, feed = self.shell.t, self.feed
        at = figures.clock(feed.pulse.at_ms) if feed.pulse else "-"
        again = t(mark("Trying again in {seconds} s (try {count})")).format(
            seconds=round(feed.wait_s), count=feed.tries
        )
        body = (
            t(mark("No answer from the engine for {seconds} s.")).format(seconds=int(feed.silent_s)),
            feed.reason,
            t(mark("What you see is from {time}. Bots may still be running.")).format(time=at),
            f"{again}      r {t(mark('now'))}      q {t(mark('quit'))}",
            t(mark("Start it here:  kagami run")),
        )
        return self._framed(t(mark("Engine link lost")), body, width)

    def _framed(self, title: str, body: Sequence[str], width: int) -> list[Line]:
        looks = self.shell.looks
        corner, level, right, side, low, last = tuple(looks.glyphs.focus)
        head = Span(f" {title} ", "title")
        rule = level * (width - 3 - cells([head]))
        rows: list[Line] = [[Span(corner + level, "bad"), head, Span(rule + right, "bad")]]
        edge = Span(side, "bad")
        rows += [[edge, Span(f" {pad(text, width - 4, 'left', looks.text)} "), edge] for text in (*body, "")]
        return [*rows, [Span(low + level * (width - 2) + last, "bad")]]


class TooSmall(Painted):
    """In place of everything, when the terminal is smaller than what can be laid out; still with the vital figures."""

    def tick(self) -> None:
        width, height = self.app.size
        self.display = width < WIDTH or height < HEIGHT
        if self.display:
            self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        shell, t, glyphs = self.shell, self.shell.t, self.shell.looks.glyphs
        need = t(mark("kagami needs {need}, this is {have}")).format(need=f"{WIDTH}x{HEIGHT}", have=f"{width}x{height}")
        rows: list[Line] = [[], [Span(f"  {glyphs.brand} ", "accent"), Span(need, "strong")], []]
        if pulse := shell.pulse:
            bots = f"{glyphs.online}{pulse.online} {glyphs.troubled}{pulse.troubled} {glyphs.failed}{pulse.offline}"
            rate = f"{figures.rate(pulse.in_per_s + pulse.out_per_s)} {t(mark('msg/s'))}"
            rows += [[Span(f"  {bots}   {rate}   p95 {figures.ms(pulse.p95_ms)}")], []]
        advice = t(mark("Make the window larger, or press q to leave."))
        rows += [[Span("  " + piece, "dim")] for piece in fold(advice, width - 4)]
        return [*rows, *([] for _ in range(height))][:height]
