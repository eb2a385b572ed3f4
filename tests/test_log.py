from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami import log
from kagami.log import LogLine, Ring, Stream, configure, escape, read_record

LOGGERS = ("kagami", "asyncio", "websockets")


@pytest.fixture(autouse=True)
def restored_loggers() -> Iterator[None]:
    before = [(each, each.level, each.propagate, each.handlers) for each in map(logging.getLogger, LOGGERS)]
    yield
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers


def record(
    text: str = "ready", level: int = logging.INFO, name: str = "kagami.hub", **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "x.py", 1, "%s", (text,), None)
    made.created = 1_764_000_000.5
    made.__dict__["fields"] = fields
    return made


def filled(amount: int, capacity: int = 100) -> Ring:
    ring = Ring(capacity)
    for each in range(1, amount + 1):
        ring.emit(record(f"line {each}"))
    return ring


def every(line: LogLine) -> bool:
    return bool(line.seq)


def odd(line: LogLine) -> bool:
    return line.seq % 2 == 1


def numbers(lines: list[LogLine]) -> list[int]:
    return [line.seq for line in lines]


# --- saying ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", list(log.LEVELS))
def test_a_room_speaks_at_every_level(level: str) -> None:
    ring = Ring()
    configure("debug", ring=ring)
    voice = log.get("hub")
    {"debug": voice.debug, "info": voice.info, "warning": voice.warning, "error": voice.error}[level]("ready", bots=3)
    (line,) = ring.window(wanted=every)
    assert (line.level, line.source, line.text, line.fields) == (log.LEVELS[level], "hub", "ready", {"bots": "3"})


def test_what_is_below_the_level_is_not_kept() -> None:
    ring = Ring()
    configure("warning", ring=ring)
    log.get("hub").info("ready")
    assert ring.kept == 0


def test_text_is_never_a_template() -> None:
    ring = Ring()
    configure("info", ring=ring)
    log.get("hub").info("100 %s %(x)s {y}")
    assert ring.window(wanted=every)[0].text == "100 %s %(x)s {y}"


def test_a_cause_adds_its_traceback() -> None:
    ring = Ring()
    configure("info", ring=ring)
    log.get("hub").error("failed", cause=ValueError("because"))
    assert "ValueError: because" in ring.window(wanted=every)[0].fields["traceback"]


def test_of_a_long_text_both_ends_are_kept() -> None:
    record = logging.LogRecord("kagami.hub", logging.ERROR, "f", 1, "%s", ("a" * 50_000,), None)
    record.__dict__["fields"] = {"reason": "b" * 49_999 + "!"}
    line = read_record(record, 1)
    assert len(line.text) < 9_000
    assert len(line.fields["reason"]) < 9_000
    assert line.fields["reason"].endswith("b!")


def test_a_record_of_a_library_is_a_line() -> None:
    made = logging.LogRecord("websockets.server", logging.ERROR, "x.py", 1, "lost %d", (3,), None)
    line = read_record(made, 7)
    assert (line.seq, line.source, line.text, line.fields) == (7, "websockets.server", "lost 3", {})


def test_a_record_without_an_exception_has_no_traceback() -> None:
    made = record()
    made.exc_info = (None, None, None)
    assert "traceback" not in read_record(made, 1).fields


def test_time_is_in_milliseconds() -> None:
    assert read_record(record(), 1).time_ms == 1_764_000_000_500


# --- the ring --------------------------------------------------------------------------------------------------------


def test_the_ring_keeps_the_newest() -> None:
    ring = filled(5, capacity=3)
    assert (numbers(ring.window(wanted=every)), ring.kept, ring.newest) == ([3, 4, 5], 3, 5)


def test_an_empty_ring_has_no_newest() -> None:
    ring = filled(0)
    assert (ring.newest, ring.window(wanted=every), ring.since(wanted=every, after=0)) == (0, [], [])


def test_counts_go_on_when_lines_are_gone() -> None:
    ring = filled(5, capacity=2)
    ring.emit(record(level=logging.ERROR))
    ring.emit(record(level=5))
    assert (ring.counts[logging.INFO], ring.counts[logging.ERROR], ring.counts[5]) == (5, 1, 1)


@pytest.mark.parametrize(
    ("before", "limit", "seen"), [(0, 3, [5, 7, 9]), (7, 2, [3, 5]), (1, 9, []), (0, 99, [1, 3, 5, 7, 9])]
)
def test_a_window_holds_the_newest_wanted_before_a_line(before: int, limit: int, seen: list[int]) -> None:
    assert numbers(filled(10).window(wanted=odd, before=before, limit=limit)) == seen


@pytest.mark.parametrize(
    ("after", "limit", "seen"), [(0, 2, [1, 3]), (5, 9, [7, 9]), (4, 2, [5, 7]), (10, 9, []), (99, 9, [])]
)
def test_since_gives_the_oldest_wanted_after_a_line(after: int, limit: int, seen: list[int]) -> None:
    assert numbers(filled(10).since(wanted=odd, after=after, limit=limit)) == seen


def test_since_begins_with_the_oldest_kept() -> None:
    assert numbers(filled(9, capacity=3).since(wanted=every, after=2)) == [7, 8, 9]


# --- streams ---------------------------------------------------------------------------------------------------------


def streamed(made: logging.LogRecord, *, as_json: bool = False) -> str:
    stream = io.StringIO()
    Stream(stream, as_json=as_json).emit(made)
    return stream.getvalue()


def test_a_line_for_people() -> None:
    line = streamed(record("ready", bots=3, where="a b"))
    assert line.endswith(".500 I hub: ready bots=3 where=a b\n")


def test_a_line_for_collectors() -> None:
    line = streamed(record("ready\n", level=logging.WARNING, bots=3, level_="x"), as_json=True)
    wanted = {"time": "2025-11-24T16:00:00.500Z", "level": "warning", "logger": "hub", "message": "ready\n"}
    assert json.loads(line) == wanted | {"fields": {"bots": "3", "level_": "x"}}
    assert line.count("\n") == 1


@pytest.mark.parametrize("evil", ["\x1b[2J", "a\nb", "\u202e", "\ud800", "\x07", "\u2028", "\r"])
def test_no_record_can_break_its_line(evil: str) -> None:
    line = streamed(record(evil, name=f"kagami.{evil}", field=evil))
    assert line[:-1].isprintable()


def test_what_no_file_can_hold_is_kept_as_an_escape() -> None:
    ring = Ring()
    ring.emit(record("half \ud800 a pair", file="\udcff.txt"))
    (line,) = ring.lines()
    assert (line.text, line.fields["file"]) == ("half \\ud800 a pair", "\\udcff.txt")
    assert json.loads(log.json_line(line))["message"] == line.text


@given(st.text(st.characters()))
def test_what_is_escaped_is_printable(text: str) -> None:
    assert escape(text).isprintable()


@pytest.mark.parametrize(("text", "escaped"), [("小明 ok", "小明 ok"), ("a\tb", "a\\tb"), ("\x1b", "\\x1b")])
def test_only_what_cannot_be_shown_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, text)


@pytest.mark.parametrize("closed", [True, False])
def test_a_stream_that_fails_is_left_alone(closed: bool) -> None:
    stream = io.StringIO() if closed else Full()
    ring = Ring()
    configure("info", ring=ring, stream=stream)
    if closed:
        stream.close()
    voice = log.get("hub")
    voice.info("one")
    voice.info("two")
    assert (ring.kept, logging.getLogger("kagami").handlers) == (2, [ring])


# --- set-up ----------------------------------------------------------------------------------------------------------


def test_a_reader_that_stands_still_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_HELD", 20_000)
    monkeypatch.setattr(log, "LAST_MS", 0)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as end, os.fdopen(writer, "w") as stream:
        handler = log.Stream(stream, as_json=True)
        for each in range(3_000):  # more than a pipe and the handler hold: this would never end
            handler.emit(record(f"line {each}"))
        os.set_blocking(end.fileno(), False)
        said = b""
        while chunk := end.read():
            said += chunk
            handler.flush()
        handler.emit(record("the last"))
        said += end.read() or b""
    told = [json.loads(line)["message"] for line in said.splitlines()]
    whole = len(told) - 2
    assert told[:whole] == [f"line {each}" for each in range(whole)]
    assert told[whole:] == [f"{3_000 - whole} lines were left out: nobody read them", "the last"]


def test_a_stream_of_another_encoding_is_written(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w", encoding="ascii") as stream:
        log.Stream(stream, as_json=False).emit(record("镜"))
    assert (tmp_path / "said").read_text("ascii").endswith("hub: \\u955c\n")


def test_a_reader_that_has_gone_ends_it() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        handler = log.Stream(stream, as_json=False)
        logging.getLogger("kagami").addHandler(handler)
        os.close(reader)
        handler.emit(record("hello"))
        assert handler not in logging.getLogger("kagami").handlers


def test_lines_go_to_ring_and_stream() -> None:
    ring, stream = Ring(), io.StringIO()
    configure("info", ring=ring, stream=stream)
    log.get("hub").info("ready")
    assert (ring.kept, stream.getvalue().count("\n")) == (1, 1)


def test_a_new_set_up_replaces_the_old() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("info", stream=first)
    configure("info", stream=second, as_json=True)
    log.get("hub").info("ready")
    assert (first.getvalue(), json.loads(second.getvalue())["message"]) == ("", "ready")


def test_libraries_only_speak_of_trouble() -> None:
    ring = Ring()
    configure("debug", ring=ring)
    logging.getLogger("asyncio").info("using a selector")
    logging.getLogger("asyncio").warning("slow")
    assert [line.source for line in ring.window(wanted=every)] == ["asyncio"]


def test_a_crash_has_its_traceback_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.crash(ValueError("because"))
    assert stream.getvalue().endswith("ValueError: because\n")


def test_a_voice_names_on_every_line_whom_it_speaks_for() -> None:
    ring = Ring(10)
    configure("debug", ring=ring)
    log.get("echo", plugin="echo").info("hello", plugin="somebody else", size=3)
    (line,) = ring.window(wanted=every)
    assert line.fields == {"plugin": "echo", "size": "3"}
