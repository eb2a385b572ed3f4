from __future__ import annotations

import msgspec
import pytest

from kagami.core.numbers import is_of, number_of
from kagami.gateway.places import ANSWERS_MS, FIRST_ORDINAL, Places
from kagami.model.ids import ChatId, UserId
from tests.gateway.house import FEISHU, GROUP, QQ, feishu_event, qq_event


def test_a_chat_belongs_to_the_account_that_heard_it_last() -> None:
    places = Places()
    places.met(qq_event(), 0)
    places.met(msgspec.structs.replace(qq_event(2), bot=FEISHU), 0)
    assert (places.bot_of(GROUP), places.bot_of(ChatId("group:1"))) == (FEISHU, None)


def test_a_message_belongs_to_its_chat() -> None:
    places = Places()
    places.met(qq_event(5), 0)
    places.said(QQ, "9", GROUP)
    assert [places.chat_of(QQ, message) for message in ("5", "9", "7")] == [GROUP, GROUP, ""]


def test_a_person_is_spoken_to_where_the_person_spoke() -> None:
    places = Places()
    private = ChatId("private:cid_1")
    places.met(msgspec.structs.replace(feishu_event(), chat=private, user=UserId("ou_1")), 0)
    assert places.private_chat(FEISHU, ChatId("private:ou_1")) == private
    assert places.private_chat(FEISHU, ChatId("private:ou_2")) == "private:ou_2"
    assert places.private_chat(QQ, GROUP) == GROUP


def test_sends_are_further_ones_of_the_event_that_they_answer() -> None:
    places, event = Places(), qq_event()
    places.met(event, 0)
    found = [places.answers(QQ, GROUP, now) for now in (0, 0, 5_000)]
    assert found == [
        (event.execution, FIRST_ORDINAL + 1),
        (event.execution, FIRST_ORDINAL + 2),
        (event.execution, FIRST_ORDINAL + 5_000),
    ]


def test_applications_of_two_processes_answer_in_the_same_moment() -> None:
    """The second one's clock is a little behind."""
    found: list[int] = []
    for slot, now in ((0, 0), (3, -5), (4, 0), (0, 2_000), (3, 2_000)):
        places = Places(32, lambda slot=slot: slot)  # type: ignore[misc]
        places.met(qq_event(), 0)
        answers = [places.answers(QQ, GROUP, now) for _ in range(3)]
        found += [each[1] for each in answers if each is not None]
    assert len(set(found)) == 15


def test_after_a_restart_they_are_numbered_behind_those_before_it() -> None:
    before, after, event = Places(), Places(), qq_event()
    before.met(event, 0)
    first = before.answers(QQ, GROUP, 1_000)
    after.met(event, 0)
    second = after.answers(QQ, GROUP, 9_000)
    assert first is not None
    assert second is not None
    assert second[1] > first[1]


def test_an_event_that_is_told_to_another_too_keeps_its_count() -> None:
    places, event = Places(), qq_event()
    places.met(event, 0)
    first = places.answers(QQ, GROUP, 0)
    places.met(event, 0)
    assert first != places.answers(QQ, GROUP, 0)


def test_what_is_said_much_later_answers_nothing() -> None:
    places = Places()
    places.met(qq_event(), 0)
    assert places.answers(QQ, GROUP, ANSWERS_MS + 1) is None
    assert places.answers(QQ, ChatId("group:1"), 0) is None


@pytest.mark.parametrize(
    ("wanted", "fits"), [("qq:10001", True), ("10001", True), ("10002", False), ("qq", False), ("", False)]
)
def test_a_bot_is_named_by_its_id_or_its_account(wanted: str, *, fits: bool) -> None:
    assert is_of(QQ, wanted) is fits


def test_an_account_that_is_no_number_is_named_by_its_number_too() -> None:
    number = str(number_of("cli_1"))
    assert (is_of(FEISHU, number), is_of(QQ, number)) == (True, False)


def test_a_message_that_only_one_account_can_have_tells_the_account() -> None:
    places = Places()
    places.met(qq_event(5), 0)
    places.met(feishu_event(6), 0)
    places.said(FEISHU, "om_7", GROUP)
    assert [places.witness_of(message) for message in ("5", "om_6", "om_7", "om_8")] == [None, FEISHU, FEISHU, None]
