from __future__ import annotations

from collections.abc import Sequence

from kagami.core.alerts import FLAP_S, Reading, Sentry, Told

OFFLINE = Reading("bot_offline", 60, "{bot} is offline", {"bot": "qq:1"})
WRONG = {"bot qq:1": OFFLINE}


def seen(told: Sequence[Told]) -> list[tuple[str, bool]]:
    return [(each.key, each.over) for each in told]


def lasting(sentry: Sentry, begin: float, end: float) -> list[tuple[str, bool]]:
    """What is told of a state between two moments, and of its end."""
    heard = []
    for now in range(int(begin), int(end)):
        heard += seen(sentry.judge(WRONG, now))
    return heard + seen(sentry.judge({}, end)) + seen(sentry.judge({}, end + sentry.calm))


def test_a_short_trouble_is_not_told() -> None:
    assert lasting(Sentry(30), 0, 60) == []


def test_a_lasting_trouble_is_told_once_and_its_end_too() -> None:
    assert lasting(Sentry(30), 0, 300) == [("bot qq:1", False), ("bot qq:1", True)]


def test_the_end_waits_until_it_is_calm() -> None:
    sentry = Sentry(30)
    sentry.judge(WRONG, 0)
    sentry.judge(WRONG, 60)
    assert seen(sentry.judge({}, 70)) == []
    assert seen(sentry.judge(WRONG, 80)) == []
    assert seen(sentry.judge({}, 90)) == []
    assert seen(sentry.judge({}, 120)) == [("bot qq:1", True)]


def test_the_end_says_how_long_it_lasted() -> None:
    sentry = Sentry(30)
    sentry.judge(WRONG, 0)
    sentry.judge(WRONG, 60)
    sentry.judge({}, 100)
    (told,) = sentry.judge({}, 130)
    assert told.seconds == 100


def test_what_has_no_patience_is_told_at_once() -> None:
    full = {"disk": Reading("disk_full", 0, "full")}
    assert seen(Sentry(30).judge(full, 5)) == [("disk", False)]


def test_open_troubles_are_those_that_were_told() -> None:
    sentry = Sentry(30)
    sentry.judge(WRONG, 0)
    assert sentry.open == {}
    sentry.judge(WRONG, 60)
    assert list(sentry.open) == ["bot qq:1"]


def test_what_comes_and_goes_needs_to_last_longer() -> None:
    sentry, now = Sentry(30), 0.0
    for _ in range(3):
        assert lasting(sentry, now, now + 70) == [("bot qq:1", False), ("bot qq:1", True)]
        now += 110
    assert lasting(sentry, now, now + 70) == []


def test_a_quiet_quarter_of_an_hour_forgives() -> None:
    sentry, now = Sentry(30), 0.0
    for _ in range(3):
        lasting(sentry, now, now + 70)
        now += 110
    assert lasting(sentry, now + FLAP_S, now + FLAP_S + 70) == [("bot qq:1", False), ("bot qq:1", True)]
