from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.kook.codec import read
from kagami.errors import WireError
from kagami.model.event import Event, Sender
from kagami.model.ids import ExecutionId
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Reply, Text, Video, Voice
from tests.adapters.kook.frames import BOT, CHANNEL, NOW_MS, USER, event, one, said

URL = "https://img.kaiheila.cn/attachments/2020-12/11/asd.bin"
QUOTE = {"id": "5f", "rong_id": "quoted-1", "type": 9, "content": "x", "author": {"id": "2862900000", "username": "me"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_a_message_of_a_channel() -> None:
    d = said("*Hello*")
    found = one(d)
    del d["verify_token"]
    assert msgspec.json.decode(found.native) == d
    assert msgspec.structs.replace(found, native="") == Event(
        ExecutionId("x"),
        BOT,
        "message",
        "group",
        chat="group:48818200000000000",  # type: ignore[arg-type]
        user=USER,  # type: ignore[arg-type]
        time_ms=1_613_996_877_757,
        dedupe="m:789c0b23-xxxx-f7ae1a946f11",
        message=(Text("*Hello*"),),
        message_id="789c0b23-xxxx-f7ae1a946f11",
        chat_name="123123",
        sender=Sender("tz-un", "12316993"),
    )


def test_a_direct_message_is_of_its_user_and_addresses_the_bot() -> None:
    found = one(said("hi", channel_type="PERSON", code="c0de"))
    assert (found.name, found.chat, found.mentioned) == ("private", f"private:{USER}", True)


def test_a_missing_time_is_now() -> None:
    assert one(said("hi") | {"msg_timestamp": 0}).time_ms == NOW_MS


@pytest.mark.parametrize(
    ("content", "extra", "mentioned"),
    [
        ("hi", {}, False),
        ("(met)2862900000(met) hi", {"mention": ["2862900000"]}, True),
        ("(met)1(met) hi", {"mention": ["1"]}, False),
        ("(met)all(met)", {"mention_all": True}, False),
        ("hi", {"quote": QUOTE}, True),
        ("hi", {"quote": QUOTE | {"author": {"id": "9"}}}, False),
    ],
)
def test_who_is_addressed(content: str, extra: dict[str, Any], mentioned: bool) -> None:
    assert one(said(content, **extra)).mentioned is mentioned


@pytest.mark.parametrize(
    ("kind", "content", "extra", "parts"),
    [
        (1, "plain (met)1(met) *x*", {}, [Text("plain (met)1(met) *x*")]),
        (1, "@me hi", {"mention": ["2862900000"]}, [Mention("2862900000"), Text("@me hi")]),
        (1, "hi", {"mention_here": True}, [Mention("all"), Text("hi")]),
        (9, r"\*hi\*", {}, [Text("*hi*")]),
        (9, "(met)5(met)", {"mention": ["5"]}, [Mention("5")]),
        (9, "x", {"quote": QUOTE}, [Reply("quoted-1"), Text("x")]),
        (9, "x", {"quote": {"id": "only"}}, [Reply("only"), Text("x")]),
        (9, "x", {"quote": []}, [Text("x")]),
        (
            9,
            "(rol)7(rol)",
            {"kmarkdown": {"mention_role_part": [{"role_id": 7, "name": "mods"}]}},
            [Native("role", {"id": "7", "name": "mods"})],
        ),
        (2, URL, {"attachments": {"type": "image", "name": "a.jpg"}}, [Image(URL, URL, {"name": "a.jpg"})]),
        (
            3,
            URL,
            {"attachments": {"name": "a.mp4", "size": 722882, "duration": 15.673, "width": 360}},
            [Video(URL, URL, {"name": "a.mp4", "size": 722882, "duration": 15.673})],
        ),
        (4, URL, {"attachments": []}, [File(URL, URL)]),
        (8, URL, {}, [Voice(URL, URL)]),
        (10, '[{"type":"card","modules":[]}]', {}, [Native("card", {"content": [{"type": "card", "modules": []}]})]),
        (12, {"item": 1}, {}, [Native("item", {"content": {"item": 1}})]),
        (77, "?", {}, [Native("77", {"content": "?"})]),
    ],
)
def test_every_type_has_its_parts(kind: int, content: Any, extra: dict[str, Any], parts: list[AnySegment]) -> None:
    assert list(one(said(content, kind=kind, **extra)).message) == parts


def test_what_the_bot_itself_said_is_dropped() -> None:
    assert event(said("hi") | {"author_id": "2862900000"}) is None


def test_what_another_bot_said_is_dropped() -> None:
    assert event(said("hi", author={"id": "5", "username": "b", "bot": True})) is None


def test_a_name_that_is_no_other_is_no_card() -> None:
    assert one(said("hi", author={"id": 5, "username": "b", "nickname": "b"})).sender == Sender("b")


@pytest.mark.parametrize("change", [{"msg_id": ""}, {"target_id": ""}, {"type": None}, {"msg_timestamp": "soon"}])
def test_what_misses_something_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        event(said("hi") | change)


@pytest.mark.parametrize("extra", [None, [], "", 7])
def test_an_empty_extra_is_borne(extra: Any) -> None:
    assert one(said("hi") | {"extra": extra}).chat == f"group:{CHANNEL}"


@given(st.sampled_from(["content", "extra", "msg_timestamp", "author_id", "channel_type", "type"]), JSON)
def test_whatever_comes_is_an_event_nothing_or_an_error_of_the_protocol(key: str, value: Any) -> None:
    frame = msgspec.json.encode(said("hi") | {key: value})
    with contextlib.suppress(WireError):
        read(frame, BOT, execution=lambda _: ExecutionId("x"), now_ms=NOW_MS)


@given(st.sampled_from(list(said("")["extra"])), JSON)
def test_whatever_is_in_extra_is_borne(key: str, value: Any) -> None:
    d = said("hi")
    d["extra"][key] = value
    event(d)
