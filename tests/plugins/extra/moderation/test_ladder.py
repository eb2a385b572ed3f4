from __future__ import annotations

from kagami.plugins.extra.moderation.ladder import DAY_MS, MINUTE_MS, Record, Step, decide
from kagami.plugins.extra.moderation.rules import Deed, Rules

NOW = 1_760_000_000_000


def climb(rules: Rules, breaches: int, every_ms: int = DAY_MS) -> list[Deed | None]:
    """What follows each of so many breaches of one user."""
    record, deeds = Record(), []
    for number in range(breaches):
        step = decide(record, rules, NOW + number * every_ms)
        record = step.record
        deeds.append(step.then)
    return deeds


def test_warnings_end_in_a_mute() -> None:
    assert climb(Rules(mute_after=3), 4) == ["warn", "warn", "mute", "warn"]


def test_mutes_end_in_a_kick() -> None:
    assert climb(Rules(mute_after=2, kick_after=1), 4) == ["warn", "mute", "warn", "kick"]


def test_without_a_limit_there_are_only_warnings() -> None:
    assert set(climb(Rules(mute_after=0, kick_after=1), 20)) == {"warn"}


def test_an_action_may_be_more_than_a_warning_at_once() -> None:
    assert (climb(Rules(action="mute"), 1), climb(Rules(action="kick"), 1)) == (["mute"], ["kick"])


def test_only_a_plain_warning_leaves_the_message() -> None:
    assert [decide(Record(), Rules(action=deed), NOW).delete for deed in ("warn", "delete")] == [False, True]


def test_what_was_on_its_way_when_the_mute_came_is_not_counted() -> None:
    assert climb(Rules(action="mute", mute_minutes=10, kick_after=1), 3, every_ms=1000) == ["mute", None, None]


def test_it_counts_again_when_the_mute_is_over() -> None:
    record = decide(Record(), Rules(action="mute", mute_minutes=10), NOW).record
    assert decide(record, Rules(), NOW + 11 * MINUTE_MS).then == "warn"


def test_warnings_are_forgotten_after_quiet_days() -> None:
    record = Record(warnings=2, mutes=3, last_ms=NOW)
    later = NOW + 8 * DAY_MS
    assert decide(record, Rules(forget_days=7), later) == Step(Record(1, 0, later), delete=True, then="warn")
