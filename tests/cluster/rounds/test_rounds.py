"""Every scenario of `scenarios`, short; `$KAGAMI_CLUSTER_EVENTS` makes them longer, `$KAGAMI_CLUSTER_SEED` replays."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.cluster.rounds.rounds import play
from tests.cluster.rounds.scenarios import SCENARIOS

EVENTS = int(os.environ.get("KAGAMI_CLUSTER_EVENTS", "0"))
SEED = os.environ.get("KAGAMI_CLUSTER_SEED")
WHOLE = not EVENTS or EVENTS >= 10_000
SECONDS = 600 + EVENTS / 20

pytestmark = [pytest.mark.service, pytest.mark.timeout(SECONDS)]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_nothing_accepted_is_lost_doubled_or_inverted(name: str, tmp_path: Path) -> None:
    seed = int(SEED) if SEED else random.SystemRandom().randrange(1 << 32)
    found = await play(SCENARIOS[name], tmp_path, seed=seed, events=EVENTS)
    assert found.breaches == [], str(found)
    # In a short round there is too little of anything to have a speed.
    missed = (
        found.missed if WHOLE else [each for each in found.missed if " messages " in each or " conversations " in each]
    )
    assert missed == [], str(found)
    print(f"{name}\n{found}")  # noqa: T201 - the figures, for whoever asked for them with -s
