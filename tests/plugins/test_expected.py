from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kagami.core.words import kind_of
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message
from kagami.model.segment import Image, Text
from kagami.plugins.expected import Expected


def said(*parts: Any) -> Event:
    message: Message = parts
    return Event(ExecutionId("1"), BotId("qq:1"), "message", "group", ChatId("group:1"), UserId("7"), 0, "1", message)


@pytest.mark.parametrize(
    ("kind", "event", "value"),
    [
        (str, said(Text(" two words ")), "two words"),
        (int, said(Text("3")), 3),
        (Image, said(Text("look"), Image("cat")), Image("cat")),
        (timedelta, said(Text("90s")), timedelta(seconds=90)),
    ],
)
def test_an_answer_is_read_as_its_kind(kind: Any, event: Event, value: Any) -> None:
    assert Expected(kind_of(kind)).read(event) == value


@pytest.mark.parametrize(("kind", "text"), [(str, " "), (int, ""), (int, "1 2"), (Image, "cat")])
def test_what_does_not_read_does_not_fit(kind: Any, text: str) -> None:
    assert not Expected(kind_of(kind)).fits(said(Text(text)))


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("2", (2, "")),
        ("0", (None, "It must be at least 1.")),
        ("9", (None, "It must be at most 3.")),
        ("x", (None, "Please answer with a whole number.")),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(text: str, judged: tuple[Any, str]) -> None:
    assert Expected(kind_of(int), 1, 3).judge(said(Text(text)), str) == judged
