"""Requests that carry the keys of a table of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kagami.core.secrets import HIDDEN
from kagami.operations.registry import Request

_BARE = "?"


class Keyed(Request, frozen=True):
    """`keys` are further ones, dotted names with their values (`bots.kinds` and `workers.form` list them)."""

    url: str = ""
    token: str = ""
    keys: dict[str, Any] = msgspec.field(default_factory=dict)

    def told(self) -> msgspec.Struct:
        """An address without its password and its query, and no secret."""
        scheme, found, rest = self.url.partition("://")
        url = f"{scheme}://{rest.partition(_BARE)[0].rpartition('@')[2]}" if found else HIDDEN if self.url else ""
        token = HIDDEN if self.token else ""
        return msgspec.structs.replace(self, url=url, token=token, keys=dict.fromkeys(self.keys, HIDDEN))

    def given(self) -> Mapping[str, Any]:
        named = {"url": self.url, "token": self.token}
        return {**{name: value for name, value in named.items() if value}, **self.keys}
