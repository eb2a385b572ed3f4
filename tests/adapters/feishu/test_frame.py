"""Frames: the vectors of the official codec, and bytes that mean harm."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.feishu.frame import MOST_FIELDS, Frame, acknowledgement, decode, encode, ping
from kagami.errors import WireError

PING = "0800100018f681801020002a0c0a0474797065120470696e67"
PONG = "0800100018f681801020002a0c0a04747970651204706f6e6742137b2250696e67496e74657276616c223a39307d"
EVENT = (
    "08071009180120012a0d0a047479706512056576656e742a100a0a6d6573736167655f696412026d312a080a0373756d1201312a080a03736571"
    "1201302a0d0a0874726163655f696412017442027b7d"
)
ACK = (
    "08071009180120012a0d0a047479706512056576656e742a100a0a6d6573736167655f696412026d312a080a0373756d1201312a080a03736571"
    "1201302a0d0a0874726163655f69641201742a0b0a0662697a5f7274120133420c7b22636f6465223a3230307d"
)
NOTHING = "0800100018002000"

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**64 - 1)
small = st.integers(-(2**31), 2**31 - 1)
frames = st.builds(
    Frame,
    seq_id=numbers,
    log_id=numbers,
    service=small,
    method=small,
    headers=st.lists(st.tuples(words, words), max_size=4).map(tuple),
    payload_encoding=st.none() | words,
    payload_type=st.none() | words,
    payload=st.none() | st.binary(max_size=300),
    log_id_new=st.none() | words,
)


@pytest.mark.parametrize("written", [PING, PONG, EVENT, ACK, NOTHING])
def test_a_frame_of_the_official_codec_is_written_back_as_it_came(written: str) -> None:
    assert encode(decode(bytes.fromhex(written))).hex() == written


def test_a_ping_is_the_official_one() -> None:
    assert encode(ping(33554678)).hex() == PING


def test_an_acknowledgement_is_the_frame_with_another_payload() -> None:
    assert encode(acknowledgement(decode(bytes.fromhex(EVENT)), 3)).hex() == ACK


def test_the_fields_of_a_data_frame_are_read() -> None:
    frame = decode(bytes.fromhex(EVENT))
    assert (frame.seq_id, frame.log_id, frame.service, frame.method, frame.payload) == (7, 9, 1, 1, b"{}")
    assert (frame.header("message_id"), frame.number("sum", 5), frame.header("none")) == ("m1", 1, "")


@given(frames)
def test_what_is_written_is_read_again(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(st.binary(max_size=400))
def test_any_bytes_are_a_frame_or_a_wire_error(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(raw)


@given(frames, st.data())
def test_a_frame_that_is_cut_off_or_spoiled_does_no_harm(frame: Frame, data: st.DataObject) -> None:
    raw = bytearray(encode(frame))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        decode(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@pytest.mark.parametrize("unknown", ["5001", "5a0161", "5d00000000", "590000000000000000", "0a0161", "4001"])
def test_unknown_fields_and_other_types_are_skipped(unknown: str) -> None:
    assert decode(bytes.fromhex(NOTHING + unknown)) == Frame()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "080010001800",
        "08",
        NOTHING + "42ff",
        NOTHING + "2a020a00",
        NOTHING + "3201ff",
        NOTHING + "0b0c",
        "08" + "ff" * 11,
        NOTHING + "42ffffffffffffffffff01",
    ],
)
def test_what_is_no_whole_frame_is_a_wire_error(wrong: str) -> None:
    with pytest.raises(WireError):
        decode(bytes.fromhex(wrong))


def test_fields_without_end_are_not_read() -> None:
    with pytest.raises(WireError, match="fields"):
        decode(bytes.fromhex(NOTHING) + b"\x50\x01" * MOST_FIELDS)


@pytest.mark.parametrize("text", ["-1", "x", "1" * 10, "²"])
def test_a_header_that_should_be_a_number_is_one(text: str) -> None:
    with pytest.raises(WireError):
        Frame(headers=(("sum", text),)).number("sum", 1)
