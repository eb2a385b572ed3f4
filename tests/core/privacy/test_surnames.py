"""The tables do not contradict one another."""

from __future__ import annotations

from kagami.core.privacy.surnames import AMBIGUOUS, COMMON, COMPOUND, ENGLISH, FAMILIAR, NO_ENGLISH, SURNAMES


def test_a_surname_is_common_or_ambiguous() -> None:
    assert not COMMON & AMBIGUOUS
    assert SURNAMES >= FAMILIAR
    assert {len(each) for each in COMPOUND} == {2}


def test_no_given_name_is_a_word_that_cannot_be_one_except_months() -> None:
    assert {"may", "will", "april", "june"} >= ENGLISH & NO_ENGLISH
