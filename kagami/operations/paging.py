"""How a list is asked for in parts."""

from __future__ import annotations

from typing import Annotated

import msgspec

# What any database counts to.
_MOST = 1 << 53
# How many rows at most; an operation gives no more than it bears.
Limit = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
# What rows are looked through for: each word of it is tried on each row.
Words = Annotated[str, msgspec.Meta(max_length=1_000)]
# Rows with a number below this one; 0: from the newest.
Before = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
