"""Files that come inside frames, and files that go out inside them."""

from __future__ import annotations

import hashlib
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import Refused
from kagami.onebot.embedded import LOST, MARK, REFERENCE_MARK, local_file, put_in, read_embedded, references, take_out

PICTURE = b"\x89PNG\xfb\xff" * 5
TOLD = b64encode(PICTURE).decode()
URL = f"data:image/png;base64,{TOLD}"


class Shelf:
    """Keeps everything that is not empty, up to 1,000 bytes."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def __call__(self, content: bytes) -> str:
        if len(content) > 1000:
            raise Refused(reason="too large")
        self.kept.append(content)
        return f"media:{hashlib.sha256(content).hexdigest()}.png"


NAME = Shelf()(PICTURE)


def taken(**fields: Any) -> dict[str, Any]:
    """The fields of an event after the files were taken out."""
    frame = msgspec.json.encode({"post_type": "message"} | fields)
    found: dict[str, Any] = msgspec.json.decode(take_out(frame, Shelf()))
    return found


def image(file: str) -> list[dict[str, Any]]:
    return [{"type": "image", "data": {"file": file, "sub_type": 0}}]


@pytest.mark.parametrize("source", [f"base64://{TOLD}", URL, f"base64://{TOLD.rstrip('=')}", f"BASE64://{TOLD}"])
def test_a_source_may_hold_its_file(source: str) -> None:
    assert read_embedded(source) == PICTURE


def test_the_alphabet_of_addresses_is_known() -> None:
    assert read_embedded(f"base64://{urlsafe_b64encode(PICTURE).decode()}") == PICTURE


@pytest.mark.parametrize("source", ["http://a/base64://", "a.png", "", "data:text/plain,base64", "media:x"])
def test_other_sources_hold_none(source: str) -> None:
    assert read_embedded(source) is None


@pytest.mark.parametrize("source", ["base64://", "base64://A", "base64://镜", "data:;base64,"])
def test_a_file_that_cannot_be_read_is_empty(source: str) -> None:
    assert read_embedded(source) == b""


@pytest.mark.parametrize("source", [f"base64://{TOLD}", URL])
def test_a_segment_refers_to_its_file(source: str) -> None:
    assert taken(message=image(source))["message"] == image(NAME)


@pytest.mark.parametrize("source", [f"base64://{TOLD}", URL.replace(",", "&#44;")])
@pytest.mark.parametrize("key", ["message", "raw_message"])
def test_a_cq_code_refers_to_its_file(source: str, key: str) -> None:
    found = taken(**{key: f"see [CQ:image,sub_type=0,file={source},url={source}] this"})[key]
    assert found == f"see [CQ:image,sub_type=0,file={NAME},url={NAME}] this"


def test_files_are_found_in_forwarded_messages_and_notices() -> None:
    node = {"type": "node", "data": {"content": [*image(URL), *image("a.png")]}}
    found = taken(message=[{"type": "forward", "data": {"content": [node]}}], file={"url": URL})
    assert (MARK.decode() in str(found), str(found).count(NAME), str(found).count("a.png")) == (False, 2, 1)


def test_what_people_typed_stays() -> None:
    typed = {
        "message": [{"type": "text", "data": {"text": URL}}],
        "raw_message": f"base64://{TOLD} &#91;CQ:image,file=base64://{TOLD}&#93;",
        "comment": URL,
        "sender": {"nickname": URL},
    }
    assert taken(**typed) == {"post_type": "message"} | typed


@pytest.mark.parametrize("source", ["base64://A", "base64://", "base64://" + "A" * 2000])
def test_a_file_that_cannot_be_kept_leaves_a_mark(source: str) -> None:
    assert taken(message=image(source))["message"] == image(LOST)


def test_slashes_may_be_escaped() -> None:
    frame = b'{"post_type":"message","message":[{"type":"image","data":{"file":"base64:\\/\\/+\\/8="}}]}'
    shelf = Shelf()
    take_out(frame.replace(b"+", b"\\u002B"), shelf)
    assert shelf.kept == [b"\xfb\xff"]


@pytest.mark.parametrize(
    "frame",
    [
        b"base64",
        b"[]",
        b'{"echo":"1","data":{"file":"base64://QUJD"}}',
        b'{"post_type":"message","x":"\xff","file":"base64://QUJD"}',
        b'{"post_type":"message","file":"base64://QUJD","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_other_frames_stay_as_they_are(frame: bytes) -> None:
    assert take_out(frame, Shelf()) == frame


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=4))
def test_what_was_taken_out_goes_in_again(contents: list[bytes]) -> None:
    sources = [f"base64://{b64encode(each).decode()}" for each in contents]
    frame = msgspec.json.encode({"post_type": "message", "message": [part for each in sources for part in image(each)]})
    shelf = Shelf()
    out = take_out(frame, shelf)
    assert shelf.kept == contents
    assert references(out) == list(dict.fromkeys(map(Shelf(), contents)))
    assert put_in(out, {Shelf()(each): each for each in contents}) == frame


def test_text_that_looks_like_a_reference_is_text() -> None:
    texts = [NAME, f'"file":"{NAME}"', f'\\"file":"{NAME}"']
    frame = msgspec.json.encode({"message": [{"type": "text", "data": {"text": each}} for each in texts]})
    assert references(frame) == []


def test_a_frame_with_a_reference_has_its_mark() -> None:
    assert REFERENCE_MARK in msgspec.json.encode({"data": {"file": NAME}})


FILE = "file:///etc/passwd"


@pytest.mark.parametrize(
    "value",
    [
        {"type": "image", "file": FILE},
        {"type": "image", "file": "", "extra": {"file": "/etc/passwd"}},
        {"kind": "node", "fields": {"content": [{"type": "video", "data": {"cover": "..\\\\x"}}]}},
        {"kind": "node", "fields": {"content": f"hi [CQ:image,file={FILE}]"}},
        {"message": "[CQ:record,cache=0,file=C:&#92;x&#44;,url=~/x]"},
        ({"type": "text", "text": "hi"}, {"type": "file", "file": " FILE:x"}),
    ],
)
def test_a_file_of_whoever_sends_is_found(value: Any) -> None:
    assert local_file(value)


@pytest.mark.parametrize(
    "value",
    [
        "file:///etc/passwd",
        {"type": "text", "text": "[CQ:image,file=file:///etc/passwd]"},
        [{"type": "image", "file": each} for each in ("A1.image", "{A-1}.jpg", "HTTPS://e.org/a", "base64://aa/", URL)],
        {"message": "see file:///etc/passwd and /etc", "group_id": 1, "parent": "/"},
    ],
)
def test_nothing_else_is(value: Any) -> None:
    assert local_file(value) == ""
