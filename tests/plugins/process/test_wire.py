from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import WireError
from kagami.model.segment import Text
from kagami.plugins.process import wire

KINDS = ["ready", "action", "storage", "ask", "http", "job", "log", "result", "", "hello", "unknown", None, 7]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FRAMES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(KINDS),
        "id": ANYTHING,
        "event": ANYTHING,
        "name": ANYTHING,
        "ok": ANYTHING,
        "payload": ANYTHING,
        "actions": ANYTHING,
        "error": ANYTHING,
    },
)


def is_decoded_or_refused(line: bytes) -> None:
    with suppress(WireError):
        wire.decode(line)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_wire_error(line: bytes) -> None:
    is_decoded_or_refused(line)


@given(FRAMES)
def test_no_frame_raises_anything_but_a_wire_error(frame: dict[str, Any]) -> None:
    is_decoded_or_refused(json.dumps(frame).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"type":"log","payload":{"fields":' + b"[" * 100_000,
        b'{"type":"log","payload":{"fields":{"a":' + b"9" * 10_000 + b"}}}",
        b'{"type":"log","payload":{"text":"' + b"x" * wire.LONGEST + b'"}}',
        b'{"type":"\\ud800"}',
        b"\xff\xfe",
        b'{"type":"hello"}',
        b'{"type":"result","id":1,"ok":true}',
        b'{"type":"result","id":"1","ok":"yes"}',
        b'{"type":"result","id":"1","ok":true,"payload":{"reply":[{"type":"nonsense"}]}}',
        b"null",
    ],
    ids=lambda line: line[:24].decode(errors="replace"),
)
def test_hostile_lines_are_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode(line)


def test_unknown_keys_are_ignored() -> None:
    message = wire.decode(b'{"type":"result","id":"1","ok":true,"more":1,"payload":{"reply":"x","other":[]}}')
    assert message == wire.Result("1", ok=True, payload=wire.ResultPayload("x"))


def test_a_reply_may_be_a_list_of_parts() -> None:
    message = wire.decode(b'{"type":"result","id":"1","ok":true,"payload":{"reply":[{"type":"text","text":"x"}]}}')
    assert isinstance(message, wire.Result)
    assert message.payload.reply == (Text("x"),)


def test_a_line_without_type_is_the_predecessors() -> None:
    message = wire.decode(b'{"id":"1","ok":true,"actions":[{"type":"send_msg","text":"x","target":7}],"error":null}')
    assert message == wire.Deeds("1", ok=True, actions=(wire.Deed("send_msg", 7, "", "x"),))


def test_a_ready_has_defaults_for_everything() -> None:
    assert wire.decode(b'{"type":"ready"}') == wire.Ready()


def test_what_is_encoded_is_one_line_that_names_its_type() -> None:
    line = wire.encode(wire.Event("1", "command", {"text": "a\nb"}, "e"))
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "type": "event",
        "id": "1",
        "name": "command",
        "payload": {"text": "a\nb"},
        "correlation_id": "e",
    }


@pytest.mark.parametrize("text", ["x" * wire.LONGEST, "\ud800"])
def test_what_cannot_be_a_line_is_not_encoded(text: str) -> None:
    with pytest.raises(WireError):
        wire.encode(wire.Event("1", "command", {"text": text}))
