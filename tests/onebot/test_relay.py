from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.core.numbers import LEAST
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.onebot.relay import OWN_NUMBERS, as_it_came, marked, names_in, numbered

FRAME: dict[str, Any] = {"self_id": 1, "post_type": "message", "user_id": 2, "group_id": 3, "message_id": -4}


def event(**fields: Any) -> Event:
    native = msgspec.json.encode(FRAME | fields).decode()
    return Event(
        ExecutionId("1"), BotId("qq:1"), "message", "group", ChatId("group:3"), UserId("2"), 0, "m:1", native=native
    )


def test_a_frame_with_numbers_for_ids_passes_as_the_bytes_that_came() -> None:
    said = event(odd={"of": "theirs"})
    assert as_it_came(said) == said.native.encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"self_id": "1"},
        {"self_id": None},
        {"user_id": "wxid_a"},
        {"message_id": "a:b"},
        {"group_id": 1 << 52},
        {"user_id": 2.5},
        {"post_type": "notice"},
    ],
)
def test_any_other_is_written_anew(fields: dict[str, Any]) -> None:
    assert as_it_came(event(**fields)) is None


def test_it_takes_for_numbers_what_is_its_own_number() -> None:
    assert OWN_NUMBERS == LEAST


@pytest.mark.parametrize("native", ["", "[]", "no json", '{"update_id":1}'])
def test_what_is_of_another_language_is_written_anew(native: str) -> None:
    assert as_it_came(msgspec.structs.replace(event(), native=native)) is None


def test_a_late_frame_says_by_how_much() -> None:
    assert msgspec.json.decode(marked(b'{"a":1}', 12.345)) == {"a": 1, "kagami": {"late_s": 12.3}}


RESULT = {
    "user_id": "ou_1",
    "nickname": "ou_1",
    "real_id": "om_1",
    "members": [{"user_id": "ou_2", "group_id": 7}],
    "message": [
        {"type": "at", "data": {"qq": "ou_3", "name": "x"}},
        {"type": "at", "data": {"qq": "all"}},
        {"type": "reply", "data": {"id": "om_1"}},
        {"type": "text", "data": {"text": "ou_4"}},
    ],
}


def test_ids_in_an_answer_are_found() -> None:
    assert list(names_in(RESULT)) == ["ou_1", "om_1", "ou_2", "ou_3", "all", "om_1"]


def test_ids_in_an_answer_become_numbers_and_nothing_else_does() -> None:
    given = {"ou_1": 1, "ou_2": 2, "ou_3": 3, "om_1": 4}
    assert numbered(RESULT, given.__getitem__) == {
        "user_id": 1,
        "nickname": "ou_1",
        "real_id": 4,
        "members": [{"user_id": 2, "group_id": 7}],
        "message": [
            {"type": "at", "data": {"qq": "3", "name": "x"}},
            {"type": "at", "data": {"qq": "all"}},
            {"type": "reply", "data": {"id": "4"}},
            {"type": "text", "data": {"text": "ou_4"}},
        ],
    }
