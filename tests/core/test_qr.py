from __future__ import annotations

import struct
import zlib

import pytest
from rich.segment import Segment
from rich.style import Style

from kagami.core.qr import QUIETS, Code, Shape, encode, png, runs
from tests.photo import codes_in, picture_of

WHITE, BLACK = Style(color="#ffffff", bgcolor="#ffffff"), Style(color="#ffffff", bgcolor="#000000")
TEXT = "https://liteapp.weixin.qq.com/q/7GiQu1?" + "0aB" * 90


def seen(code: Code, shape: Shape, quiet: int) -> list[str]:
    """What a decoder reads of a code on a black screen."""
    rows = [
        [Segment("  "), *(Segment(text, WHITE if light else BLACK) for text, light in runs(row)), Segment("  ")]
        for row in code.drawn(shape, quiet)
    ]
    dark = [[Segment(" " * sum(len(each.text) for each in rows[0]))]]
    return codes_in(picture_of([*dark, *rows, *dark]))


@pytest.mark.parametrize("length", [14, 40, 66, 100, 130, 150, 260])
@pytest.mark.parametrize("quiet", QUIETS)
def test_a_drawn_code_says_what_was_written(length: int, quiet: int) -> None:
    assert seen(encode(TEXT[:length]), Shape(), quiet) == [TEXT[:length]]


@pytest.mark.parametrize("shape", [Shape(scale=2), Shape(scale=3), Shape(halves=False), Shape(halves=False, scale=2)])
def test_every_shape_can_be_read(shape: Shape) -> None:
    assert seen(encode("你好, 世界"), shape, 4) == ["你好, 世界"]


def test_an_inverted_code_is_light_on_dark() -> None:
    code = encode("abc")
    assert seen(code, Shape(inverted=True), 4) == []
    swapped = str.maketrans("█ ▀▄", " █▄▀")
    assert [row.translate(swapped) for row in code.drawn(Shape(inverted=True), 4)][1:-1] == code.drawn(Shape(), 4)[1:-1]


@pytest.mark.parametrize(("length", "version"), [(66, 4), (78, 4), (79, 5), (106, 5), (107, 6), (134, 6), (260, 10)])
def test_it_is_the_smallest_code(length: int, version: int) -> None:
    assert encode(TEXT[:length]).version == version


@pytest.mark.parametrize(("length", "columns", "rows"), [(66, 41, 21), (100, 45, 23), (130, 49, 25), (260, 65, 33)])
def test_the_size_is_the_drawn_size(length: int, columns: int, rows: int) -> None:
    code = encode(TEXT[:length])
    drawn = code.drawn(Shape(), 4)
    assert (len(drawn[0]), len(drawn)) == (columns, rows) == Shape().size(code.side, 4)
    plain = code.drawn(Shape(halves=False), 1)
    assert (len(plain[0]), len(plain)) == Shape(halves=False).size(code.side, 1)


def test_the_light_edge_is_as_wide_as_there_is_room() -> None:
    code = encode(TEXT[:66])
    assert [code.quiet(Shape(), 80, rows) for rows in (21, 20, 19, 18, 17)] == [4, 2, 2, 1, 0]
    assert code.quiet(Shape(), 34, 24) == 0
    assert code.least(Shape()) == (35, 18)


def test_what_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode("x" * 3_000)


def test_the_picture_says_what_was_written() -> None:
    content = png(encode(TEXT[:66]))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    size = struct.unpack(">I", content[33:37])[0]
    lines = zlib.decompress(content[41 : 41 + size])
    step = 1 + -(-width // 8)
    pixels = []
    for place in range(0, height * step, step):
        bits = "".join(f"{byte:08b}" for byte in lines[place + 1 : place + step])
        pixels.append(bytes(255 * int(bit) for bit in bits[:width]))
    assert codes_in(pixels) == [TEXT[:66]]
