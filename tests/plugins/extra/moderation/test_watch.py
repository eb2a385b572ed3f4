from __future__ import annotations

from kagami.plugins.extra.moderation.rules import Rules
from kagami.plugins.extra.moderation.watch import Watch

RULES = Rules(flood_messages=3, flood_seconds=10, repeats=2, repeat_seconds=60)
ME, YOU = ("b", "c", "me"), ("b", "c", "you")
NOW = 1_760_000_000_000


def test_one_message_more_than_allowed_is_a_flood() -> None:
    watch = Watch()
    assert [watch.floods(ME, RULES, NOW + n) for n in range(5)] == [False, False, False, True, True]


def test_slow_messages_are_no_flood() -> None:
    watch = Watch()
    assert not any(watch.floods(ME, RULES, NOW + n * 4000) for n in range(20))


def test_everybody_is_counted_apart() -> None:
    watch = Watch()
    for n in range(3):
        watch.floods(ME, RULES, NOW + n)
    assert not watch.floods(YOU, RULES, NOW + 4)


def test_zero_switches_a_rule_off() -> None:
    watch, off = Watch(), Rules(flood_messages=0, repeats=0)
    assert not any(watch.floods(ME, off, NOW) or watch.repeats(ME, "x", off, NOW) for _ in range(50))


def test_the_same_again_and_again_is_a_repeat() -> None:
    watch = Watch()
    assert [watch.repeats(ME, "x", RULES, NOW + n) for n in range(4)] == [False, False, True, True]


def test_something_else_in_between_begins_anew() -> None:
    watch = Watch()
    assert not any(watch.repeats(ME, said, RULES, NOW) for said in "xxyxxyxx")


def test_nothing_said_is_no_repeat() -> None:
    watch = Watch()
    assert not any(watch.repeats(ME, "", RULES, NOW) for _ in range(5))


def test_somebody_is_spoken_about_once_in_a_while() -> None:
    watch = Watch()
    assert [watch.may_tell(ME, NOW + s * 1000, 10) for s in (0, 5, 9, 10, 11)] == [True, False, False, True, False]


def test_memory_is_bounded_and_forgets_who_wrote_longest_ago() -> None:
    watch = Watch(most=2)
    for user in "abac":
        watch.floods(("b", "c", user), RULES, NOW)
    assert (len(watch), watch.floods(("b", "c", "a"), Rules(flood_messages=2), NOW)) == (2, True)


def test_a_pardon_is_for_one_message() -> None:
    watch = Watch()
    watch.pardon("e1")
    assert [watch.is_pardoned(each) for each in ("e2", "e1", "e1")] == [False, True, False]


def test_clearing_forgets_everybody() -> None:
    watch = Watch()
    watch.floods(ME, RULES, NOW)
    watch.clear()
    assert len(watch) == 0
