from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.routing import PLUGINS, Decision, Router, Rule, fault, matches, names
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text

EVENT = Event(
    ExecutionId("x"),
    BotId("qq:1000"),
    "message",
    "group",
    ChatId("group:7"),
    UserId("42"),
    time_ms=0,
    dedupe="m:1",
    message=text("天气 上海"),
)


def decide(rules: list[Rule], live: set[str], event: Event = EVENT) -> Decision:
    return Router(rules).decide(event, live.__contains__)


def test_an_event_is_known_by_four_names() -> None:
    assert names(EVENT) == ("user:42", "chat:group:7", "bot:qq:1000", "platform:qq")


def test_an_event_that_no_rule_matches_goes_to_the_plugin_host_with_the_reason() -> None:
    assert decide([Rule("user:43", "w")], {"w"}) == Decision(PLUGINS, "no rule matched")


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ([Rule("user:*", "glob"), Rule("user:42", "exact")], "exact"),
        ([Rule("chat:*", "short"), Rule("chat:group:*", "long")], "long"),
        ([Rule("user:4?", "first"), Rule("user:4*", "second")], "first"),
        ([Rule("platform:qq", "first"), Rule("chat:group:7", "exact")], "exact"),
        ([Rule("platform:qq", "platform"), Rule("user:42", "user")], "user"),
        ([Rule("chat:group:7", "one"), Rule("chat:group:7 & platform:qq", "both")], "both"),
        ([Rule("chat:group:7", "exact"), Rule("chat:group:7 & text:天气*", "glob")], "exact"),
        ([Rule("*", "all"), Rule("user:*", "users")], "users"),
        ([Rule("user:42", "off", enabled=False), Rule("user:*", "on")], "on"),
    ],
)
def test_exact_beats_glob_longer_beats_shorter_then_order(rules: list[Rule], winner: str) -> None:
    assert decide(rules, {rule.to for rule in rules}).to == winner


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("platform:qq & chat:group:*", True),
        ("platform:kook & chat:group:*", False),
        ("text:天气*", True),
        ("text:天气", False),
        ("text:天气 上海 & user:42", True),
        ("text:天气 上海 & user:43", False),
        ("text:*上海 & platform:qq & bot:qq:1???", True),
        ("user:*:7", False),
        ("*", True),
    ],
)
def test_all_conditions_of_a_rule_have_to_fit(match: str, fits: bool) -> None:
    assert bool(decide([Rule(match, "w")], {"w"}).number) is fits


def test_only_messages_have_a_text() -> None:
    notice = msgspec.structs.replace(EVENT, kind="notice")
    assert decide([Rule("text:*", "w")], {"w"}, notice).to == PLUGINS


def test_the_reason_names_the_rule() -> None:
    assert decide([Rule("user:*", "w")], {"w"}).reason == "rule 1 user:*"


def test_a_rule_whose_target_is_away_passes_on_and_says_so() -> None:
    decision = decide([Rule("user:42", "gone"), Rule("user:*", "w")], {"w"})
    assert decision == Decision("w", "rule 2 user:*, after rule 1: gone is away", 2)


def test_an_exclusive_rule_whose_target_is_away_lets_nobody_have_it() -> None:
    decision = decide([Rule("user:42", "gone", exclusive=True)], {PLUGINS})
    assert decision == Decision("", "rule 1 user:42: gone is away", 1)


def test_an_explanation_has_a_word_for_every_rule() -> None:
    rules = [
        Rule("user:42", "gone"),
        Rule("chat:group:7", "w"),
        Rule("chat:group:*", "w"),
        Rule("user:1", "w"),
        Rule("user:42", "w", enabled=False),
        Rule("platform:qq", "w"),
        Rule("chat:group:7", "other"),
        Rule("chat:group:7 & user:42", "gone"),
    ]
    _, judged = Router(rules).explain(EVENT, {"w", "other"}.__contains__)
    assert [(each.verdict, each.reason) for each in judged] == [
        ("beaten", "A rule that says more beats one that says less."),
        ("wins", ""),
        ("beaten", "An exact rule beats one with * or ?."),
        ("no match", ""),
        ("off", ""),
        ("beaten", "A rule that says more beats one that says less."),
        ("beaten", "Of two that say as much the earlier wins."),
        ("away", "What it leads to is away."),
    ]


PATTERNS = ("user:42", "user:4*", "chat:group:7", "chat:*", "bot:qq:1000", "platform:qq", "text:天*", "*", "user:9")
SOME_RULES = st.lists(
    st.builds(
        Rule,
        st.lists(st.sampled_from(PATTERNS[:7]), min_size=1, max_size=3, unique=True).map(" & ".join)
        | st.sampled_from(PATTERNS),
        st.sampled_from(["a", "b", "gone"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


def plainly(rules: list[Rule], live: set[str]) -> str:
    """The ranking said once more, without an index."""
    known = (*names(EVENT), f"text:{EVENT.text}")
    ranked = []
    for number, rule in enumerate(rules):
        parts = rule.match.split(" & ")
        if rule.enabled and all(any(matches(part, name) for name in known) for part in parts):
            length = sum(part != "*" for part in parts)
            length += sum(len(part.partition(":")[2].replace("*", "").replace("qq", "")) for part in parts)
            length += 2 * ("bot:qq:1000" in parts)
            ranked.append(("*" in rule.match, -length, number, rule))
    for *_, rule in sorted(ranked, key=lambda row: row[:3]):
        if rule.to in live:
            return rule.to
        if rule.exclusive:
            return ""
    return PLUGINS


@given(SOME_RULES)
def test_the_index_decides_as_the_plain_ranking_does(rules: list[Rule]) -> None:
    assert decide(rules, {"a", "b"}).to == plainly(rules, {"a", "b"})


@given(SOME_RULES)
def test_an_explanation_tells_the_same_decision_and_at_most_one_winner(rules: list[Rule]) -> None:
    router, live = Router(rules), {"a", "b"}.__contains__
    decision, judged = router.explain(EVENT, live)
    assert decision == router.decide(EVENT, live)
    assert [each.number for each in judged if each.verdict == "wins"] == [decision.number] * bool(decision.number)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("user:12*", "user:1234", True),
        ("user:12*", "user:412", False),
        ("*_test", "a_test", True),
        ("*_test", "a_test2", False),
        ("a?c", "abc", True),
        ("a?c", "a天c", True),
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


def test_no_glob_takes_long_on_a_hostile_text() -> None:
    router = Router([Rule("text:" + "*a" * 100 + "b", "w")])
    hostile = msgspec.structs.replace(EVENT, message=text("a" * 100_000))
    began = time.process_time()
    router.decide(hostile, bool)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "rule",
    [
        Rule("user:42", "plugins"),
        Rule("*", "drop"),
        Rule("platform:qq & chat:group:1* & text:a & b: c", "plugin:weather"),
        Rule("text:a:b", "pool-1"),
    ],
)
def test_a_sound_rule_has_no_fault(rule: Rule) -> None:
    assert fault(rule) == ""


@pytest.mark.parametrize(
    "rule",
    [
        Rule("", "w"),
        Rule("x" * 501, "w"),
        Rule("users:42", "w"),
        Rule("user:", "w"),
        Rule("user: 42", "w"),
        Rule("42", "w"),
        Rule("user:42 & chat:", "w"),
        Rule("user:42", ""),
        Rule("user:42", "plugin:"),
        Rule("user:42", "a b"),
    ],
)
def test_an_unsound_rule_has_one(rule: Rule) -> None:
    assert fault(rule)
