from __future__ import annotations

import contextlib
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.kook.wire import PONG, Answer, Author, Packet, decode, part, ping, read, read_code, unpack
from kagami.errors import WireError

COMPRESSED_PONG = bytes.fromhex("789cab562a56b232ae05000888021d")


def test_a_compressed_pong_is_one() -> None:
    assert decode(unpack(COMPRESSED_PONG), Packet).s == PONG


def test_text_is_taken_as_it_is() -> None:
    assert unpack(b'{"s":3}') == b'{"s":3}'


@given(st.binary(max_size=2000))
def test_what_was_compressed_comes_out(content: bytes) -> None:
    assert unpack(zlib.compress(content)) == content


@given(st.binary(max_size=200))
def test_whatever_comes_is_json_or_an_error_of_the_protocol(frame: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(unpack(frame), Packet)


def test_a_small_frame_that_unpacks_to_much_is_refused_before_it_does() -> None:
    bomb = zlib.compress(bytes(8_000_000))
    assert len(bomb) < 10_000
    with pytest.raises(WireError, match="more than 4194304 bytes"):
        unpack(bomb)


def test_the_limit_itself_may_be_reached() -> None:
    assert len(unpack(zlib.compress(bytes(1000)), largest=1000)) == 1000


@pytest.mark.parametrize("frame", [COMPRESSED_PONG[:-3], COMPRESSED_PONG + b"more", b"\x00\x01\x02"])
def test_what_is_not_one_whole_stream_is_refused(frame: bytes) -> None:
    with pytest.raises(WireError):
        unpack(frame)


@pytest.mark.parametrize("frame", [b"", b"{", b"[]", b'{"s":"0"}', b'{"d":{}}'])
def test_what_is_no_packet_is_refused(frame: bytes) -> None:
    with pytest.raises(WireError):
        decode(frame, Packet)


@pytest.mark.parametrize(
    "frame",
    [
        b'{"s":0,"d":{"x":18446744073709551616},"sn":7}',
        b'{"s":0,"sn":7,"d":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"s":0,"sn" : 7,"d":{"content":"\xff","more":"\\"sn\\":8"}}',
        b'{"sn":7,"d":{',
    ],
)
def test_an_event_that_cannot_be_read_keeps_its_number(frame: bytes) -> None:
    packet = read(frame)
    assert (packet.s, packet.sn, bytes(packet.d)) == (0, 7, frame)


@pytest.mark.parametrize("frame", [b"{", b'{"sn":1,"d":{"sn":2}', b'{"s":"x","sn":99999999999}', b"\x00"])
def test_what_tells_no_certain_number_is_refused(frame: bytes) -> None:
    with pytest.raises(WireError):
        read(frame)


def test_half_a_character_is_replaced_in_what_is_handed_on() -> None:
    assert bytes(read(rb'{"s":0,"d":{"content":"a\ud83d"},"sn":1}').d) == rb'{"content":"a\ufffd"}'


def test_a_ping_tells_its_number() -> None:
    assert msgspec.json.decode(ping(42)) == {"s": 2, "sn": 42}


def test_unknown_fields_are_none_of_ours() -> None:
    assert decode(b'{"code":0,"message":"","data":{"a":1},"trace":"x"}', Answer) == Answer(0, "", {"a": 1})


@pytest.mark.parametrize("empty", [[], "", None, 3])
def test_an_empty_part_is_none(empty: object) -> None:
    assert part(empty, Author) is None


def test_a_part_may_spell_its_numbers_as_text() -> None:
    assert part({"id": 7, "username": "a", "bot": "false"}, Author) == Author(7, "a", "", bot=False)


def test_a_part_that_is_wrong_is_none() -> None:
    assert part({"id": [1]}, Author) is None


@pytest.mark.parametrize(("d", "told"), [(b'{"code":40107}', " (code 40107)"), (b"null", ""), (b"[", ""), (b"{}", "")])
def test_a_code_is_told_where_there_is_one(d: bytes, told: str) -> None:
    assert read_code(d) == told


@pytest.mark.parametrize("depth", [101, 5_000, 100_000])
def test_what_nests_without_end_is_refused(depth: int) -> None:
    with pytest.raises(WireError):
        decode(b'{"s":0,"sn":1,"d":' + b"[" * depth + b"]" * depth + b"}", Packet)
    assert read_code(b"[" * depth + b"]" * depth) == ""
