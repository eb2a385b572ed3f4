"""`[web]`: health, metrics and the HTTP interface."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.core.secrets import Secret

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class WebConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Port 0 takes any free one. `hosts` are names beside the bound address that requests may be addressed to."""

    host: str = "127.0.0.1"
    port: Port = 5000
    jwt_secret: Secret = Secret()
    hosts: tuple[str, ...] = ()
