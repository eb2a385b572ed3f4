from __future__ import annotations

import io
import threading

from kagami.tui.driver import MOST_WAITING, Writer


class Stuck(io.StringIO):
    """A file that lets nothing through until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def write(self, text: str, /) -> int:
        self.gate.wait()
        return super().write(text)


class Broken(io.StringIO):
    def write(self, _text: str, /) -> int:
        raise OSError(5, "Input/output error")


def test_it_writes_in_order() -> None:
    file = io.StringIO()
    writer = Writer(file, lambda: None, lambda: None)
    writer.start()
    for text in ("a", "b", "c"):
        writer.write(text)
    writer.stop()
    assert file.getvalue() == "abc"


def test_a_stuck_terminal_blocks_nobody_and_is_told_when_it_is_behind() -> None:
    file, behind = Stuck(), threading.Event()
    writer = Writer(file, behind.set, lambda: None)
    writer.start()
    for _ in range(100):
        writer.write("x" * 1_000)
    file.gate.set()
    assert behind.wait(5)
    writer.stop()
    assert MOST_WAITING <= len(file.getvalue()) <= MOST_WAITING + 2_000


def test_last_words_are_never_dropped() -> None:
    file = Stuck()
    writer = Writer(file, lambda: None, lambda: None)
    writer.start()
    writer.write("x" * (MOST_WAITING + 1))
    writer.last_words = True
    writer.write("bye")
    file.gate.set()
    writer.stop()
    assert file.getvalue().endswith("bye")


def test_last_words_do_not_stay_in_a_buffer() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(io.BufferedWriter(raw))
    writer = Writer(file, lambda: None, lambda: None)
    for text in ("a", "b"):
        writer.write(text)
    writer._queue.put(None)
    writer.start()
    writer.join()
    assert raw.getvalue() == b"ab"


def test_a_lost_terminal_is_told_once_and_then_ignored() -> None:
    lost: list[None] = []
    writer = Writer(Broken(), lambda: None, lambda: lost.append(None))
    writer.start()
    for _ in range(3):
        writer.write("x")
    writer.stop()
    assert lost == [None]


def test_stopping_does_not_wait_for_a_stuck_terminal() -> None:
    file = Stuck()
    writer = Writer(file, lambda: None, lambda: None)
    writer.start()
    writer.write("x")
    writer.stop()
    assert writer.is_alive()
    file.gate.set()
