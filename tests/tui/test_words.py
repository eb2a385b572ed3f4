from __future__ import annotations

from typing import get_args

import pytest

from kagami.model.trace import Outcome
from kagami.tui.looks import GLYPHS, TIERS
from kagami.tui.words import EXPLAINED, OUTCOMES, outcome_span


def test_every_outcome_has_a_word_and_an_explanation() -> None:
    assert set(get_args(Outcome)) <= OUTCOMES.keys()
    assert set(get_args(Outcome)) == EXPLAINED.keys()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_colour_is_never_the_only_sign(outcome: str) -> None:
    for tier in TIERS:
        sign, _, word = outcome_span(outcome, GLYPHS[tier], str).text.partition(" ")
        assert sign
        assert word


def test_an_unknown_outcome_is_shown_as_it_is() -> None:
    assert outcome_span("odd", GLYPHS["full"], str).text == "○ odd"
