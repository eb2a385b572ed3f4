from __future__ import annotations

from kagami.core.loops import CAPACITY, MOST, SILENCE_S, WITHIN_S, Loops
from kagami.model.ids import BotId, ChatId, SessionKey, UserId

SESSION = SessionKey(BotId("qq:1"), ChatId("group:7"), UserId("2"))
OTHER = SESSION._replace(chat=ChatId("group:8"))


def test_a_few_answers_to_a_bot_are_given_and_then_none() -> None:
    loops = Loops()
    assert [loops.caught(SESSION, number / 10) for number in range(MOST + 3)] == [False] * MOST + [True] * 3


def test_answers_with_time_between_them_are_no_loop() -> None:
    loops = Loops()
    assert not any(loops.caught(SESSION, number * (WITHIN_S / MOST + 0.1)) for number in range(50))


def test_silence_ends() -> None:
    loops = Loops()
    for _ in range(MOST + 1):
        loops.caught(SESSION, 0.0)
    assert [loops.silent(SESSION, at) for at in (1.0, SILENCE_S - 1, SILENCE_S, SILENCE_S + 1)] == [
        True,
        True,
        False,
        False,
    ]


def test_another_chat_goes_on() -> None:
    loops = Loops()
    for _ in range(MOST + 1):
        loops.caught(SESSION, 0.0)
    assert not loops.silent(OTHER, 1.0)


def test_ones_own_words_are_known_again() -> None:
    loops = Loops()
    loops.said("a", "hello")
    assert [loops.echoes("a", "hello"), loops.echoes("a", "hi"), loops.echoes("b", "hello")] == [True, False, False]


def test_pictures_are_nobodys_words() -> None:
    loops = Loops()
    loops.said("a", "")
    assert not loops.echoes("a", "")


def test_only_so_many_chats_are_remembered() -> None:
    loops = Loops()
    for number in range(CAPACITY + 1):
        loops.said(number, "hello")
    assert [loops.echoes(0, "hello"), loops.echoes(1, "hello")] == [False, True]


def test_a_silence_that_is_over_is_forgotten_though_nothing_more_is_said_there() -> None:
    loops = Loops()
    for session, began in ((SESSION, 0.0), (OTHER, 2 * SILENCE_S)):
        for _ in range(MOST + 1):
            loops.caught(session, began)
    assert not loops.silent(SESSION, 0.0)
    assert loops.silent(OTHER, 2 * SILENCE_S)
