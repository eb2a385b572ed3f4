from __future__ import annotations

import pytest

from kagami.adapters.weixin.wire import Answer, Credentials, Incoming, Status, Updates, decode
from kagami.errors import WireError


def test_missing_and_null_fields_are_none() -> None:
    told = decode(b'{"ret":null,"msgs":null,"get_updates_buf":null}', Updates)
    assert (told.code, told.msgs, told.get_updates_buf) == (0, None, None)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{}", 0), (b'{"ret":-2}', -2), (b'{"errcode":-14,"ret":-1}', -14), (b'{"ret":"-14"}', -14)],
)
def test_the_code_is_the_one_that_is_not_zero(content: bytes, code: int) -> None:
    assert decode(content, Answer).code == code


def test_unknown_fields_are_passed_over() -> None:
    assert decode(b'{"ret":0,"new":{"x":1}}', Answer) == Answer(0)


def test_ids_of_64_bits_keep_every_digit() -> None:
    assert decode(b'{"message_id":18446744073709551615}', Incoming).message_id == 2**64 - 1


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"ret":{}}', b'"\xff"'])
def test_anything_else_is_not_the_protocol(content: bytes) -> None:
    with pytest.raises(WireError):
        decode(content, Answer)


def test_half_a_character_spoils_nothing_else() -> None:
    told = decode(rb'{"msgs":[{"x":"a\ud83d"},{"x":"b"}],"get_updates_buf":"c"}', Updates)
    assert ([bytes(each) for each in told.msgs or ()], told.get_updates_buf) == (
        [rb'{"x":"a\ufffd"}', b'{"x":"b"}'],
        "c",
    )


def test_no_token_is_shown() -> None:
    credentials = Credentials("t0k3n", "bot@im.bot", "https://a.example")
    assert "t0k3n" not in f"{credentials!r}{Status(bot_token='t0k3n')!r}"
