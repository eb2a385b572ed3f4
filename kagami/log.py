"""Logs: one record is one line, kept in a ring that the console reads and written to stderr or stdout.

`get("hub").info("ready", bots=3)` costs one comparison when nobody listens at that level. Text and fields are
arguments, never templates. What is written to a stream is escaped: a record can neither break its line nor reach
the terminal as a control sequence.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Any, TextIO

import msgspec

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
RING_LINES = 20_000
# Of any text: what others sent can be in an error's message, and 100,000 lines are kept.
LONGEST_TEXT = 8_192
# Bytes of lines that a stream holds while nobody reads it, and how long the end of a process waits for a reader.
MOST_HELD = 1 << 20
LAST_MS = 500


class Hiding:
    """What every text goes through before anybody keeps or reads it; `str` leaves it as it is.

    `secrets` sees the whole text, `private` what is kept of it.
    """

    __slots__ = ("private", "secrets")

    def __init__(self) -> None:
        self.secrets: Callable[[str], str] = str
        self.private: Callable[[str], str] = str


hiding = Hiding()
# They name what a line is about: without them nothing could be found again.
NAMING = frozenset({"bot", "chat", "user", "execution", "plugin"})


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """`level` is the standard library's number; `source` the room that spoke, or a plugin's id."""

    seq: int
    time_ms: int
    level: int
    source: str
    text: str
    fields: dict[str, str] = {}


class Log:
    """The voice of one room. `bound` are fields of every line, whatever the line itself says of them."""

    __slots__ = ("_bound", "_logger")

    def __init__(self, source: str, **bound: object) -> None:
        self._logger = logging.getLogger(f"kagami.{source}")
        self._bound = bound

    def debug(self, text: str, **fields: object) -> None:
        self._say(logging.DEBUG, text, fields)

    def info(self, text: str, **fields: object) -> None:
        self._say(logging.INFO, text, fields)

    def warning(self, text: str, **fields: object) -> None:
        self._say(logging.WARNING, text, fields)

    def error(self, text: str, *, cause: BaseException | None = None, **fields: object) -> None:
        """`cause` adds its traceback."""
        self._say(logging.ERROR, text, fields, cause)

    def _say(self, level: int, text: str, fields: dict[str, object], cause: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            exc_info = (type(cause), cause, cause.__traceback__) if cause else None
            self._logger.log(level, "%s", text, exc_info=exc_info, extra={"fields": fields | self._bound})


def get(source: str, **bound: object) -> Log:
    return Log(source, **bound)


class Ring(logging.Handler):
    """The newest lines in memory. Written by any thread, read by the engine's.

    `tell` gets every line too, one after the other, in the thread that said it.
    """

    def __init__(self, capacity: int = RING_LINES) -> None:
        super().__init__()
        self._lines: deque[LogLine] = deque(maxlen=capacity)
        self._seq = count(1)
        self.counts = dict.fromkeys(LEVELS.values(), 0)
        self.tell: Callable[[LogLine], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        line = read_record(record, next(self._seq))
        self._lines.append(line)
        self.counts[line.level] = self.counts.get(line.level, 0) + 1
        if self.tell is not None:
            self.tell(line)

    def renumber(self, after: int, tell: Callable[[LogLine], None]) -> None:
        """Let the numbers begin after one of an earlier run, and `tell` everything: what is held, and what comes."""
        self.acquire()  # no thread says anything between the two
        try:
            lines = [msgspec.structs.replace(line, seq=after + place) for place, line in enumerate(self._lines, 1)]
            self._lines.clear()
            self._lines.extend(lines)
            self._seq = count(after + len(lines) + 1)
            for line in lines:
                tell(line)
            self.tell = tell
        finally:
            self.release()

    @property
    def kept(self) -> int:
        return len(self._lines)

    @property
    def newest(self) -> int:
        """Sequence number of the newest line; 0 when there is none."""
        return self._lines[-1].seq if self._lines else 0

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest line in memory; 0 when there is none."""
        return self._lines[0].seq if self._lines else 0

    def lines(self) -> list[LogLine]:
        """A copy of all, oldest first."""
        return list(self._lines)

    def window(self, *, wanted: Callable[[LogLine], bool], before: int = 0, limit: int = 200) -> list[LogLine]:
        """The newest `limit` lines that are `wanted` and older than `before` (0: no bound), oldest first."""
        found = list(islice((line for line in self._newest_first(before) if wanted(line)), limit))
        found.reverse()
        return found

    def since(self, *, wanted: Callable[[LogLine], bool], after: int, limit: int = 500) -> list[LogLine]:
        """The oldest `limit` wanted lines newer than `after`, oldest first."""
        newer = self.newest - after
        tail = list(islice(reversed(self._lines), max(0, newer)))
        tail.reverse()
        return list(islice((line for line in tail if line.seq > after and wanted(line)), limit))

    def _newest_first(self, before: int) -> Iterator[LogLine]:
        # A snapshot: another thread may append while this one walks.
        for line in reversed(list(self._lines)):
            if not before or line.seq < before:
                yield line


def read_record(record: logging.LogRecord, seq: int) -> LogLine:
    """A `LogLine` of a standard record, ours or a library's; the traceback becomes the field `traceback`."""
    given: dict[str, Any] = record.__dict__.get("fields", {})
    fields = {name: _kept(str(value), naming=name in NAMING) for name, value in given.items()}
    if record.exc_info and record.exc_info[1] is not None:
        fields["traceback"] = _kept(logging.Formatter().formatException(record.exc_info))
    source = _sound(record.name.removeprefix("kagami."))
    return LogLine(seq, int(record.created * 1000), record.levelno, source, _kept(record.getMessage()), fields)


def _kept(text: str, *, naming: bool = False) -> str:
    text = _cut(_sound(hiding.secrets(text)))
    return text if naming else hiding.private(text)


def _sound(text: str) -> str:
    """Lone surrogates, which neither a file nor JSON can hold, as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _cut(text: str) -> str:
    """The beginning and the end of a text that is too long: a traceback ends with what happened."""
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


def escape(text: str) -> str:
    """One line without control, format or surrogate characters: each becomes an escape of Python's."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class Stream(logging.Handler):
    """Lines on a stream, as `text` for people or `json` for collectors. A stream that fails is left alone.

    Nobody waits for who reads it: while they do not, lines are held, then left out, and their number is told.
    """

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        super().__init__()
        self._stream = stream
        self._shape = json_line if as_json else text_line
        self._held = bytearray()
        self._missed = 0
        self._descriptor = _descriptor(stream)
        self._poll = select.poll()
        if self._descriptor >= 0:
            self._poll.register(self._descriptor, select.POLLOUT)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._shape(read_record(record, 0)) + "\n"
            if self._descriptor >= 0:
                self._put(line)
            else:
                self._stream.write(line)
                self._stream.flush()
        except (OSError, ValueError):
            logging.getLogger("kagami").removeHandler(self)

    def flush(self) -> None:
        """At the end of the process: give who reads a moment."""
        with suppress(OSError, ValueError):
            self._push(LAST_MS)

    def _put(self, line: str) -> None:
        self._push(0)
        if len(self._held) > MOST_HELD:
            self._missed += 1
            return
        if self._missed:
            text = f"{self._missed} lines were left out: nobody read them"
            line = self._shape(LogLine(0, int(time.time() * 1000), logging.WARNING, "log", text)) + "\n" + line
            self._missed = 0
        self._held += line.encode(self._stream.encoding or "utf-8", "backslashreplace")
        self._push(0)

    def _push(self, patience_ms: int) -> None:
        # What can be written at all takes a page at least (pipe(7)): so much never waits.
        while self._held and self._poll.poll(patience_ms):
            try:
                del self._held[: os.write(self._descriptor, self._held[: select.PIPE_BUF])]
            except BlockingIOError:
                return


def _descriptor(stream: TextIO) -> int:
    """Of the file behind a stream, -1 when there is none."""
    try:
        stream.flush()
        return stream.fileno()
    except (OSError, ValueError):
        return -1


def text_line(line: LogLine) -> str:
    """For people: one line, escaped."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.time_ms / 1000))
    level = logging.getLevelName(line.level)[0]
    fields = "".join(f" {name}={escape(value)}" for name, value in line.fields.items())
    return f"{moment}.{line.time_ms % 1000:03d} {level} {escape(line.source)}: {escape(line.text)}{fields}"


def json_line(line: LogLine) -> str:
    """For collectors: one JSON object. What a line says of itself (`fields`) can never be taken for what it is."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(line.time_ms / 1000))
    record: dict[str, Any] = {
        "time": f"{moment}.{line.time_ms % 1000:03d}Z",
        "level": logging.getLevelName(line.level).lower(),
        "logger": line.source,
        "message": line.text,
    }
    return msgspec.json.encode(record | ({"fields": line.fields} if line.fields else {})).decode()


def set_level(level: str) -> None:
    """From the next line on."""
    logging.getLogger("kagami").setLevel(LEVELS[level])


def configure(level: str, *, ring: Ring | None = None, stream: TextIO | None = None, as_json: bool = False) -> None:
    """Set where `kagami.*` and the libraries' warnings go; called once by each command."""
    for name, floor in (("kagami", LEVELS[level]), ("asyncio", logging.WARNING), ("websockets", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.setLevel(floor)
        logger.propagate = False
        logger.handlers = [ring] if ring else []
        if stream is not None:
            logger.addHandler(Stream(stream, as_json=as_json))


def crash(error: BaseException | None) -> None:
    """Last word of a process that dies of its own bug; nothing when it does not."""
    if error is not None:
        sys.stderr.write(f"{traceback_text(error)}\n")


def traceback_text(error: BaseException) -> str:
    """Where an error came from, without secrets and private things."""
    text = logging.Formatter().formatException((type(error), error, error.__traceback__))
    return hiding.private(hiding.secrets(text))
