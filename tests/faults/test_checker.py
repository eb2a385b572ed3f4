"""The checker finds each kind of breach in a history made by hand, and nothing in a good one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.faults.checker import History, Name, Outgoing, Ran, Stored, check, summary

ONE, TWO, THREE = (Name("a", number) for number in (1, 2, 3))


def kept() -> History:
    """Three messages of one conversation: the second was cut off by a kill, and its reply is in doubt."""
    return History(
        accepted={ONE, TWO},
        heard=[ONE, TWO, THREE],
        ran=[Ran(ONE, "x1"), Ran(TWO, "x2"), Ran(TWO, "x2", life=1), Ran(THREE, "x3", life=1)],
        events={name: Stored(f"x{name.number}", closed=True, outcome="handled") for name in (ONE, TWO, THREE)},
        sends=[Outgoing("x1", 0, "sent"), Outgoing("x2", 0, "unknown"), Outgoing("x3", 0, "sent")],
        effects=dict.fromkeys((ONE, TWO, THREE), 1),
    )


class Bad(NamedTuple):
    """How a good history is spoilt, and what the checker then says."""

    spoil: Callable[[History], object]
    says: str


BAD = {
    "accepted and gone": Bad(lambda past: past.accepted.add(Name("a", 4)), "a#4 was accepted and is gone"),
    "still open": Bad(
        lambda past: past.events.update({TWO: Stored("x2", closed=False, outcome="retry")}),
        "a#2 was accepted and is still",
    ),
    "no trace": Bad(lambda past: past.events.update({TWO: Stored("x2", closed=True, outcome="")}), "has no trace"),
    "shed": Bad(lambda past: past.events.update({TWO: Stored("x2", closed=True, outcome="shed")}), "ended as shed"),
    "inverted in one life": Bad(lambda past: past.ran.append(Ran(TWO, "x2", life=1)), "a#2 ran after a#3"),
    "fell behind in the next life": Bad(lambda past: past.ran.append(Ran(TWO, "x2", life=2)), "a#2 counted after a#3"),
    "doubled": Bad(lambda past: past.heard.append(ONE), "the reply to a#1 arrived 2 times, 0 of them unknown"),
    "doubled once more than in doubt": Bad(lambda past: past.heard.extend([TWO, TWO]), "arrived 3 times, 1 of them"),
    "answered and never accepted": Bad(
        lambda past: past.heard.append(Name("b", 1)), "b#1 was never accepted and was a"
    ),
    "effect of nothing": Bad(
        lambda past: past.__dict__.update(effects={Name("b", 1): 1}), "b#1 was never accepted and l"
    ),
    "doubled and unknown to the store": Bad(lambda past: past.heard.extend([Name("b", 1)] * 2), "the reply to b#1"),
    "handled in silence": Bad(lambda past: past.sends.pop(), "a#3 was handled and nothing is known of its reply"),
    "sent into the void": Bad(lambda past: past.heard.remove(ONE), "a#1 is called sent and never arrived"),
    "left in sending": Bad(lambda past: past.sends.append(Outgoing("x1", 1, "sending")), "a#1 is still being sent"),
    "effect lost": Bad(lambda past: past.__dict__.update(effects={ONE: 1, TWO: 1}), "effect of a#3 happened 0 times"),
    "effect doubled": Bad(
        lambda past: past.__dict__.update(effects={ONE: 1, TWO: 2, THREE: 1}), "the effect of a#2 happened 2 times"
    ),
    "effect of a dead event": Bad(
        lambda past: past.events.update({TWO: Stored("x2", closed=True, outcome="dead")}), "a#2 ended as dead and left"
    ),
    "another execution": Bad(lambda past: past.ran.append(Ran(THREE, "x9")), "a#3 ran as x9, the store knows it as x3"),
}


def test_a_history_that_kept_every_promise_has_no_breach() -> None:
    assert check(kept()) == []


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_each_breach_is_found(bad: Bad) -> None:
    history = kept()
    bad.spoil(history)
    assert any(bad.says in sentence for sentence in check(history))


def test_a_reply_may_arrive_twice_when_the_first_is_unknown() -> None:
    history = kept()
    history.heard.append(TWO)
    assert check(history) == []


def test_a_stretch_may_run_again_in_the_next_life() -> None:
    history = kept()
    history.ran += [Ran(TWO, "x2", life=2), Ran(THREE, "x3", life=2)]
    assert check(history) == []


def test_a_run_of_what_was_never_accepted_does_not_count() -> None:
    history = kept()
    history.ran += [Ran(Name("a", 4), "x4", life=1), Ran(THREE, "x3", life=2)]
    assert check(history) == []


def test_conversations_do_not_order_one_another() -> None:
    history = kept()
    history.ran.append(Ran(Name("b", 0), "y0"))
    assert check(history) == []


def test_the_summary_counts_what_ran_again() -> None:
    assert summary(kept())["handlers run again"] == 1
