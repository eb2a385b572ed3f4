"""SA10: how long a wrong token takes says nothing about the right one. Who compares how: `tests/test_laws.py`."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import fmean, stdev

from kagami.core.handshake import check, rules

TOKEN = "n9Vt2KqLr8xWc4Zb7YhJm3Pd6Sf1GaEu0123456789abcdef"
SAMPLES, ROUNDS, NOISE = 2_000, 5, 0.02


def judge(token: str) -> Callable[[], object]:
    headers = [("Host", "127.0.0.1"), ("Authorization", f"Bearer {token}"), ("X-Self-ID", "10001")]
    demands = rules("127.0.0.1", TOKEN)
    return lambda: check(headers, "/onebot/v11/ws", demands)


def lasts(work: Callable[[], object]) -> int:
    began = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began


def differs(one: Callable[[], object], other: Callable[[], object]) -> bool:
    """Whether two kinds of work take different times: by three standard errors, and by more than a loaded machine makes
    of nothing. The slowest are left out.
    """
    times: dict[Callable[[], object], list[int]] = {one: [], other: []}
    for number in range(SAMPLES):  # who goes second finds everything at hand: each does as often
        for work in (one, other) if number % 2 else (other, one):
            times[work].append(lasts(work))
    first, second = (sorted(each)[: SAMPLES * 8 // 10] for each in times.values())
    error = ((stdev(first) ** 2 + stdev(second) ** 2) / len(first)) ** 0.5
    return bool(abs(fmean(first) - fmean(second)) > max(3 * error, NOISE * fmean(first)))


def test_a_token_that_is_nearly_right_is_refused_as_late_as_any_other() -> None:
    near, far = judge(TOKEN[:-1] + "x"), judge("x" * len(TOKEN))
    # A difference would be there each time; noise is not.
    assert not all(differs(near, far) for _ in range(ROUNDS))


def test_a_comparison_that_stops_early_would_be_seen() -> None:
    right = "a" * 60_000
    near, far = right[:-1] + "b", "b" + right[1:]

    def naive(given: str) -> bool:
        return all(one == other for one, other in zip(given[:2_000:40], right[:2_000:40], strict=True))

    assert any(differs(lambda: naive(near), lambda: naive(far)) for _ in range(ROUNDS))
