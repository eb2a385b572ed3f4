from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.canary import BUCKETS, SPAN, Tally, bucket, fairest, judge, on_canary, unevenness

CHATS = [("qq:1", f"group:{number}") for number in range(300)]
names = st.text(max_size=40)
weights = st.integers(0, 100)


def tally(events: int, errors: int) -> Tally:
    made = Tally()
    for number in range(events):
        made.note(0.01, failed=number < errors)
    return made


def share(salt: str, chats: list[tuple[str, str]], weight: int) -> float:
    return 100 * sum(on_canary(bucket(salt, *each), weight) for each in chats) / len(chats)


class TestBucket:
    def test_it_is_the_same_for_ever(self) -> None:
        """A change of the algorithm would move chats of rollouts that run."""
        assert bucket("salt", "qq:10001", "group:42") == 7239

    @given(names, names, names)
    def test_any_names_have_one(self, salt: str, bot: str, chat: str) -> None:
        assert bucket(salt, bot, chat) == bucket(salt, bot, chat) in range(BUCKETS)

    def test_a_name_that_no_database_takes_has_one(self) -> None:
        assert bucket("s", "qq:\ud800", "group:\x00") in range(BUCKETS)

    @given(st.integers(0, BUCKETS - 1), weights, weights)
    def test_more_weight_takes_no_chat_away(self, place: int, one: int, other: int) -> None:
        low, high = sorted((one, other))
        assert on_canary(place, high) or not on_canary(place, low)

    @given(st.integers(0, 99))
    def test_one_percent_more_moves_its_own_hundredth(self, weight: int) -> None:
        moved = [place for place in range(BUCKETS) if on_canary(place, weight + 1) != on_canary(place, weight)]
        assert moved == list(range(weight * 100, weight * 100 + 100))

    def test_nobody_is_on_a_canary_of_0_and_everybody_on_one_of_100(self) -> None:
        assert not any(on_canary(place, 0) for place in range(BUCKETS))
        assert all(on_canary(place, 100) for place in range(BUCKETS))

    @pytest.mark.parametrize("weight", [1, 10, 25, 50, 51, 90])
    def test_the_share_is_the_weight(self, weight: int) -> None:
        chats = [(f"qq:{number % 3}", f"group:{number}") for number in range(5_000)]
        assert share("a salt", chats, weight) == pytest.approx(weight, abs=3)

    def test_plugins_choose_independently(self) -> None:
        chats = [("qq:1", f"group:{number}") for number in range(5_000)]
        both = sum(on_canary(bucket("one", *each), 50) and on_canary(bucket("other", *each), 50) for each in chats)
        assert both / len(chats) == pytest.approx(0.25, abs=0.03)


class TestFairest:
    @pytest.mark.parametrize("seed", range(5))
    def test_300_known_chats_are_split_within_3_points_at_every_weight(self, seed: int) -> None:
        salt = fairest((f"{seed}/{number}" for number in range(64)), CHATS)
        assert max(abs(share(salt, CHATS, weight) - weight) for weight in range(101)) <= 3

    def test_it_stops_at_the_first_even_one(self) -> None:
        salts = iter(["first", "second"])
        assert (fairest(salts, []), next(salts)) == ("first", "second")

    @given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6))
    def test_no_salt_is_more_even_than_the_fairest(self, salts: list[str]) -> None:
        chats = CHATS[:20]
        assert unevenness(fairest(salts, chats), chats) == min(unevenness(each, chats) for each in salts)

    @given(st.text(min_size=1, max_size=8), weights)
    def test_no_share_is_further_off_than_the_unevenness(self, salt: str, weight: int) -> None:
        chats = CHATS[:50]
        assert abs(share(salt, chats, weight) - weight) <= 100 * unevenness(salt, chats) + 1e-6


class TestTally:
    def test_it_counts_everything(self) -> None:
        made = tally(3_000, 30)
        assert (made.events, made.errors, made.latency.count) == (3_000, 30, 3_000)

    def test_recent_begins_where_it_is_told(self) -> None:
        made = tally(50, 50)
        made.begin()
        made.note(0.01, failed=False)
        assert made.recent == (1, 0)
        assert made.events == 51

    @given(st.integers(0, 5 * SPAN))
    def test_recent_is_all_at_first_and_then_at_least_a_span(self, events: int) -> None:
        made = tally(events, 0)
        seen = made.recent[0]
        assert seen == events if events < 2 * SPAN else SPAN <= seen < 2 * SPAN


class TestJudge:
    @pytest.mark.parametrize(
        ("canary", "stable", "bad"),
        [
            ((200, 5), (1_000, 5), True),
            ((199, 199), (1_000, 0), False),  # too few events
            ((200, 4), (1_000, 0), False),  # exactly 2 percent
            ((200, 6), (100, 1), False),  # exactly three times the stable's share
            ((200, 7), (100, 1), True),
            ((200, 100), (100, 50), False),  # everything fails
            ((200, 100), (0, 0), True),
        ],
    )
    def test_the_rule(self, canary: tuple[int, int], stable: tuple[int, int], bad: bool) -> None:
        assert bool(judge(tally(*canary), tally(*stable))) is bad

    def test_the_reason_tells_the_figures(self) -> None:
        assert judge(tally(200, 20), tally(900, 3)) == (
            "20 of its last 200 events failed, 3 of 900 with the stable version."
        )

    def test_a_long_good_life_does_not_hide_that_it_fails_now(self) -> None:
        canary = tally(100_000, 0)
        for _ in range(60):
            canary.note(0.01, failed=True)
        assert judge(canary, tally(1_000, 0))
