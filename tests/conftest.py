"""What every test shares: how Hypothesis looks for counter-examples."""

from __future__ import annotations

from hypothesis import settings

# Machines of any speed, and no folder of examples beside the source; a failure prints what replays it.
settings.register_profile("kagami", deadline=None, database=None, print_blob=True)
settings.load_profile("kagami")
