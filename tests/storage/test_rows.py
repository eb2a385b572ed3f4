from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.model.action import Failed, Receipt, Sent, Unknown
from kagami.model.ids import ExecutionId
from kagami.model.message import Message, preview, text
from kagami.model.segment import Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.storage.rows import (
    event_row,
    read_message,
    read_receipt,
    read_sender,
    read_trace,
    receipt_row,
    send_row,
    trace_row,
    write_json,
    write_message,
)
from tests.storage.make import START_MS, event, send, trace

WORDS = st.text(max_size=5)
PARTS = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Mention, WORDS),
    st.builds(Reply, WORDS, st.dictionaries(WORDS, WORDS, max_size=1)),
    st.builds(Image, WORDS, url=WORDS),
    st.builds(Voice, WORDS),
    st.builds(Video, WORDS),
    st.builds(File, WORDS),
    st.builds(Face, WORDS),
    st.builds(Native, WORDS, st.dictionaries(WORDS, st.integers(-(2**53), 2**53), max_size=2)),
)


@given(st.lists(PARTS, max_size=4).map(tuple))
def test_messages_come_back_as_they_were(message: Message) -> None:
    shown = preview(message)
    assert read_message(shown, write_message(message, shown)) == message


def test_a_message_of_one_text_is_kept_once() -> None:
    assert write_message(text("hello"), "hello") is None


def test_a_send_of_one_text_is_kept_once() -> None:
    assert send_row(1, send(event(), "hello"))[7] is None


def test_a_send_that_is_shown_otherwise_keeps_its_body() -> None:
    assert json.loads(send_row(1, send(event(), "hello", text="*****"))[7])["message"][0]["text"] == "hello"


def test_an_unknown_sender_costs_nothing() -> None:
    assert event_row(1, event(sender=type(event().sender)()), START_MS)[14] is None


@pytest.mark.parametrize(("stored", "name"), [(None, ""), ('{"name":"n"}', "n"), ('{"name":"n","card":"c"}', "c")])
def test_a_sender_is_called_by_the_card(stored: str | None, name: str) -> None:
    assert read_sender(stored) == name


@pytest.mark.parametrize("receipt", [Sent(), Sent("1", {"a": [1]}), Failed("r", "c"), Unknown("r")])
def test_receipts_come_back_as_they_were(receipt: Receipt) -> None:
    row = receipt_row(ExecutionId("e"), 0, receipt, START_MS)
    assert read_receipt((row[2], *row[4:])) == receipt


def test_traces_come_back_as_they_were() -> None:
    given_trace = trace(event(), error="boom")
    assert read_trace(trace_row(given_trace)) == given_trace


@pytest.mark.parametrize("value", [object(), {"a": {1}}, {1: object()}, {"\ud800": "\udc00"}, 10**400, b"\xff", ...])
def test_anything_has_a_json_text(value: object) -> None:
    json.loads(write_json(value))
