"""Four figures with their last five minutes: processor, memory, connections, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from textual import events

from kagami.i18n import mark
from kagami.ports import Pulse
from kagami.tui import figures
from kagami.tui.feed import KEPT_PULSES
from kagami.tui.format import pad
from kagami.tui.shell import Shell
from kagami.tui.widgets.chart import chart
from kagami.tui.widgets.painted import Line, Painted, Span

GAP = 2
TILES = 4


class Tile(NamedTuple):
    """A figure: its name, what it is now, what may stand beside it (the longest that fits), its past and its limit."""

    name: str
    now: str
    beside: tuple[str, ...]
    past: Callable[[Pulse], float]
    top: float | None = None


class Tiles(Painted):
    """A row of heads, charts as high as there is room, and the ends of the time that they show."""

    DEFAULT_CSS = "Tiles { height: 4; }"

    def lines(self, width: int, height: int) -> Sequence[Line]:
        pulse = self.shell.pulse
        if pulse is None:
            return [[Span(" " + self.shell.t(mark("waiting for the engine")), "dim")]]
        tiles = _tiles(self.shell, pulse)
        own = (width - 2 - GAP * (len(tiles) - 1)) // len(tiles)
        braille = self.shell.looks.glyphs.braille
        samples = own * (2 if braille else 1)
        charts = [
            chart(squeezed(self.shell.history, tile.past, samples), own, height - 2, braille=braille, top=tile.top)
            for tile in tiles
        ]
        tone = "dim" if self.shell.stale_s else "accent"
        rows = [_joined([[Span(each[y], tone)] for each in charts]) for y in range(height - 2)]
        heads = _joined([self._head(tile, own) for tile in tiles])
        return [heads, *rows, _joined([self._foot(own)] * len(tiles))]

    async def on_click(self, event: events.Click) -> None:
        """The moment under the pointer, for everything."""
        history = self.shell.history
        own = (self.size.width - 2 - GAP * (TILES - 1)) // TILES
        place = (event.x - 1) % (own + GAP)
        if len(history) < 2 or event.y == 0 or place >= own:  # noqa: PLR2004 - one second is no span
            return
        # A chart grows from its right end: what is not known yet stays empty at its left.
        share = (own - 1 - place) / own * KEPT_PULSES * 1_000
        self.shell.look_at(max(history[0].at_ms, history[-1].at_ms - int(share)))

    def _head(self, tile: Tile, own: int) -> list[Span]:
        name = f"{self.shell.t(tile.name)} "
        room = own - cell_len(name + tile.now) - 1
        beside = next((f" {each}" for each in tile.beside if cell_len(each) <= room), "")
        gap = " " * max(0, own - cell_len(name + tile.now + beside))
        return [Span(name, "dim"), Span(tile.now, "strong"), Span(beside + gap, "dim")]

    def _foot(self, own: int) -> list[Span]:
        now = figures.clock(self.shell.moment_ms) if self.shell.moment_ms else self.shell.t(mark("now"))
        return [Span(pad(self.shell.t(mark("-5m")), own - cell_len(now)) + now, "dim")]


def _tiles(shell: Shell, pulse: Pulse) -> list[Tile]:
    t = shell.t
    of_host = t(mark("of {size}")).format(size=figures.size(pulse.host_memory_bytes)) if pulse.host_memory_bytes else ""
    bots = pulse.online + pulse.troubled + pulse.offline
    rates = t(mark("in {received} out {sent}")).format(
        received=figures.rate(pulse.in_per_s), sent=figures.rate(pulse.out_per_s)
    )
    return [
        Tile(mark("CPU"), f"{pulse.cpu_percent:.0f}%", (t(mark("of one core")),), lambda each: each.cpu_percent, 100.0),
        Tile(
            mark("MEM"), figures.size(pulse.memory_bytes), (of_host,), _memory, float(pulse.host_memory_bytes) or None
        ),
        Tile(
            mark("CONN"), f"{pulse.online}/{bots}", (t(mark("bots online")), t(mark("bots"))), _online, float(bots or 1)
        ),
        Tile(mark("MSG"), f"{figures.rate(_messages(pulse))}/s", (rates, t(mark("in+out"))), _messages),
    ]


def _memory(pulse: Pulse) -> float:
    return pulse.memory_bytes


def _online(pulse: Pulse) -> float:
    return pulse.online


def _messages(pulse: Pulse) -> float:
    return pulse.in_per_s + pulse.out_per_s


def squeezed(history: Sequence[Pulse], value: Callable[[Pulse], float], samples: int) -> list[float]:
    """Means over slices of time that stay where they are, so that a chart only moves when a slice is full."""
    slice_ms = max(1, -(-KEPT_PULSES // max(1, samples))) * 1_000
    groups = groupby(history, key=lambda pulse: pulse.at_ms // slice_ms)
    means = [sum(values) / len(values) for values in ([value(pulse) for pulse in group] for _, group in groups)]
    return means[-samples:]


def _joined(parts: Sequence[Sequence[Span]]) -> list[Span]:
    line = [Span(" ")]
    for place, part in enumerate(parts):
        line += [*([Span(" " * GAP)] if place else ()), *part]
    return line
