"""Letters on everything that can be reached: typing one goes there, as a click would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, product
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widget import Widget

from kagami.tui.ahead import Opened
from kagami.tui.format import visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Listing
from kagami.tui.widgets.painted import Line, Painted, Span

# Nearest fingers first; no letter that looks like another.
LETTERS = "asdfghjkewriuotypcvnmxzqb"


class Spot(NamedTuple):
    """A cell of the screen, and what happens there."""

    x: int
    y: int
    do: Callable[[], Awaitable[object] | None]


def labels(count: int) -> list[str]:
    """So many different labels of one letter or two, none the beginning of another."""
    letters = len(LETTERS)
    heads = max(0, -(-(count - letters) // (letters - 1)))
    single = LETTERS[: letters - heads]
    double = ["".join(pair) for pair in product(LETTERS[letters - heads :], LETTERS)]
    return [*single, *double][:count]


def spots(screen: Widget) -> list[Spot]:
    """Rows of lists first, then whatever else takes the focus, then the buttons of painted lines."""
    rows, focusable, buttons = list[Spot](), list[Spot](), list[Spot]()
    for widget in screen.query("*"):
        region = widget.region.intersection(screen.region)
        if not region.area or not widget.display or not widget.visible:
            continue
        if isinstance(widget, Listing) and widget.length():
            rows += _rows(widget, region)
        elif widget.focusable:
            focusable.append(Spot(region.x, region.y, partial(_focus, widget)))
        if isinstance(widget, Painted) and not isinstance(widget, Listing):
            buttons += _buttons(widget, region)
    return [*rows, *focusable, *buttons]


def _rows(listing: Listing, region: Region) -> Iterator[Spot]:
    head = len(listing.head(listing.size.width))
    for row in range(head, region.height):
        index = listing.top + row - head
        if index < listing.length():
            yield Spot(region.x, region.y + row, partial(_to_row, listing, index))


def _to_row(listing: Listing, index: int) -> None:
    listing.focus()
    listing.go(index)


def _focus(widget: Widget) -> None:
    widget.focus()


def _buttons(painted: Painted, region: Region) -> Iterator[Spot]:
    for row, line in enumerate(painted.painted[: region.height]):
        x = 0
        for action, spans in groupby(line, key=lambda span: span.action):
            cells = [visible(span.text, painted.shell.looks.text) for span in spans]
            if action and x < region.width:
                lead = len(cells[0]) - len(cells[0].lstrip(" "))
                yield Spot(region.x + x + min(lead, 1), region.y + row, partial(painted.run_action, action))
            x += sum(map(cell_len, cells))


class Label(Painted):
    """One label on one spot."""

    DEFAULT_CSS = "Label { position: absolute; height: 1; }"

    def __init__(self, shell: Shell, text: str, spot: Spot) -> None:
        super().__init__(shell)
        self.text = text
        self.styles.width = len(text)
        self.styles.offset = (spot.x, spot.y)

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        return [[Span(self.text, "hit")]]


class Jump(ModalScreen[Spot | None]):
    """Answers the spot whose label was typed; any other key leaves it."""

    DEFAULT_CSS = "Jump { background: transparent; }"

    def __init__(self, shell: Shell, offered: Sequence[Spot]) -> None:
        super().__init__()
        self.shell = shell
        self._by_label = dict(zip(labels(len(offered)), offered, strict=True))
        self._typed = ""

    def compose(self) -> ComposeResult:
        for label, spot in self._by_label.items():
            yield Label(self.shell, label, spot)

    def on_mount(self) -> None:
        self.call_after_refresh(self.post_message, Opened())

    def on_click(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self._typed += event.key
        if self._typed in self._by_label:
            self.dismiss(self._by_label[self._typed])
        elif not any(label.startswith(self._typed) for label in self._by_label):
            self.dismiss(None)
        else:
            for each in self.query(Label):
                each.display = each.text.startswith(self._typed)
