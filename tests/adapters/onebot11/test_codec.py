"""What a frame from an implementation is to us."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.onebot11.codec import Introduction, Told, identity, read, read_introduction, read_nickname
from kagami.errors import WireError
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.onebot.read import Heartbeat, Lifecycle
from kagami.onebot.wire import Frame

ME = identity("qq", "10001")
MESSAGE = {
    "post_type": "message",
    "message_type": "private",
    "self_id": 10001,
    "user_id": 20002,
    "message_id": 7,
    "message": "hi",
}


def decode(fields: dict[str, Any]) -> Told:
    return read(msgspec.json.encode(fields), ME, execution=lambda _: ExecutionId("e1"), now_ms=5)


def test_a_message_is_an_event_of_this_bot() -> None:
    told = decode(MESSAGE)
    assert isinstance(told, Event)
    assert (told.bot, told.execution, told.chat, told.text, told.time_ms) == (
        "qq:10001",
        "e1",
        "private:20002",
        "hi",
        5,
    )


@pytest.mark.parametrize("account", ["10001", None])
def test_an_account_may_be_a_string_or_left_out(account: str | None) -> None:
    assert isinstance(decode(MESSAGE | {"self_id": account}), Event)


@pytest.mark.parametrize("frame", [MESSAGE, {"post_type": "meta_event", "meta_event_type": "heartbeat"}])
def test_a_frame_that_speaks_for_another_account_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(WireError, match="self_id is not 10001"):
        decode(frame | {"self_id": 10002})


def test_an_id_is_made_for_events_only() -> None:
    def never(_: int) -> ExecutionId:
        raise AssertionError

    beat = b'{"post_type":"meta_event","meta_event_type":"heartbeat","interval":5000,"self_id":10001}'
    assert read(beat, ME, execution=never, now_ms=0) == Heartbeat(5000, None)


def test_a_lifecycle_is_a_lifecycle() -> None:
    frame = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
    assert decode(frame) == Lifecycle("connect")


def test_an_answer_is_a_frame() -> None:
    told = decode({"status": "ok", "retcode": 0, "data": None, "echo": "k1"})
    assert isinstance(told, Frame)
    assert told.echo == "k1"


def test_what_the_bot_says_itself_is_nothing() -> None:
    assert decode(MESSAGE | {"user_id": 10001}) is None


@given(st.binary())
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    try:
        read(raw, ME, execution=lambda _: ExecutionId("e"), now_ms=0)
    except WireError:
        return


# --- introductions ---


def introduction(fields: dict[str, Any]) -> Introduction:
    return read_introduction(msgspec.json.encode(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect", "self_id": 10001},
        MESSAGE,
        {"status": "ok", "retcode": 0, "data": {"user_id": 10001, "nickname": "x"}, "echo": "introduction"},
    ],
)
def test_the_account_is_learnt_from_whatever_names_it(fields: dict[str, Any]) -> None:
    assert introduction(fields) == Introduction("10001")


@pytest.mark.parametrize("fields", [{"status": "ok", "retcode": 0, "data": None, "echo": "x"}, {"post_type": "notice"}])
def test_other_frames_introduce_nobody(fields: dict[str, Any]) -> None:
    assert introduction(fields) == Introduction()


def test_napcat_refuses_a_token_inside_an_accepted_handshake() -> None:
    frame = {"status": "failed", "retcode": 1403, "data": None, "message": "token验证失败", "wording": "", "echo": None}
    assert introduction(frame) == Introduction(refusal="token验证失败")


def test_what_is_no_frame_introduces_nobody() -> None:
    assert read_introduction(b"hello") == Introduction()


# --- names ---


@pytest.mark.parametrize(
    ("result", "name"),
    [({"nickname": "Mira"}, "Mira"), ({"nickname": "x" * 100}, "x" * 64), ({"nickname": 5}, ""), ({}, ""), (None, "")],
)
def test_a_nickname_is_a_short_text(result: object, name: str) -> None:
    assert read_nickname(result) == name
