"""Settings of the privacy guard."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Kind = Literal["id", "card", "phone", "mail", "ip", "name"]
Where = Literal["logs", "traces", "operations", "children", "models"]
ALL_KINDS: tuple[Kind, ...] = ("id", "card", "phone", "mail", "ip", "name")
PLACES: tuple[Where, ...] = ("logs", "traces", "operations", "children", "models")
# What `restore` can read back from a stand-in.
_PATTERN_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


class PrivacyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`patterns` are expressions of RE2 by the names that their stand-ins have; `names` are people's."""

    enabled: bool = False
    kinds: tuple[Kind, ...] = ALL_KINDS
    names: tuple[str, ...] = ()
    patterns: dict[str, str] = {}
    where: tuple[Where, ...] = PLACES


def is_pattern_name(name: str) -> bool:
    return bool(_PATTERN_NAME.fullmatch(name)) and name not in ALL_KINDS
