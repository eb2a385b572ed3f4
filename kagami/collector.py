"""When Python looks for garbage: what a start makes stays, and looking through it again and again is a sixth of it."""

from __future__ import annotations

import gc

_OBJECTS_OF_A_START = 200_000
# Looking through the young ones seldom costs a message least; the others are looked through in proportion.
_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50
_USUAL = gc.get_threshold()


def wait() -> None:
    """For the time of a start; `run_seldom` or `run_as_usual` ends it."""
    gc.set_threshold(_OBJECTS_OF_A_START)


def run_seldom() -> None:
    """Once everything that stays has been made."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def run_as_usual() -> None:
    """Where nobody says when it has started, or that it will end soon."""
    gc.set_threshold(*_USUAL)
