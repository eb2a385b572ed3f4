"""A camera for tests: cells of a screen become pixels, as a terminal would draw them, and a decoder looks at those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import zxingcpp
from rich.cells import get_character_cell_size
from rich.segment import Segment

WIDE, HIGH = 8, 16  # pixels of a cell
Pixels = list[bytearray]


def picture_of(rows: Sequence[Iterable[Segment]]) -> Pixels:
    """Grey pixels of painted rows. Text is drawn as half of its colours: a phone does not read it."""
    pixels: Pixels = []
    for row in rows:
        upper, lower = bytearray(), bytearray()
        for segment in row:
            front, back = _colours(segment)
            for character in segment.text:
                above, below = _halves(character, front, back)
                wide = WIDE * get_character_cell_size(character)
                upper += bytes([above]) * wide
                lower += bytes([below]) * wide
        pixels += [bytearray(upper) for _ in range(HIGH // 2)] + [bytearray(lower) for _ in range(HIGH // 2)]
    return pixels


def _halves(character: str, front: int, back: int) -> tuple[int, int]:
    known = {" ": (back, back), "█": (front, front), "▀": (front, back), "▄": (back, front)}
    return known.get(character, ((front + back) // 2,) * 2)


def _colours(segment: Segment) -> tuple[int, int]:
    """Brightness of letters and ground."""
    style = segment.style
    found = []
    for colour, missing in ((style and style.color, 200), (style and style.bgcolor, 0)):
        red, green, blue = colour.get_truecolor() if colour and not colour.is_default else (missing,) * 3
        found.append((red + green + blue) // 3)
    return found[0], found[1]


def codes_in(pixels: Sequence[bytes | bytearray]) -> list[str]:
    """Texts of the QR codes, dark on light, that can be read in a picture."""
    width = len(pixels[0])
    image = memoryview(b"".join(pixels)).cast("B", shape=[len(pixels), width])
    found = zxingcpp.read_barcodes(image, try_invert=False)
    return [each.text for each in found]
