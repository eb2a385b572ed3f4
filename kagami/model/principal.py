"""Who asks for an operation."""

from __future__ import annotations

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """Who, for the audit too: `kind` is `console`, `chat`, `person`, `token` or `system`, `name` such as `qq:10001`.

    `scopes` may hold `*`, `*:read` and `bots:*`; `address` is where a request came from, empty on this machine.
    """

    kind: str
    name: str
    scopes: frozenset[str] = frozenset()
    address: str = ""


CONSOLE = Principal("console", "console", frozenset({"*"}))
SYSTEM = Principal("system", "system", frozenset({"*"}))
