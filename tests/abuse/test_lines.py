"""SC6, SC7, SC8: a line of the log is one line, whatever is in it, and can be read back whole."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kagami import log
from tests.tui.corpus import CONTROLS, EIGHT_BIT, ESCAPES, MARKUP, UNSEEN

FAKES = (
    "\n2026-01-01 00:00:00.000 I auth: login ok user=admin",
    "a\r\nHTTP/1.1 200 OK",
    "a\x85b\u2028c\u2029d\x1c\x1d\x1ee",
    '", "level": "info", "text": "login ok"}\n{"x":"',
    "%s %d %(name)s %n {} {0} {0.__class__.__init__.__globals__} {text} ${HOME} $HOME",
    "{self._bound} {record.__dict__} <red>{message}</red> [red]x[/red]",
)
TEXTS = (*FAKES, *ESCAPES, *EIGHT_BIT, *CONTROLS, *UNSEEN, *(each[:2_000] for each in MARKUP))
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [DIWE] .*: .*")
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b-\u200f\ud800-\udfff]")


@pytest.fixture
def said(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    monkeypatch.setattr(log.hiding, "secrets", str)
    monkeypatch.setattr(log.hiding, "private", str)
    stream, ring = io.StringIO(), log.Ring()
    log.configure("debug", ring=ring, stream=stream, as_json=request.param)
    yield stream
    for name in ("kagami", "asyncio", "websockets"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def say_all() -> int:
    """Every text in every place of a line that others can fill; how many lines that makes."""
    voice, count = log.get("tests"), 0
    for text in TEXTS:
        voice.info(text)
        voice.warning("told", said=text, name=text)
        voice.error("broke", cause=ValueError(text), reason=text)
        logging.getLogger("asyncio").warning(text)
        log.Log(text[:40].replace(".", "")).error("a room of that name")
        count += 5
    return count


@pytest.mark.parametrize("said", [False], indirect=True)
def test_one_event_is_one_line_for_people(said: io.StringIO) -> None:
    count = say_all()
    text = said.getvalue()
    lines = text.split("\n")[:-1]
    assert len(lines) == len(text.splitlines()) >= count  # others may speak meanwhile
    assert [ascii(line) for line in lines if not LINE.fullmatch(line) or UNSAFE.search(line)] == []


@pytest.mark.parametrize("said", [True], indirect=True)
def test_one_event_is_one_object_for_collectors_and_says_what_was_said(said: io.StringIO) -> None:
    count = say_all()
    lines = said.getvalue().split("\n")[:-1]
    objects: list[dict[str, Any]] = [msgspec.json.decode(line) for line in lines]
    assert len(objects) >= count
    whole = [ascii(each["message"]) for each in objects if each["logger"] == "tests" and each["level"] == "info"]
    assert whole == [ascii(log._cut(text.encode("utf-8", "backslashreplace").decode())) for text in TEXTS]


@pytest.mark.parametrize("said", [False], indirect=True)
def test_no_text_is_a_template(said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGAMI_CANARY", "canary-in-the-environment")
    for text in (*FAKES, "{0.__init__.__globals__[os].environ}", "%(KAGAMI_CANARY)s", "${KAGAMI_CANARY}"):
        log.get("tests").error(text, cause=KeyError(text), reason=text)
    assert "canary-in-the" not in said.getvalue()
    assert said.getvalue().count("${KAGAMI_CANARY}") == 3
