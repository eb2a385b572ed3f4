"""The thin wire: of what Textual draws, only the cells that differ from what the terminal shows.

Textual sends a widget that changed as a whole, with the full style before each piece. Here its output is drawn onto a
screen in memory, and that is compared with the screen that was sent: a few bytes a cell instead of forty. Because the
wanted screen is kept, a frame need not be sent when the line is busy: the next one makes up for it.

Sequences are those of ECMA-48: CUP `CSI row;column H`, SGR `CSI … m`; all others go through as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len

# Strings (OSC, DCS, APC, PM, SOS), CSI sequences, two-byte escapes, then text without any of them.
_TOKEN = re.compile(
    r"\x1b[\]P_^X].*?(?:\x07|\x1b\\)|\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[ -/]*[0-~]|[^\x1b]+|\x1b", re.DOTALL
)
# The title says whether the console is idle: it must not come before what it speaks of.
_TITLE = "\x1b]2;"
_SYNC = frozenset(("\x1b[?2026h", "\x1b[?2026l"))
# Unchanged cells that are sent again where that is shorter than a move over them.
SHORT_GAP = 4
# So many blanks are erased (ECH) rather than written. An erased cell takes the present background (BCE) in all
# terminals but GNU screen.
LONG_BLANK = 12
# What the terminal shows is not known there: nothing compares equal to it.
UNKNOWN = "\0"
# On and off of each attribute of SGR.
_ATTRIBUTES = {
    "1": "22",
    "2": "22",
    "3": "23",
    "4": "24",
    "21": "24",
    "5": "25",
    "6": "25",
    "7": "27",
    "8": "28",
    "9": "29",
    "51": "54",
    "52": "54",
    "53": "55",
}
# Pairs that one sequence ends.
_TOGETHER = {"22": {"1", "2"}, "24": {"4", "21"}, "25": {"5", "6"}, "54": {"51", "52"}}
# One parameter of SGR, a colour with what belongs to it; an empty one is a reset.
_PARAMETER = re.compile(r"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|\d+|^$")


class Style(tuple[str, str, frozenset[str]]):
    """Foreground, background (each as SGR parameters, empty for the terminal's own) and attributes."""

    __slots__ = ()


PLAIN = Style(("", "", frozenset()))


@lru_cache(maxsize=4096)
def style_of(parameters: str) -> Style:
    """The style that SGR parameters set after a reset."""
    fore = back = ""
    attributes: set[str] = set()
    for found in _PARAMETER.finditer(parameters):
        code = found[0]
        if code in _ATTRIBUTES:
            attributes.add(code)
        elif code.startswith("38;") or code[:-1] in ("3", "9"):
            fore = "" if code == "39" else code
        elif code.startswith("48;") or code[:-1] in ("4", "10"):
            back = "" if code == "49" else code
        else:
            fore, back, attributes = "", "", set()
    return Style((fore, back, frozenset(attributes)))


@lru_cache(maxsize=4096)
def change(old: Style | None, new: Style) -> str:
    """The shortest SGR sequence from one style, None for an unknown one, to another."""
    fore, back, attributes = new
    whole = [*sorted(attributes), *filter(None, (fore, back))]
    # A reset needs no parameter.
    anew = ";".join(["0", *whole]) if whole else ""
    if old is None:
        return f"\x1b[{anew}m"
    gone = old[2] - attributes
    codes = sorted({_ATTRIBUTES[each] for each in gone})
    # One sequence ends both bold and dim: the one that stays has to be said again.
    kept = {each for code in codes for each in _TOGETHER.get(code, ())} & attributes
    codes += sorted((attributes - old[2]) | kept)
    if fore != old[0]:
        codes.append(fore or "39")
    if back != old[1]:
        codes.append(back or "49")
    partly = ";".join(codes)
    return f"\x1b[{min(anew, partly, key=len)}m"


# Attributes that can be seen on a blank, where the foreground and the others cannot.
_ON_BLANKS = frozenset(("4", "7", "9", "21", "51", "52", "53"))


@lru_cache(maxsize=4096)
def of_blank(style: Style) -> Style:
    """What of a style is seen on a blank."""
    fore, back, attributes = style
    seen = attributes & _ON_BLANKS
    return Style((fore if seen else "", back, seen))


@lru_cache(maxsize=4096)
def for_blank(worn: Style | None, wanted: Style) -> Style:
    """The style nearest to the present one in which a blank looks as wanted."""
    if worn is None or wanted[2]:
        return wanted
    return Style((worn[0], wanted[1], worn[2] - _ON_BLANKS))


def move(row: int, column: int) -> str:
    """To a cell; the first column need not be said."""
    return f"\x1b[{row + 1};{column + 1}H" if column else f"\x1b[{row + 1}H"


class Row:
    """Cells of one row: a wide character stands in its first cell, the second is empty."""

    __slots__ = ("cells", "styles")

    def __init__(self, width: int, cell: str) -> None:
        self.cells = [cell] * width
        self.styles = [PLAIN] * width


class Wire:
    """`feed` what Textual writes, `take` what is to be sent. Rows and columns are counted from 0."""

    def __init__(self, width: int, height: int, *, erases: bool = True) -> None:
        self._erases = erases
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Another size: nothing is known of what the terminal shows."""
        self.width, self.height = width, height
        self._wanted = [Row(width, " ") for _ in range(height)]
        self._touched: set[int] = set()
        self._passed: list[str] = []
        self._title = ""
        self._row = self._column = 0
        self._style = PLAIN
        self.forget()

    def forget(self) -> None:
        """What the terminal shows is not known any more: everything that is wanted is sent again."""
        self._shown = [Row(self.width, UNKNOWN) for _ in range(self.height)]
        self._at: tuple[int, int] | None = None
        self._worn: Style | None = None
        self._touched = set(range(self.height)) if self._drawn else set()

    @property
    def _drawn(self) -> bool:
        return any(row.cells != [" "] * self.width for row in self._wanted)

    @property
    def dirty(self) -> bool:
        """Something is to be sent."""
        return bool(self._touched or self._passed or self._title)

    def feed(self, output: str) -> None:
        """Draw what was written onto the wanted screen."""
        for found in _TOKEN.finditer(output):
            token, parameters, final = found[0], found[1], found[2]
            if final == "H":
                row, _, column = parameters.partition(";")
                self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
            elif final == "m":
                self._style = style_of(parameters)
            elif not token.startswith("\x1b"):
                self._draw(token)
            elif token not in _SYNC:
                self._pass_on(token)

    def _pass_on(self, token: str) -> None:
        if token.startswith(_TITLE):
            self._title = token
            return
        self._passed.append(token)
        if token.endswith("J") or "1049" in token:
            self._blank()

    def take_passed(self) -> str:
        """What goes through as it is, and should not wait for a frame."""
        passed, self._passed = "".join(self._passed), []
        return passed

    def take(self) -> str:
        """What makes the terminal show what is wanted; empty when it does."""
        out = self._passed
        self._passed = []
        for row in sorted(self._touched):
            out += self._row_changes(row)
        self._touched.clear()
        caret = (self._row, min(self._column, self.width - 1))
        if out and self._at != caret:
            # Where the caret is, an input method shows its window.
            self._at = caret
            out.append(move(*caret))
        out.append(self._title)
        self._title = ""
        return "".join(out)

    # --- drawing ---

    def _draw(self, text: str) -> None:
        for line in text.splitlines() if "\n" in text or "\r" in text else (text,):
            if 0 <= self._row < self.height:
                self._write(self._wanted[self._row], line)

    def _write(self, row: Row, text: str) -> None:
        """Text from the cursor on; what does not fit is cut."""
        self._touched.add(self._row)
        begin = self._column
        if text.isascii() and text.isprintable():
            end = min(begin + len(text), self.width)
            if end > begin:
                self._part_wide(row, begin, end)
                row.cells[begin:end] = text = text[: end - begin]
                style, blank = self._style, of_blank(self._style)
                row.styles[begin:end] = [blank if each == " " else style for each in text]
            self._column = end
            return
        for character in text:
            self._put(row, character)

    def _put(self, row: Row, character: str) -> None:
        width, place = cell_len(character), self._column
        if width == 0:
            if 0 < place <= self.width:
                base = place - 1 if row.cells[place - 1] else place - 2
                row.cells[base] += character
            return
        if place + width <= self.width:
            self._part_wide(row, place, place + width)
            row.cells[place] = character
            row.styles[place] = self._style if character != " " else of_blank(self._style)
            if width > 1:
                row.cells[place + 1] = ""
                row.styles[place + 1] = self._style
        self._column += width

    @staticmethod
    def _part_wide(row: Row, begin: int, end: int) -> None:
        """A wide character of which one half is written over leaves a blank in the other."""
        if begin and not row.cells[begin]:
            row.cells[begin - 1] = " "
        if end < len(row.cells) and not row.cells[end]:
            row.cells[end] = " "

    def _blank(self) -> None:
        """The terminal was cleared, or shows another screen."""
        self._wanted = [Row(self.width, " ") for _ in range(self.height)]
        self._touched.clear()
        self.forget()

    # --- sending ---

    def _row_changes(self, number: int) -> Iterator[str]:
        wanted, shown = self._wanted[number], self._shown[number]
        if wanted.cells == shown.cells and wanted.styles == shown.styles:
            return
        for begin, end in _spans(wanted, shown):
            yield from self._go(number, begin, wanted)
            yield from self._write_out(number, begin, end, wanted)
            shown.cells[begin:end] = wanted.cells[begin:end]
            shown.styles[begin:end] = wanted.styles[begin:end]

    def _write_out(self, number: int, begin: int, end: int, row: Row) -> Iterator[str]:
        place = begin
        while place < end:
            cell, style = row.cells[place], row.styles[place]
            if cell == " ":
                style = for_blank(self._worn, style)
            if cell and style != self._worn:
                yield change(self._worn, style)
                self._worn = style
            blanks = _blanks(row, place, end) if self._erases and cell == " " else 0
            if blanks < LONG_BLANK:
                yield cell
                place += 1
            elif place + blanks < end:
                yield f"\x1b[{blanks}X\x1b[{blanks}C"
                place += blanks
            else:
                yield f"\x1b[{blanks}X"  # the cursor stays where the blanks begin
                self._at = (number, place)
                return
        # After the last column the cursor is somewhere else in every terminal.
        self._at = (number, end) if end < self.width else None

    def _go(self, row: int, column: int, wanted: Row) -> Iterator[str]:
        """The cursor to a cell, by the shortest way."""
        at = self._at
        if at == (row, column):
            return
        if at is None or at[0] != row or column < at[1]:
            yield move(row, column)
        elif column - at[1] <= SHORT_GAP and all(self._wears(wanted, place) for place in range(at[1], column)):
            yield from wanted.cells[at[1] : column]
        else:
            yield f"\x1b[{column - at[1]}C"

    def _wears(self, row: Row, place: int) -> bool:
        """Whether one cell can be written in the present style."""
        cell, style = row.cells[place], row.styles[place]
        fits = for_blank(self._worn, style) if cell == " " else style
        return len(cell) == 1 and fits == self._worn


def _blanks(row: Row, begin: int, end: int) -> int:
    """How many blanks of one look follow each other, none when a line would be drawn in them."""
    style, place = row.styles[begin], begin
    if style[2]:
        return 0
    while place < end and row.cells[place] == " " and row.styles[place] == style:
        place += 1
    return place - begin


def _spans(wanted: Row, shown: Row) -> Iterator[tuple[int, int]]:
    """Where a row differs, with both halves of wide characters on either screen."""
    differs = _differences(wanted, shown)
    for differ, group in groupby(range(len(differs)), differs.__getitem__):
        if differ:
            places = list(group)
            yield places[0], places[-1] + 1


def _differences(wanted: Row, shown: Row) -> list[bool]:
    pairs = zip(wanted.cells, shown.cells, wanted.styles, shown.styles, strict=True)
    differs = [cell != old or style != worn for cell, old, style, worn in pairs]
    for place, cell in enumerate(wanted.cells):
        # The second half of a wide character, on either screen, goes with the first.
        if not (cell and shown.cells[place]) and (differs[place] or differs[place - 1]):
            differs[place] = differs[place - 1] = True
    return differs
