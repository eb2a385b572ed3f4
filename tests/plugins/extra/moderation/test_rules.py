from __future__ import annotations

import pytest

from kagami.plugins.extra.moderation.rules import OF_CHAT, Rules, name_of, read_rule, with_own


@pytest.mark.parametrize(("word", "name"), [("处理", "action"), ("FLOOD_messages", "flood_messages"), ("words", None)])
def test_rules_have_a_name_in_both_languages(word: str, name: str | None) -> None:
    assert name_of(word) == name


def test_every_rule_that_a_group_may_set_is_one() -> None:
    assert set(OF_CHAT) <= set(Rules.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("action", "撤回", "delete"),
        ("action", "Mute", "mute"),
        ("links", "开", True),
        ("links", "off", False),
        ("flood_messages", "6", 6),
        ("allowed_hosts", "a.com， B.com", ("a.com", "b.com")),
        ("welcome", "Hi {name}", "Hi {name}"),
    ],
)
def test_a_rule_is_read_as_people_write_it(name: str, text: str, value: object) -> None:
    assert read_rule(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("action", "乱来"), ("links", "maybe"), ("flood_messages", "-1"), ("mute_minutes", "0"), ("welcome", "x" * 501)],
)
def test_what_does_not_fit_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError):
        read_rule(name, text)


def test_a_groups_rules_lie_over_the_operators() -> None:
    rules = with_own(Rules(action="warn", repeats=9), {"action": "kick"})
    assert (rules.action, rules.repeats) == ("kick", 9)


def test_a_stored_rule_that_does_not_read_any_more_is_left_out() -> None:
    assert with_own(Rules(), {"action": "explode", "gone": 1, "repeats": 2}) == Rules(repeats=2)
