from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.routing import Decision, Member, Rule, balance, decide, matches, names, sticky
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId

EVENT = Event(
    ExecutionId("x"), BotId("qq:1000"), "message", "group", ChatId("group:7"), UserId("42"), time_ms=0, dedupe="m:1"
)


def test_an_event_is_known_by_four_names() -> None:
    assert names(EVENT) == ("user:42", "chat:group:7", "bot:qq:1000", "platform:qq")


def test_without_rules_the_plugin_host_gets_it() -> None:
    assert decide((), EVENT, {"plugins"}) == Decision("plugins", "no rules")


def test_an_event_that_no_rule_matches_goes_to_the_plugin_host_with_the_reason() -> None:
    assert decide((Rule("user:43", "w"),), EVENT, {"w"}) == Decision("plugins", "no rule matched")


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ([Rule("user:*", "glob"), Rule("user:42", "exact")], "exact"),
        ([Rule("chat:*", "short"), Rule("chat:group:*", "long")], "long"),
        ([Rule("user:4?", "first"), Rule("user:4*", "second")], "first"),
        ([Rule("platform:qq", "platform"), Rule("chat:group:7", "exact")], "exact"),
    ],
)
def test_exact_beats_glob_longer_beats_shorter_then_order(rules: list[Rule], winner: str) -> None:
    assert decide(rules, EVENT, {"exact", "glob", "short", "long", "first", "second", "platform"}).to == winner


def test_the_reason_names_the_rule() -> None:
    assert decide([Rule("user:*", "w")], EVENT, {"w"}).reason == "rule 1 user:*"


def test_a_rule_whose_target_is_away_passes_on_and_says_so() -> None:
    decision = decide([Rule("user:42", "gone"), Rule("user:*", "w")], EVENT, {"w"})
    assert decision == Decision("w", "rule 2 user:*, after rule 1: gone is away")


def test_an_exclusive_rule_whose_target_is_away_lets_nobody_have_it() -> None:
    decision = decide([Rule("user:42", "gone", exclusive=True)], EVENT, {"plugins"})
    assert decision == Decision("", "rule 1 user:42: gone is away")


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("user:12*", "user:1234", True),
        ("user:12*", "user:412", False),
        ("*_test", "a_test", True),
        ("*_test", "a_test2", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c*", "abc", False),
        ("**", "", True),
        ("a*", "a\nb", True),
    ],
)
def test_globs_are_anchored_at_both_ends(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


@given(st.text(max_size=20))
def test_a_pattern_without_wildcards_matches_itself_alone(name: str) -> None:
    literal = name.replace("*", "").replace("?", "")
    assert matches(literal, literal)
    assert not matches(literal, literal + "x")


def test_shares_follow_speed_and_weight() -> None:
    fast, slow = Member("fast", 0.1), Member("slow", 0.3)
    chosen = [balance([fast, slow], number / 1000) for number in range(1000)]
    assert chosen.count(fast) == pytest.approx(750, abs=2)


def test_an_unmeasured_member_gets_the_share_of_the_fastest() -> None:
    members = [Member("known", 0.2), Member("new", 0.0)]
    chosen = [balance(members, number / 100) for number in range(100)]
    assert chosen.count(members[1]) == pytest.approx(50, abs=1)


def test_weight_zero_gets_nothing() -> None:
    members = [Member("off", 0.1, weight=0.0), Member("on", 0.1)]
    assert all(balance(members, number / 100) is members[1] for number in range(100))


def test_nobody_is_chosen_from_an_empty_pool() -> None:
    assert balance([], 0.5) is None


def test_the_last_member_takes_what_rounding_leaves() -> None:
    members = [Member("a", 0.1), Member("b", 0.1)]
    assert balance(members, 1.0) is members[1]


def test_a_chat_stays_with_its_live_holder() -> None:
    assert sticky({"chat:group:7": "w1"}, "chat:group:7", {"w1", "w2"}) == "w1"


def test_a_holder_that_is_away_or_unknown_holds_nothing() -> None:
    assert sticky({"chat:group:7": "w1"}, "chat:group:7", {"w2"}) is None
    assert sticky({}, "chat:group:7", {"w2"}) is None
