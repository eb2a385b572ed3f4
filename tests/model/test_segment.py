from __future__ import annotations

import msgspec
import pytest

from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice

PARTS: list[AnySegment] = [
    Text("hi"),
    Mention("10001", {"name": "n"}),
    Reply("5"),
    Image("a.png", "http://x", {"summary": "s"}),
    Voice("a.amr"),
    Video("a.mp4"),
    File("a.txt"),
    Face("14"),
    Native("dice", {"result": 1}),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_a_part_is_stored_and_restored(part: AnySegment) -> None:
    assert msgspec.json.decode(msgspec.json.encode(part), type=AnySegment) == part


def test_a_part_is_named_by_its_type() -> None:
    assert msgspec.to_builtins(Voice("a.amr")) == {"type": "voice", "file": "a.amr"}


def test_parts_cannot_be_changed() -> None:
    part = Text("hi")
    with pytest.raises(AttributeError):
        part.text = "ho"  # type: ignore[misc]


def test_parts_do_not_share_what_a_platform_added() -> None:
    assert Mention("1").extra is not Mention("2").extra
