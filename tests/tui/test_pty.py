"""The last word on what reaches a terminal: a console in a child process, on a world that is out to drive it.

Every byte that it sends is read from a real pseudo-terminal and must be text or a sequence of the list below.
"""

from __future__ import annotations

import re

import pyte
import pytest

from tests.tui.corpus import CORPUS
from tests.tui.ptys import FIRST_PAINT, Terminal, terminal

# What the console sends while it runs, and nothing else: places, true colours, its own title, the pointer's shape.
BODY = re.compile(
    r"\x1b\[[0-9]+(?:;[0-9]+)?H|\x1b\[[0-9]*[CX]"
    r"|\x1b\[(?:(?:0|1|4|7|22|24|27|39|49|[34]8;2;[0-9]+;[0-9]+;[0-9]+);?)*m"
    r"|\x1b\[5n"  # has the frame come through?
    r"|\x1b\]2;kagami · [a-z]* · (?:idle|busy)\x07"
    r"|\x1b\]22;[a-z]+(?:\x1b\\|\x07)"
    r"|\r\n|\r"
)
# What it sends when it comes and when it goes, on top.
FRAME = re.compile(
    BODY.pattern + r"|\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"  # modes, set and reset
    r"|\x1b\[\?20(?:26|48)\$p"  # does the terminal know these modes?
    r"|\x1b\[6n|\x1b\[K"  # how wide is an ambiguous character? and wiping it off
    r"|\x1b\[>[0-9]+u|\x1b\[<u"  # the keyboard protocol
    r"|\x1b\[2[23];2t"  # keep and restore the title
)
BIDI = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")

pytestmark = pytest.mark.service


def strangers(output: bytes, allowed: re.Pattern[str] = BODY) -> set[str]:
    """What is neither printable text nor allowed. The bytes must be UTF-8 throughout."""
    rest = allowed.sub("", output.decode("utf-8"))
    controls = {rest[hit.start() : hit.start() + 20] for hit in re.finditer(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", rest)}
    return controls | set(BIDI.findall(rest))


def tour(console: Terminal) -> None:
    """Every place, list, inspector and dialog, down to the last row."""
    for keys in (
        "1 2 j \r \x1b",
        "3 k k \r j j \x1b g \r \x1b G L /x \x1b",
        "6 j \r k k k \x1b j j \x1b",
        "d j j r \x1b \x1b",
        "/ 字\r j \x1b \x1b",
        "7 j \r j j \x1b e \x1b o o",
        "8 hi\r \x1b k k",
        "? \x1b n \x1b",
    ):
        for key in keys.split(" "):
            console.press(key)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_only_what_the_console_means_to_send_reaches_the_terminal(size: tuple[int, int]) -> None:
    with terminal("tests.tui.corpus_demo", "--nasty", size=size) as console:
        console.wait_for(FIRST_PAINT)
        console.settle()
        tour(console)
        assert console.child.poll() is None, bytes(console.output[-2_000:]).decode("utf-8", "replace")
        console.press("\x1b")
        assert console.leave() == 0
        console.settle()
    output = bytes(console.output)
    begin, end = output.index(FIRST_PAINT) + len(FIRST_PAINT), output.rindex(b"\x1b[23;2t")
    assert strangers(output[begin:end]) == set()
    assert strangers(output[:begin] + output[end:], FRAME) == set()
    assert len(console.output) > 10_000  # it did show something


def played(output: bytes, size: tuple[int, int]) -> pyte.Screen:
    """A terminal that has got all this."""
    screen = pyte.Screen(*size)
    # pyte prints the private sequences that it does not know: they are not for it.
    pyte.ByteStream(screen).feed(re.sub(rb"\x1b\[[<>?][0-9;]*[u$p]+", b"", output))
    return screen


def test_the_title_and_the_modes_of_the_terminal_are_the_console_s_own() -> None:
    with terminal("tests.tui.corpus_demo", "--nasty", size=(100, 30)) as console:
        console.wait_for(FIRST_PAINT)
        for key in ("3", "6", "7", "\r"):
            console.press(key)
        console.wait_until(lambda output: any("trace" in row for row in played(output, (100, 30)).display))
        assert played(bytes(console.output), (100, 30)).title.startswith("kagami · ")


def test_the_list_of_what_is_allowed_would_catch_the_corpus() -> None:
    """The check itself must be able to fail: each dangerous text is a stranger when it comes through unchanged."""
    caught = [text for text in CORPUS if strangers(text.encode("utf-8", "replace"))]
    dangerous = [
        text for text in CORPUS if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", text)
    ]
    assert len(dangerous) > 30
    assert [text for text in dangerous if text not in caught] == []
