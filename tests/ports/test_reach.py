"""What an answer of another host tells."""

from __future__ import annotations

import msgspec
import pytest

from kagami.ports import HttpAnswer


def answer(status: int = 200, body: bytes = b"") -> HttpAnswer:
    return HttpAnswer(status, {}, body, "https://a.test/")


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (204, True), (300, False), (404, False)])
def test_only_statuses_from_200_on_are_fine(status: int, ok: bool) -> None:
    assert answer(status).ok is ok


def test_text_is_utf8_and_never_fails() -> None:
    assert answer(body="镜".encode() + b"\xff").text == "镜\ufffd"


def test_json_may_be_asked_for_by_type() -> None:
    assert (answer(body=b'{"a":1}').json(), answer(body=b"[1]").json(list[int])) == ({"a": 1}, [1])


def test_what_is_no_json_says_so() -> None:
    with pytest.raises(msgspec.DecodeError):
        answer(body=b"<html>").json()
