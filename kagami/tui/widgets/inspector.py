"""One log line, opened: everything that it carries, and the same as plain text to copy."""

from __future__ import annotations

import logging

from kagami.i18n import Translate, mark
from kagami.log import LogLine
from kagami.tui.figures import clock_ms
from kagami.tui.format import rows, wrap
from kagami.tui.looks import Looks
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span

_WORDS = {
    logging.DEBUG: (mark("debug"), "dim"),
    logging.INFO: (mark("info"), "text"),
    logging.WARNING: (mark("warning"), "warn"),
    logging.ERROR: (mark("error"), "bad"),
}


def inspect_line(line: LogLine, width: int, looks: Looks, t: Translate) -> list[Line]:
    """Its text, level, source and fields; a traceback last, one row for each of its lines."""
    word, role = _WORDS.get(line.level, (mark("error"), "bad"))
    built: list[Line] = [*paragraph(line.text, width, looks, role), ()]
    built += fact(t(mark("time")), clock_ms(line.time_ms), width, looks)
    built += fact(t(mark("level")), t(word), width, looks, role=role)
    built += fact(t(mark("source")), line.source, width, looks)
    for name, value in line.fields.items():
        if name != "traceback":
            built += fact(" ".join(rows(name)), value, width, looks, role="accent" if name == "execution" else "text")
    if "execution" in line.fields:
        built += [(), (Span(" o ", "key"), Span(t(mark("opens the trace of this message")), "dim"))]
    traceback = line.fields.get("traceback", "")
    if traceback:
        built += [(), (Span(" " + t(mark("Traceback")), "title"),)]
        built += [(Span(" " + row, "dim"),) for row in wrap(traceback, width - 2, looks.text)]
    return built


def plain_line(line: LogLine) -> str:
    """What is copied: visible text only, so that pasting it into a shell cannot run anything."""
    word = _WORDS.get(line.level, (mark("error"), ""))[0]
    fields = [f"{name}={value}" for name, value in line.fields.items() if name != "traceback"]
    head = " ".join([clock_ms(line.time_ms), word, f"{line.source}:", line.text, *fields])
    traceback = line.fields.get("traceback", "")
    return "\n".join([" ".join(rows(head)), *(rows(traceback) if traceback else [])])
