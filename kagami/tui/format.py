"""Foreign text becomes cells here and nowhere else.

After `visible` a text holds no control, format, bidi, tag or surrogate character and no invisible one: each is shown
by a symbol of its own. What terminals measure differently (joined emoji, flags, skin tones, variation selectors) is
taken apart, so that the width of a text is the sum of the widths of its characters on every terminal.

| tier | who | what changes |
|---|---|---|
| `full` | UTF-8, ambiguous characters one cell wide | nothing |
| `safe` | UTF-8, ambiguous characters two cells wide | common ambiguous punctuation becomes ASCII |
| `ascii` | everything else | every other character becomes `?`, as many as it has cells |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

Tier = Literal["full", "safe", "ascii"]
Align = Literal["left", "right"]

LINE_LIMIT = 4_096
"""Characters of one shown line. A longer text ends in a count of what was left out."""

TEXT_LIMIT = 65_536
"""Characters of a text of several lines that are shown at all."""

MOST_MARKS = 8
"""Combining marks kept on one character; the others are dropped."""

_COUNT_ROOM = 16  # what the count of left-out characters may take

# Assigned, printable and one or two cells wide, all of them: the text that needs no second look. The ranges are
# proven by a test over every code point; what is not in them goes through `_kind`.
_PLAIN = (
    " -~\xa1-\xac\xae-\u02ff\u0370-\u0377\u037a-\u037f\u0391-\u03a1\u03a3-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e"
    "\u20a0-\u20bf\u2100-\u218b\u2190-\u23ff\u2460-\u2b73\u2e80-\u2e99\u3000-\u3029\u3030-\u303f\u3041-\u3096\u309b-\u30ff"
    "\u3105-\u312f\u3190-\u31e3\u31f0-\u321e\u3220-\ua48c\uac00-\ud7a3\uf900-\ufa6d\ufe30-\ufe52\uff01-\uff9f\uffe0-\uffe6"
    "\U0001f300-\U0001f3fa\U0001f400-\U0001f6d7\U0001f900-\U0001f9ff\U00020000-\U0002a6df"
)
_ODD = re.compile(f"[^{_PLAIN}]")

_Kind = Literal["plain", "symbol", "mark", "selector", "joiner", "tone"]
_NAMES = {
    0x061C: "ALM", 0x180E: "MVS", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM",
    0x2028: "LS", 0x2029: "PS", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO",
    0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xFEFF: "BOM", 0x00AD: "SHY",
    0x034F: "CGJ", 0x0085: "NEL", 0x008D: "RI", 0x008E: "SS2", 0x008F: "SS3", 0x0090: "DCS", 0x0098: "SOS",
    0x009B: "CSI", 0x009C: "ST", 0x009D: "OSC", 0x009E: "PM", 0x009F: "APC",
}  # fmt: skip


def _named(code: int) -> str:
    return f"⟦{_NAMES.get(code) or f'{code:04X}'}⟧"


# The first row that holds a code point says how it is treated and what stands for it.
_TABLE: tuple[tuple[int, int, _Kind, Callable[[int], str]], ...] = (
    (0x0A, 0x0A, "symbol", lambda _: "↵"),
    (0x00, 0x1F, "symbol", lambda code: chr(0x2400 + code)),
    (0x7F, 0x7F, "symbol", lambda _: "␡"),
    (0x200D, 0x200D, "joiner", _named),
    (0xFE00, 0xFE0F, "selector", lambda _: "⟦VS⟧"),
    (0xE0100, 0xE01EF, "selector", lambda _: "⟦VS⟧"),
    (0xE0000, 0xE007F, "symbol", lambda _: "⟦TAG⟧"),
    (0x1F1E6, 0x1F1FF, "symbol", lambda code: f"⟦{chr(code - 0x1F1E6 + ord('A'))}⟧"),
    (0x1F3FB, 0x1F3FF, "tone", lambda code: f"⟦TONE{code - 0x1F3FA}⟧"),
)
# Printable for Unicode, nothing on a screen.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")

# Characters that some terminals draw two cells wide, by the ASCII character that stands for them.
_AMBIGUOUS = {
    '"': "“”", "'": "‘’", "-": "—–―─━", "|": "‖│┃║", ".": "…‥·•", "+": "±┌┐└┘├┤┬┴┼╭╮╰╯", "=": "═≠≈", "x": "×", "/": "÷",
    "<": "←≤", ">": "→≥⇒", "^": "↑▲△", "v": "↓▼▽", "*": "●★※", "o": "°○◎◇☆", "#": "■◆▀▄█▌▐▓", ":": "□░▒", "~": "∞√",
}  # fmt: skip
_SAFE = str.maketrans({wide: narrow for narrow, group in _AMBIGUOUS.items() for wide in group})
_ASCII = str.maketrans(
    {"⟦": "<", "⟧": ">", "␡": "^?", "↵": "^J"} | {chr(0x2400 + code): f"^{chr(code + 64)}" for code in range(32)}
)


def visible(text: str, tier: Tier = "full") -> str:
    """One line that is safe in any terminal: at most `LINE_LIMIT` characters, idempotent, linear in what is shown."""
    if len(text) <= LINE_LIMIT and text.isascii() and text.isprintable():
        return text
    if tier == "full":
        return _shown(text, LINE_LIMIT)
    if tier == "safe":
        return _shown(text, LINE_LIMIT).translate(_SAFE)
    # One character may become two: half of the room keeps the result within the limit.
    room = LINE_LIMIT if text.isascii() and text.isprintable() else LINE_LIMIT // 2
    return "".join(map(_one_ascii, _shown(text, room)))


def _shown(text: str, room: int) -> str:
    head = text[: room + 1]
    if _ODD.search(head):
        return _slowly(text, head, room)
    return text if len(text) <= room else _cut([*head], room, len(text))


def _slowly(text: str, head: str, room: int) -> str:
    """The same for text with at least one character that needs care."""
    cluster, pieces, total = _Cluster(), list[str](), 0
    for place, character in enumerate(head):
        kind, symbol = _kind(character)
        shown = cluster.add(kind, symbol, head[place + 1 : place + 2])
        pieces.append(shown)
        total += len(shown)
        if total > room:
            break
    return "".join(pieces) if total <= room and len(head) == len(text) else _cut(pieces, room, len(text))


class _Cluster:
    """What was shown last, and what hangs on it already."""

    __slots__ = ("base", "marks", "selected")

    def __init__(self) -> None:
        self.base, self.marks, self.selected = "", 0, False

    def add(self, kind: _Kind, symbol: str, following: str) -> str:
        """What to show for the next character."""
        if kind == "mark":
            return self._mark(symbol)
        if kind == "selector" and self.base and not self.selected:
            self.selected = True
            return ""
        if kind == "tone" and _is_emoji(self.base):
            return ""
        if kind == "joiner" and _is_emoji(self.base) and _is_emoji(following):
            return ""
        self.base, self.marks, self.selected = symbol[-1], 0, False
        return symbol

    def _mark(self, mark: str) -> str:
        self.marks += 1
        if self.marks > MOST_MARKS:
            return ""
        if self.base:
            return mark
        self.base = "◌"
        return "◌" + mark


def _cut(pieces: list[str], room: int, length: int) -> str:
    """The pieces' beginning, with the number of characters of the original that are missing."""
    total, kept = sum(map(len, pieces)), len(pieces)
    while total > room - _COUNT_ROOM:
        kept -= 1
        total -= len(pieces[kept])
    return f"{''.join(pieces[:kept])}⟦+{length - kept}⟧"


@lru_cache(maxsize=8_192)
def _kind(character: str) -> tuple[_Kind, str]:
    """How one character is treated, and what stands for it when nothing before it says otherwise."""
    if not _ODD.match(character):
        return "plain", character
    code = ord(character)
    for first, last, kind, symbol in _TABLE:
        if first <= code <= last:
            return kind, symbol(code)
    if character.isprintable() and character not in _BLANK:
        return ("plain" if get_character_cell_size(character) else "mark"), character
    return "symbol", " " if unicodedata.category(character) == "Zs" else _named(code)


def _is_emoji(character: str) -> bool:
    return bool(character) and unicodedata.category(character) == "So"


@lru_cache(maxsize=8_192)
def _one_ascii(character: str) -> str:
    shown = character.translate(_ASCII).translate(_SAFE)
    return shown if shown.isascii() else "?" * get_character_cell_size(character)


_UNTYPEABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")


def typed(text: str) -> str:
    """What a line of input holds after typing or pasting: everything but controls, which become one space."""
    return text if text.isprintable() else _UNTYPEABLE.sub(" ", text[:LINE_LIMIT])


# --- width -----------------------------------------------------------------------------------------------------------


def width(text: str) -> int:
    """Cells of a visible text."""
    return cell_len(text)


def ellipsis(tier: Tier) -> str:
    return "…" if tier == "full" else "~"


def fit(text: str, space: int, tier: Tier = "full") -> str:
    """`visible(text)` in at most `space` cells; what is cut ends in an ellipsis, never in half a character."""
    text = visible(text, tier)
    if text.isascii():
        return text if len(text) <= space else text[: max(0, space - 1)] + ellipsis(tier) * (space > 0)
    # No cell holds more than one character and its marks: what lies behind these cannot matter.
    head = text[: (space + 1) * (MOST_MARKS + 1)]
    if len(head) == len(text) and cell_len(text) <= space:
        return text
    return _take(head, space - 1) + ellipsis(tier) * (space > 0)


def _take(text: str, space: int) -> str:
    """The longest beginning of at most `space` cells, with the marks of its last character."""
    used = 0
    for place, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > space:
            return text[:place]
    return text


def pad(text: str, space: int, align: Align = "left", tier: Tier = "full") -> str:
    """`fit`, filled with spaces to exactly `space` cells."""
    text = fit(text, space, tier)
    gap = " " * (space - cell_len(text))
    return text + gap if align == "left" else gap + text


def rows(text: str, tier: Tier = "full", most: int = 500) -> list[str]:
    """The lines of a text, each `visible`, tabs as spaces; then in its own row how many characters are missing."""
    head = text[:TEXT_LIMIT]
    if "\n" not in head:
        return [visible(head.expandtabs(4) if "\t" in head else text, tier)]
    found = head.split("\n")
    shown = [visible(line.removesuffix("\r").expandtabs(4), tier) for line in found[:most]]
    taken = sum(map(len, found[:most])) + len(shown) - 1
    return shown if taken >= len(text) else [*shown, visible(f"⟦+{len(text) - taken}⟧", tier)]


def wrap(text: str, space: int, tier: Tier = "full", most: int = 500) -> list[str]:
    """`rows`, each folded into pieces of at most `space` cells."""
    return [piece for row in rows(text, tier, most) for piece in fold(row, space)]


# Characters beside which a text without spaces may be broken, and those that begin no line, or end none.
_SCRIPT = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_CLOSING = frozenset("，。、；：！？）」』”’》〉】〕…—～·％,.;:!?)]}%")
_PAUSES = frozenset("，。；：！？")
_OPENING = frozenset("（「『“‘《〈【〔([{")


def _gap(text: str, left: int) -> int:
    """Where to break a text before its last character at the latest, that at the start of the next line.

    `left` characters are there in all: of a Chinese word that ends them no half stays alone.
    """
    last = len(text) - 1
    places = range(last, max(0, last // 2), -1)
    for place in places:
        if text[place - 1] == " " or (text[place - 1] in _PAUSES and text[place] not in _CLOSING):
            return place
    for place in places:
        before, after = text[place - 1], text[place]
        beside = _SCRIPT.match(before) or _SCRIPT.match(after)
        if beside and before not in _OPENING and after not in _CLOSING and left - place > 1:
            return place
    return last


def fold(shown: str, space: int) -> list[str]:
    """Pieces of at most `space` (at least 2) cells of a visible text; broken in a piece's second half: at a space or
    after a Chinese comma, else beside a Chinese character where a line may end and begin.
    """
    space, start, pieces = max(2, space), 0, list[str]()
    while True:
        piece = _take(shown[start : start + space * (MOST_MARKS + 1)], space)
        after = shown[start + len(piece) : start + len(piece) + 1]
        if not after:
            return [*pieces, piece] if piece or not pieces else pieces
        if after != " ":
            piece = piece[: _gap(shown[start : start + len(piece) + 1], len(shown) - start)]
        pieces.append(piece.rstrip(" "))
        start += len(piece)
        while shown[start : start + 1] == " ":
            start += 1
