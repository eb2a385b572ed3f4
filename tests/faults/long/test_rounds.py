"""Kagami killed twenty times; `tests/faults/rounds.py` kills it as often as it is told to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.rounds import play

ROUNDS = 20


@pytest.mark.service
@pytest.mark.timeout(180)
async def test_nothing_accepted_is_lost_inverted_or_doubled_by_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    breaches, figures = await play(ROUNDS, seed, tmp_path)
    assert breaches == [], figures
    assert isinstance(figures["accepted"], int)
    assert figures["accepted"] > ROUNDS, figures
