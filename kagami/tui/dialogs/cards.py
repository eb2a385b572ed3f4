"""Cards over everything: the engine does not answer, and the terminal is too small."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.tui import figures
from kagami.tui.feed import EngineFeed
from kagami.tui.format import fit
from kagami.tui.shell import Shell
from kagami.tui.widgets.bars import cells
from kagami.tui.widgets.painted import Line, Painted, Span

WIDTH, HEIGHT = 60, 16


class LinkCard(Painted):
    """The link to the engine is lost: since when, what is tried, what to do."""

    DEFAULT_CSS = "LinkCard { layer: over; position: absolute; width: 62; height: 8; display: none; background: $background; }"

    def __init__(self, shell: Shell, feed: EngineFeed) -> None:
        super().__init__(shell)
        self.feed = feed

    def tick(self) -> None:
        """Show, hide or count on."""
        self.display = self.feed.lost
        if self.display:
            width, height = self.screen.size
            own = min(62, width - 2)
            self.styles.width = own
            self.styles.offset = ((width - own) // 2, max(2, (height - 8) // 2))
            self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        t, feed = self.shell.t, self.feed
        glyphs = self.shell.looks.glyphs
        tl, h, tr, v, bl, br = glyphs.focus
        title = f" {t(mark('Engine link lost'))} "
        at = figures.clock(feed.pulse.at_ms) if feed.pulse else "-"
        again = t(mark("Trying again in {seconds} s (try {count})")).format(seconds=round(feed.wait_s), count=feed.tries)
        body = (
            t(mark("No answer from the engine for {seconds} s.")).format(seconds=int(feed.silent_s)),
            feed.reason,
            t(mark("What you see is from {time}. Bots may still be running.")).format(time=at),
            f"{again}      r {t(mark('now'))}      q {t(mark('quit'))}",
            t(mark("Start it here:  kagami run")),
        )
        rows: list[Line] = [[Span(tl + h, "bad"), Span(title, "title"), Span(h * (width - 3 - cells([Span(title)])) + tr, "bad")]]
        for text in body:
            inner = fit(text, width - 4, self.shell.looks.text)
            fill = " " * (width - 3 - cells([Span(inner)]))
            rows.append([Span(v, "bad"), Span(f" {inner}{fill}"), Span(v, "bad")])
        blank = [Span(v, "bad"), Span(" " * (width - 2)), Span(v, "bad")]
        return [*rows, blank, [Span(bl + h * (width - 2) + br, "bad")]]


class TooSmall(Painted):
    """In place of everything, when the terminal is smaller than what can be laid out; still with the vital figures."""

    DEFAULT_CSS = "TooSmall { layer: top; position: absolute; offset: 0 0; width: 100%; height: 100%; display: none; background: $background; }"

    def tick(self) -> None:
        width, height = self.screen.size
        self.display = width < WIDTH or height < HEIGHT
        if self.display:
            self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        shell, t, glyphs = self.shell, self.shell.t, self.shell.looks.glyphs
        need = t(mark("kagami needs {need}, this is {have}")).format(need=f"{WIDTH}x{HEIGHT}", have=f"{width}x{height}")
        rows: list[Line] = [[], [Span(f"  {glyphs.brand} ", "accent"), Span(need, "strong")], []]
        pulse = shell.pulse
        if pulse:
            figures_line = (
                f"{glyphs.online}{pulse.online} {glyphs.troubled}{pulse.troubled} {glyphs.failed}{pulse.offline}"
                f"   {figures.rate(pulse.in_per_s + pulse.out_per_s)} {t(mark('msg/s'))}   p95 {figures.ms(pulse.p95_ms)}"
            )
            rows += [[Span("  " + figures_line)], []]
        rows.append([Span("  " + t(mark("Make the window larger, or press q to leave.")), "dim")])
        return [*rows, *([] for _ in range(height))][:height]
