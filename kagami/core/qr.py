"""QR codes for terminals: the modules of a text, drawn with half blocks or with plain characters, and as a PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

# Modules of light around a code, the best first. The standard wants four; phones read one, and none reads zero.
QUIETS = (4, 2, 1)
LIGHT = "█#"  # characters that are light from edge to edge
_HALVES = " ▄▀█"  # by whether the upper (2) and the lower (1) module of a cell are light
_LEVELS = "LMQH"


class Shape(NamedTuple):
    """How a code is drawn. `scale` is the cells of a module's width; without `halves` a module is two cells a row."""

    halves: bool = True
    scale: int = 1
    inverted: bool = False

    def size(self, side: int, quiet: int) -> tuple[int, int]:
        """Columns and rows of a code with so many modules on each side."""
        whole = (side + 2 * quiet) * self.scale
        return (whole, (whole + 1) // 2) if self.halves else (2 * whole, whole)


class Code(NamedTuple):
    """`dark` are rows of modules, without the light around them."""

    dark: tuple[tuple[bool, ...], ...]

    @property
    def side(self) -> int:
        return len(self.dark)

    @property
    def version(self) -> int:
        """1 to 40: how much fits into it."""
        return (self.side - 17) // 4

    def quiet(self, shape: Shape, columns: int, rows: int) -> int:
        """The widest light edge with which it fits into so many cells; 0 when it does not fit at all."""
        for quiet in QUIETS:
            wide, high = shape.size(self.side, quiet)
            if wide <= columns and high <= rows:
                return quiet
        return 0

    def least(self, shape: Shape) -> tuple[int, int]:
        """The fewest columns and rows that it needs."""
        return shape.size(self.side, QUIETS[-1])

    def drawn(self, shape: Shape, quiet: int) -> list[str]:
        """Rows of cells in which blocks (or `#`) are light: right on a dark ground even where there are no colours."""
        rows = _scaled(_light(self, quiet, inverted=shape.inverted), shape.scale)
        if not shape.halves:
            return ["".join("##" if light else "  " for light in row) for row in rows]
        below = [*rows[1::2], *[[True] * len(rows[0])] * (len(rows) % 2)]
        return [
            "".join(_HALVES[2 * upper + lower] for upper, lower in zip(*pair, strict=True))
            for pair in zip(rows[::2], below, strict=True)
        ]


def encode(text: str) -> Code:
    """The smallest code that holds a text, with as much error correction as fits into that size.

    `ValueError` for a text that no code can hold.
    """
    import qrcode  # noqa: PLC0415 (loads 0.1 s of what only a login needs)
    from qrcode.exceptions import DataOverflowError  # noqa: PLC0415

    levels = {"L": qrcode.ERROR_CORRECT_L, "M": qrcode.ERROR_CORRECT_M, "Q": qrcode.ERROR_CORRECT_Q}
    levels["H"] = qrcode.ERROR_CORRECT_H
    found: tuple[tuple[bool, ...], ...] = ()
    for level in _LEVELS:
        code = qrcode.QRCode(error_correction=levels[level], border=0)
        code.add_data(text, optimize=0)
        try:
            code.make(fit=True)
        except (DataOverflowError, ValueError):
            break
        matrix = tuple(tuple(map(bool, row)) for row in code.get_matrix())
        if found and len(matrix) > len(found):
            break
        found = matrix
    if not found:
        raise ValueError("too long for a QR code")
    return Code(found)


def runs(row: str) -> Iterator[tuple[str, bool]]:
    """Parts of a drawn row, and whether each is all light. These need a light ground too: fonts leave gaps."""
    for light, part in groupby(row, key=LIGHT.__contains__):
        yield "".join(part), light


def png(code: Code, *, scale: int = 8) -> bytes:
    """A picture with the whole light edge, one bit a pixel."""
    rows = _scaled(_light(code, QUIETS[0]), scale)
    lines = b"".join(b"\0" + _packed(row) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 1, 0, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _light(code: Code, quiet: int, *, inverted: bool = False) -> list[list[bool]]:
    side = [not inverted] * quiet
    edge = [[not inverted] * (code.side + 2 * quiet)] * quiet
    rows = [[*side, *(dark == inverted for dark in row), *side] for row in code.dark]
    return [*edge, *rows, *edge]


def _scaled(rows: list[list[bool]], scale: int) -> list[list[bool]]:
    return [[each for each in row for _ in range(scale)] for row in rows for _ in range(scale)]


def _packed(row: list[bool]) -> bytes:
    bits = "".join("1" if light else "0" for light in row)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
