from __future__ import annotations

import pytest

from kagami.adapters.kook import limits as module
from kagami.adapters.kook.limits import Limits


def told(remaining: int = 0, reset: str = "14", bucket: str = "message/create", **more: str) -> dict[str, str]:
    head = {"x-rate-limit-remaining": str(remaining), "x-rate-limit-reset": reset, "x-rate-limit-bucket": bucket}
    return head | {f"x-rate-limit-{key}": value for key, value in more.items()}


def test_what_nobody_limits_may_go() -> None:
    limits = Limits()
    limits.heard("/user/me", {}, 5.0, refused=False)
    assert limits.wait("/user/me", 5.0) == 0.0


def test_an_empty_bucket_is_waited_for() -> None:
    limits = Limits()
    limits.heard("/message/create", told(), 5.0, refused=False)
    assert [limits.wait("/message/create", now) for now in (5.0, 18.0, 19.0)] == [14.0, 1.0, 0.0]


def test_paths_of_one_bucket_share_it() -> None:
    limits = Limits()
    limits.heard("/user/me", told(5, bucket="user"), 5.0, refused=False)
    limits.heard("/user/view", told(0, bucket="user"), 5.0, refused=False)
    assert (limits.wait("/user/me", 6.0), limits.wait("/guild/list", 6.0)) == (13.0, 0.0)


def test_requests_that_are_under_way_count() -> None:
    limits = Limits()
    limits.heard("/a", told(2), 5.0, refused=False)
    waits = []
    for _ in range(3):
        waits.append(limits.wait("/a", 5.0))
        limits.spend("/a")
    assert waits == [0.0, 0.0, 14.0]


def test_an_answer_that_was_overtaken_gives_nothing_back() -> None:
    limits = Limits()
    limits.heard("/a", told(2), 5.0, refused=False)
    limits.spend("/a")
    limits.spend("/a")
    limits.heard("/a", told(1), 5.1, refused=False)
    assert limits.wait("/a", 5.1) == pytest.approx(14.0)


def test_a_full_bucket_begins_anew() -> None:
    limits = Limits()
    limits.heard("/a", told(0), 5.0, refused=False)
    limits.heard("/a", told(9), 30.0, refused=False)
    assert limits.wait("/a", 30.0) == 0.0


@pytest.mark.parametrize(("reset", "seconds"), [("0", 1.0), ("3", 3.0), ("soon", 1.0), ("-4", 1.0), ("nan", 1.0)])
def test_a_refusal_is_waited_out_for_a_second_at_least(reset: str, seconds: float) -> None:
    limits = Limits()
    limits.heard("/a", told(5, reset), 5.0, refused=True)
    assert limits.wait("/a", 5.0) == seconds


def test_a_refusal_without_headers_is_waited_out_too() -> None:
    limits = Limits()
    limits.heard("/a", {}, 5.0, refused=True)
    assert limits.wait("/a", 5.0) == 1.0


def test_the_limit_of_everything_holds_everything_up() -> None:
    limits = Limits()
    limits.heard("/a", told(0, "7", **{"global": ""}), 5.0, refused=True)
    assert (limits.wait("/b", 5.0), limits.wait("/b", 12.0)) == (7.0, 0.0)


def test_paths_without_end_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PATHS", 10)
    limits = Limits()
    for number in range(100):
        limits.heard(f"/{number}", told(bucket=str(number)), 5.0, refused=False)
    assert len(limits._names) <= 10
