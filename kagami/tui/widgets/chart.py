"""Values as columns of dots, newest right: braille (2 × 4 dots a cell), else a ramp of signs."""

from __future__ import annotations

from collections.abc import Sequence

_RAMP = " .:-=+*#"
# Bits of a braille cell's two columns, filled from the bottom by 0 to 4 dots (Unicode 16.0, block 2800).
_LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)
_DOTS = 4


def chart(values: Sequence[float], width: int, height: int, *, braille: bool, top: float | None = None) -> list[str]:
    """`height` rows of exactly `width` cells. `top` is the value of a full column; by default the largest value."""
    if width <= 0 or height <= 0:
        return [""] * max(0, height)
    steps = height * (_DOTS if braille else len(_RAMP) - 1)
    levels = _levels(values, width * (2 if braille else 1), steps, top)
    row = _braille_row if braille else _ramp_row
    return [row(levels, height - 1 - each) for each in range(height)]


def _levels(values: Sequence[float], count: int, steps: int, top: float | None) -> list[int]:
    """The newest values as heights from 0 to `steps`; a value that is not zero is never shown as nothing."""
    newest = [max(0.0, value) for value in values[-count:]]
    full = top or max(newest, default=0.0) or 1.0
    heights = [min(steps, max(round(value / full * steps), int(value > 0))) for value in newest]
    return [0] * (count - len(newest)) + heights


def spark(values: Sequence[float], width: int, *, braille: bool, top: float | None = None) -> str:
    """A chart of one row."""
    return chart(values, width, 1, braille=braille, top=top)[0]


def _braille_row(levels: Sequence[int], floor: int) -> str:
    """The row whose lowest dot is `floor` rows above the ground."""
    cut = [min(_DOTS, max(0, level - floor * _DOTS)) for level in levels]
    return "".join(chr(0x2800 + _LEFT[left] + _RIGHT[right]) for left, right in zip(cut[::2], cut[1::2], strict=True))


def _ramp_row(levels: Sequence[int], floor: int) -> str:
    most = len(_RAMP) - 1
    return "".join(_RAMP[min(most, max(0, level - floor * most))] for level in levels)
