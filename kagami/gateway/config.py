"""`[gateway]`: the port that OneBot 11 implementations and applications connect to."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.core.secrets import Secret

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Port 0 takes any free one. `origins` may open WebSockets from web pages, `hosts` are further accepted names."""

    host: str = "127.0.0.1"
    port: Port = 3001
    token: Secret = Secret()
    query_token: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
