"""The checker finds each kind of fault in a history made by a seed, and nothing in a good one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.rounds.checker import History, Name, check, figures, load, unsent
from tests.cluster.rounds.lines import LOG, PLATFORM, PROBE, Given, Heard, Kept, Line, Logged, Ran, Struck, write

TALKS, EACH = 4, 25


def good(seed: int) -> list[Line]:
    """Some conversations on both platforms, each message given, run, answered and kept, one after the other."""
    chance = random.Random(seed)  # noqa: S311 (it must replay)
    lines: list[Line] = []
    now = 1_000.0
    for number in range(1, EACH + 1):
        for talk in chance.sample(range(TALKS), TALKS):
            name, run = f"{'t' if talk % 2 else 'o'}{talk}", f"x{talk}-{number}"
            now += chance.random()
            lines += [
                Given(name, number, now, again=bool(talk % 2)),
                Ran(name, number, run, 0, "w", now + 0.01),
                Heard(name, number, run, 0, "w", now + 0.02),
                Logged(name, number, "in", run, "handled"),
                Logged(name, number, "out", run, "sent"),
            ]
    return lines + [
        Kept(f"{'t' if talk % 2 else 'o'}{talk}", list(range(1, EACH + 1)), EACH, now) for talk in range(TALKS)
    ]


def pick(lines: list[Line], kind: type[Line], chance: random.Random) -> int:
    return chance.choice([place for place, line in enumerate(lines) if type(line) is kind])


def kept(lines: list[Line], change: Callable[[list[int]], object], *, count: int = 0) -> None:
    """Change the list of one conversation; its counter by `count`."""
    line = lines[-1]
    assert isinstance(line, Kept)
    numbers = list(line.numbers)
    change(numbers)
    lines[-1] = Kept(line.conversation, numbers, line.count + count, line.at)


def logged(lines: list[Line], chance: random.Random, direction: str, outcome: str) -> None:
    place = chance.choice(
        [place for place, line in enumerate(lines) if isinstance(line, Logged) and line.direction == direction]
    )
    line = lines[place]
    assert isinstance(line, Logged)
    lines[place] = Logged(line.conversation, line.number, line.direction, line.execution, outcome)


def drop_row(lines: list[Line], chance: random.Random) -> None:
    """One that came in; whatever became of it stays."""
    lines.pop(
        chance.choice(
            [place for place, line in enumerate(lines) if isinstance(line, Logged) and line.direction == "in"]
        )
    )


def swap(numbers: list[int], chance: random.Random) -> None:
    place = chance.randrange(len(numbers) - 1)
    numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]


def swap_answers(lines: list[Line], chance: random.Random) -> None:
    """The platform hears two answers of one conversation the wrong way round."""
    places = [place for place, line in enumerate(lines) if isinstance(line, Heard) and line.conversation == "o0"]
    at = chance.randrange(len(places) - 1)
    first, second = places[at], places[at + 1]
    lines[first], lines[second] = lines[second], lines[first]


class Fault(NamedTuple):
    spoil: Callable[[list[Line], random.Random], object]
    says: str


FAULTS = {
    "a row is dropped": Fault(drop_row, "is not in the log"),
    "an effect is dropped": Fault(
        lambda lines, chance: kept(lines, lambda seen: seen.pop(chance.randrange(EACH)), count=-1), "left no effect"
    ),
    "an effect is doubled": Fault(
        lambda lines, chance: kept(
            lines, lambda seen: seen.insert(place := chance.randrange(EACH), seen[place]), count=1
        ),
        "happened 2 times",
    ),
    "an untold conversation": Fault(lambda lines, _: lines.pop(), "did not say at the end"),
    "half an effect": Fault(lambda lines, _: kept(lines, lambda _: None, count=1), "effects and counted 26"),
    "two effects are swapped": Fault(
        lambda lines, chance: kept(lines, lambda seen: swap(seen, chance)), "came after that of"
    ),
    "an answer is doubled": Fault(
        lambda lines, chance: lines.append(lines[pick(lines, Heard, chance)]), "arrived 2 times, 0 of them in doubt"
    ),
    "an answer is dropped": Fault(
        lambda lines, chance: lines.pop(pick(lines, Heard, chance)), "sent and never arrived"
    ),
    "two answers are swapped": Fault(swap_answers, "came after that to"),
    "an answer to nothing": Fault(
        lambda lines, _: lines.append(Heard("o0", 99, "x", 0, "w", 1.0)), "is not in the log"
    ),
    "an effect of nothing": Fault(
        lambda lines, _: kept(lines, lambda seen: seen.append(99), count=1), "is not in the log"
    ),
    "a row twice": Fault(lambda lines, _: lines.append(Logged("o0", 3, "in", "x0-3", "handled")), "in the log 2 times"),
    "still open": Fault(lambda lines, chance: logged(lines, chance, "in", ""), "is still open"),
    "shed": Fault(lambda lines, chance: logged(lines, chance, "in", "shed"), "ended as shed"),
    "left in sending": Fault(lambda lines, chance: logged(lines, chance, "out", "sending"), "still being sent"),
    "another execution": Fault(lambda lines, _: lines.append(Ran("o0", 3, "stray", 0, "w", 2.0)), "ran as stray"),
    "given and never accepted": Fault(
        lambda lines, _: lines.append(Given("t1", 99, 2.0, again=True)), "not in the log"
    ),
}


@pytest.mark.parametrize("seed", range(3))
def test_a_history_that_kept_every_promise_has_no_breach(seed: int) -> None:
    assert check(History.of(good(seed), sure=True)) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_found(fault: Fault, seed: int) -> None:
    lines = good(seed)
    fault.spoil(lines, random.Random(seed))  # noqa: S311 (it must replay)
    assert any(fault.says in sentence for sentence in check(History.of(lines)))


def test_what_cannot_be_given_again_may_be_lost_before_it_is_accepted() -> None:
    lines = [*good(1), Given("o0", 99, 2.0, again=False)]
    assert check(History.of(lines)) == []
    assert check(History.of(lines, sure=True)) != []


def test_an_answer_in_doubt_may_arrive_twice_and_late() -> None:
    lines = good(1)
    place = next(
        place
        for place, line in enumerate(lines)
        if isinstance(line, Logged) and (line.conversation, line.number, line.direction) == ("o0", 5, "out")
    )
    lines[place] = Logged("o0", 5, "out", "x0-5", "unknown")
    lines.append(Heard("o0", 5, "x0-5", 0, "w", 9_000.0))
    past = History.of(lines, sure=True)
    assert check(past) == []
    assert past.doubts(Name("o0", 5)) == 1


def test_an_answer_that_kagami_knows_to_be_unsent_is_counted_with_its_reason() -> None:
    lines = good(1)
    lines.append(Logged("o0", 99, "in", "y", "handled"))
    lines.append(Logged("o0", 99, "out", "y", "failed", "the account is offline"))
    past = History.of([*lines, Kept("o0", [*range(1, EACH + 1), 99], EACH + 1, 9_000.0)], sure=True)
    assert check(past) == []
    assert unsent(past) == {"the account is offline": 1}
    assert figures(past)["answers not sent"] == 1


def test_figures_count_from_the_gift_to_the_first_answer() -> None:
    lines: list[Line] = [Given("t", 1, 10.0, again=True), Given("t", 2, 11.0, again=True)]
    lines += [Heard("t", 1, "x", 0, "a", 10.5), Heard("t", 2, "y", 0, "b", 14.0), Struck("blow: w", 10.9, 12.0)]
    found = figures(History.of(lines))
    assert (found["p50 ms"], found["p99 ms"], found["caught up after s"]) == (3_000.0, 3_000.0, 2.0)
    assert found["slowest s, blow"] == 3.0
    assert (found["given"], found["answered"], found["answers a second"]) == (2, 2, 0.5)


def test_a_folder_is_read_as_it_was_written(tmp_path: Path) -> None:
    lines = good(2)
    write(tmp_path / PLATFORM, [line for line in lines if isinstance(line, Given | Heard)])
    write(tmp_path / PROBE, [line for line in lines if isinstance(line, Ran | Kept)])
    write(tmp_path / LOG, [line for line in lines if isinstance(line, Logged)])
    assert check(load(tmp_path, sure=True)) == []
    assert len(load(tmp_path).given) == TALKS * EACH
