"""Who asks for an operation."""

from __future__ import annotations

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """`kind` is `console`, `chat` or `system`; `name` is for the audit (`qq:10001`); `scopes` may hold `*`."""

    kind: str
    name: str
    scopes: frozenset[str] = frozenset()


CONSOLE = Principal("console", "console", frozenset({"*"}))
SYSTEM = Principal("system", "system", frozenset({"*"}))
