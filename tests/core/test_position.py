from __future__ import annotations

from kagami.core.partition import EACH, SLOTS, following, slot_of
from kagami.core.position import Position

THREE, FIVE = 3 * EACH, 5 * EACH


def test_a_number_tells_whose_it_is() -> None:
    assert [slot_of(following(0, 2_000_000_000_000, slot)) for slot in (0, 7, SLOTS - 1)] == [0, 7, SLOTS - 1]
    assert slot_of(following(0, 2_000_000_000_000, 7), 1) == 0


def test_each_slot_is_taken_by_itself() -> None:
    position = Position.at(0, SLOTS)
    position.advance(FIVE)
    assert position.has(FIVE)
    assert not position.has(THREE)
    assert not position.has(FIVE + 1)
    assert position.highest == FIVE


def test_alone_there_is_one_line_of_numbers() -> None:
    position = Position([FIVE])
    assert position.has(THREE)
    assert position.numbers == (FIVE,)


def test_it_never_goes_back() -> None:
    position = Position([5])
    position.advance(3)
    assert position == Position([5])


def test_one_is_behind_where_the_other_has_more_of_somebodys() -> None:
    one, other = Position.at(0, SLOTS), Position.at(0, SLOTS)
    one.advance(THREE)
    other.advance(FIVE)
    assert one.behind(other)
    assert other.behind(one)
    one.lift(other)
    assert not one.behind(other)


def test_a_copy_goes_its_own_way() -> None:
    one = Position([5])
    other = one.copy()
    other.advance(6)
    assert one == Position([5])
    assert one != 5
    assert repr(one) == "Position([5])"
