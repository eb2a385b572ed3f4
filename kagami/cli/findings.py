"""What `kagami doctor` says of one thing."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """`fix` is what to do; empty when nothing is to be done."""

    state: Literal["ok", "warn", "bad"]
    subject: str
    text: str
    fix: str = ""
