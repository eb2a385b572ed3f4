"""`[web]`: health, metrics and the HTTP interface."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.core.secrets import Secret

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class WebConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Port 0 takes any free one. `hosts` are names beside the bound address that requests may be addressed to.

    `origins` are pages of other sites (`https://host:port`) that may call the interface with a token. Who knows
    `metrics_token` may read `/metrics` from another machine. `trusted_proxies` are addresses and networks
    (`10.0.0.0/8`) whose word on where a request came from is believed. What `jwt_secret_before` signed still counts,
    for as long as several engines change their secret one after the other.
    """

    host: str = "127.0.0.1"
    port: Port = 5000
    jwt_secret: Secret = Secret()
    jwt_secret_before: Secret = Secret()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: Secret = Secret()
    sessions: Annotated[int, msgspec.Meta(ge=0, le=200)] = 20
    sessions_per_person: Annotated[int, msgspec.Meta(ge=1, le=200)] = 10
    idle_minutes: Annotated[int, msgspec.Meta(ge=0, le=43_200)] = 480
