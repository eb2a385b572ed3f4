"""The `[cluster]` section of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kagami.core.secrets import Secret


class ClusterConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several processes on one PostgreSQL. A `gateway` has the accounts, a `worker` handles what they bring.

    `node` is this process' name among them; without one, the machine's with something of its own. A process that is
    silent for `lease_seconds` is dead to the others. Of `secret`, the same for all, they make the secrets they share.
    """

    role: Literal["all", "gateway", "worker"] = "all"
    node: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    lease_seconds: Annotated[float, msgspec.Meta(ge=1, le=300)] = 15.0
    secret: Secret = Secret()
