from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kagami.plugins.extra.chat.endpoints import (
    BUSY_S,
    LONGEST_BUSY_S,
    LONGEST_REST_S,
    REST_S,
    Chain,
    Verdict,
    judge,
    wait_of,
)
from kagami.plugins.extra.chat.options import Endpoint

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ONE = Endpoint("https://one.test/v1", "one")
TWO = Endpoint("https://two.test/v1", "two")


def keyed(*keys: str) -> Endpoint:
    return Endpoint("https://keyed.test/v1", "keyed", keys)


def round_of(chain: Chain, now: float, *verdicts: Verdict) -> list[str]:
    """Models and keys of the calls of one round, each with the next verdict; the rest are fine."""
    tried: set[tuple[int, int]] = set()
    called: list[str] = []
    left = list(verdicts)
    while (turn := chain.choose(now, tried)) is not None:
        called.append(turn.endpoint.model + turn.key)
        verdict = left.pop(0) if left else "fine"
        chain.learn(turn, verdict, now, tried)
        if verdict == "fine":
            break
    return called


def test_the_first_endpoint_is_the_favourite() -> None:
    chain = Chain([ONE, TWO])
    assert [round_of(chain, 0), round_of(chain, 0)] == [["one"], ["one"]]


def test_keys_take_turns() -> None:
    chain = Chain([keyed("a", "b", "c")])
    assert [round_of(chain, 0)[0] for _ in range(4)] == ["keyeda", "keyedb", "keyedc", "keyeda"]


def test_a_refused_key_is_laid_aside_for_good() -> None:
    chain = Chain([keyed("a", "b")])
    assert round_of(chain, 0, "refused") == ["keyeda", "keyedb"]
    assert round_of(chain, 1e9) == ["keyedb"]


def test_an_endpoint_without_keys_left_is_passed_over() -> None:
    chain = Chain([keyed("a"), TWO])
    assert round_of(chain, 0, "refused") == ["keyeda", "two"]
    assert chain.states(0)[0].keys == 0


def test_a_busy_key_waits_and_the_next_takes_over() -> None:
    chain = Chain([keyed("a", "b")])
    assert round_of(chain, 0, "busy") == ["keyeda", "keyedb"]
    assert round_of(chain, BUSY_S - 1) == ["keyedb"]
    assert round_of(chain, BUSY_S) == ["keyeda"]


def test_an_endpoint_that_is_away_is_not_tried_with_another_key() -> None:
    assert round_of(Chain([keyed("a", "b"), TWO]), 0, "away") == ["keyeda", "two"]


def test_a_request_that_does_not_please_goes_on_and_opens_no_circuit() -> None:
    chain = Chain([ONE, TWO])
    for _ in range(5):
        assert round_of(chain, 0, "wrong") == ["one", "two"]


def test_after_three_failures_an_endpoint_rests() -> None:
    chain = Chain([ONE, TWO])
    for _ in range(3):
        assert round_of(chain, 0, "away") == ["one", "two"]
    assert round_of(chain, REST_S - 1) == ["two"]
    assert round_of(chain, REST_S) == ["one"]
    assert round_of(chain, REST_S) == ["one"]


def test_it_rests_longer_each_time() -> None:
    chain = Chain([ONE])
    now = 0.0
    rests = []
    for _ in range(12):
        assert round_of(chain, now, "away") == ["one"]
        wait = chain.states(now)[0].wait
        rests.append(wait)
        now += wait
    assert rests[2:5] == [REST_S, 2 * REST_S, 4 * REST_S]
    assert rests[-1] == LONGEST_REST_S


def test_only_one_tries_whether_it_is_back() -> None:
    chain = Chain([ONE])
    for _ in range(3):
        round_of(chain, 0, "away")
    assert chain.choose(REST_S, set()) is not None
    assert chain.choose(REST_S, set()) is None


def test_success_in_between_closes_the_circuit() -> None:
    chain = Chain([ONE])
    for verdict in ("away", "away", "fine", "away", "away"):
        round_of(chain, 0, verdict)
    assert round_of(chain, 0) == ["one"]


def test_the_state_tells_how_long_it_waits() -> None:
    chain = Chain([keyed("a"), TWO])
    round_of(chain, 100, "busy")
    assert [state.wait for state in chain.states(105)] == [BUSY_S - 5, 0]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "fine"),
        (401, "refused"),
        (403, "refused"),
        (402, "busy"),
        (429, "busy"),
        (500, "away"),
        (503, "away"),
        (408, "away"),
        (400, "wrong"),
        (404, "wrong"),
        (301, "wrong"),
    ],
)
def test_what_a_status_means(status: int, verdict: Verdict) -> None:
    assert judge(status) == verdict


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("-5", 1),
        ("999999", LONGEST_BUSY_S),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 1),
        ("soon", BUSY_S),
        ("nan", BUSY_S),
        ("", BUSY_S),
    ],
)
def test_how_long_a_busy_host_wants_us_to_wait(text: str, seconds: float) -> None:
    assert wait_of(text, NOW) == seconds
