from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import WireError
from kagami.onebot.wire import MAX_DEPTH, RETCODES, Frame, Retcode, Segment, Sender, decode


def refusal(frame: bytes) -> str:
    with pytest.raises(WireError) as caught:
        decode(frame)
    return str(caught.value)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    inside = depth - 1  # the frame itself is a level
    return b'{"data":' + opening * inside + b'""' + closing * inside + b"}"


def test_fields_are_read() -> None:
    frame = decode(b'{"post_type":"message","self_id":1,"user_id":"2","sender":{"nickname":"n"},"message":"hi"}')
    assert frame == Frame(self_id=1, user_id="2", sender=Sender(nickname="n"), message="hi", post_type="message")


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (b'"hi"', "hi"),
        (b'{"type":"rps","data":null}', Segment("rps")),
        (b'[{"type":"at","data":{"qq":1}},{"type":"rps"}]', [Segment("at", {"qq": 1}), Segment("rps")]),
        (b"[]", []),
        (b"null", None),
    ],
)
def test_a_message_has_three_forms(message: bytes, read: object) -> None:
    assert decode(b'{"message":%b}' % message).message == read


def test_status_is_an_object_in_a_heartbeat() -> None:
    assert decode(b'{"status":{"online":true}}').status == {"online": True}


def test_unknown_fields_are_passed_over() -> None:
    assert decode(b'{"real_seq":"5","raw":{"x":[1,2]}}') == Frame()


@pytest.mark.parametrize("frame", [b"[]", b"3", b'"x"', b"null"])
def test_only_objects_are_frames(frame: bytes) -> None:
    assert "Expected `object`" in refusal(frame)


@pytest.mark.parametrize("frame", [b"", b"{", b"{}x", b'{"a":1,}', b"\xef\xbb\xbf{}", b"{'a':1}"])
def test_other_text_than_json_is_refused(frame: bytes) -> None:
    assert "not JSON" in refusal(frame)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("field", [b"user_id", b"never_heard_of"])
def test_numbers_that_are_none_are_refused(field: bytes, number: bytes) -> None:
    assert "not JSON" in refusal(b'{"%b":%b}' % (field, number))


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf"])
@pytest.mark.parametrize("field", [b"message", b"never_heard_of"])
def test_invalid_utf8_is_refused(field: bytes, text: bytes) -> None:
    assert "not UTF-8" in refusal(b'{"%b":"%b"}' % (field, text))


@pytest.mark.parametrize("text", [rb"\ud800", rb"\ud800x", rb"\udc00", rb"\ud800\u0041"])
@pytest.mark.parametrize("field", [b"message", b"never_heard_of"])
def test_lone_surrogates_are_refused(field: bytes, text: bytes) -> None:
    assert "not JSON" in refusal(b'{"%b":"%b"}' % (field, text))


def test_a_surrogate_pair_is_one_character() -> None:
    assert decode(rb'{"message":"\ud83d\ude00"}').message == "😀"


@pytest.mark.parametrize("digits", ["9223372036854775808", "-9223372036854775809", "1" + "0" * 19, "9" * 5000])
@pytest.mark.parametrize("field", ["user_id", "never_heard_of", "data"])
def test_integers_beyond_64_bits_are_refused(field: str, digits: str) -> None:
    reason = refusal(f'{{"{field}":{digits}}}'.encode())
    assert "64 bits" in reason or "out of range" in reason


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_integers_of_64_bits_are_taken(number: int) -> None:
    assert decode(b'{"user_id":%d}' % number).user_id == number


@pytest.mark.parametrize(
    "value", ['"99999999999999999999"', '"\\"99999999999999999999"', "0.99999999999999999999", '"\\\\"']
)
def test_long_digits_elsewhere_are_no_integers(value: str) -> None:
    assert decode(b'{"data":%b,"x":"99999999999999999999"}' % value.encode()).data == msgspec.json.decode(value)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_depth_is_limited(opening: bytes, closing: bytes) -> None:
    assert "nested deeper" in refusal(nested(MAX_DEPTH + 1, opening, closing))


def test_the_greatest_depth_is_taken() -> None:
    assert decode(nested(MAX_DEPTH)).data


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("field", [b"data", b"never_heard_of"])
def test_a_bottomless_frame_is_refused(field: bytes, opening: bytes) -> None:
    assert "nested deeper" in refusal(b'{"%b":' % field + opening * 100_000)


def test_breadth_is_not_depth() -> None:
    assert decode(b'{"data":[%b]}' % b",".join([b"{}"] * 1000)).data == [{}] * 1000


def test_brackets_in_text_are_not_depth() -> None:
    text = "[{" * 200
    assert decode(b'{"message":"%b"}' % text.encode()).message == text


@pytest.mark.parametrize(
    "frame",
    [
        b'{"user_id":true}',
        b'{"user_id":1.5}',
        b'{"user_id":[]}',
        b'{"post_type":1}',
        b'{"message":5}',
        b'{"message":[{"data":{}}]}',
        b'{"message":[{"type":"at","data":[]}]}',
        b'{"message":["x"]}',
        b'{"sender":"x"}',
        b'{"time":{}}',
    ],
)
def test_wrong_types_are_refused_with_their_place(frame: bytes) -> None:
    assert "at `$." in refusal(frame)


def test_an_id_has_a_greatest_length() -> None:
    assert "length <= 256" in refusal(b'{"user_id":"%b"}' % (b"1" * 257))


@pytest.mark.parametrize(
    ("frame", "is_response"),
    [
        (b'{"status":"ok","retcode":0,"data":null,"echo":"1"}', True),
        (b'{"status":"failed","retcode":1403}', True),
        (b'{"echo":{"seq":1}}', True),
        (b'{"status":"ok"}', False),
        (b"{}", False),
        (b'{"post_type":"message","echo":"1"}', False),
        (b'{"post_type":"meta_event","status":{},"retcode":0}', False),
    ],
)
def test_responses_are_told_from_events(frame: bytes, is_response: bool) -> None:
    assert decode(frame).is_response is is_response


def test_every_code_has_a_meaning() -> None:
    assert set(RETCODES) == set(Retcode)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_refused(frame: bytes) -> None:
    with suppress(WireError):
        assert isinstance(decode(frame), Frame)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_data_is_kept_as_it_came(data: object) -> None:
    raw = msgspec.json.encode({"data": data})
    assert decode(raw).data == msgspec.json.decode(raw)["data"]
