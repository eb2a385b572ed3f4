"""The `[store]` section of the configuration."""

from __future__ import annotations

import msgspec

from kagami.core.secrets import Secret


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is a path, `sqlite:///path` or empty for `kagami.db` in the home.

    Messages and traces older than `keep_days`, and the oldest ones above `keep_mb` (MiB of content), are removed each
    hour; 0 keeps them for ever.
    """

    url: Secret = Secret()
    keep_days: float = 365
    keep_mb: int = 2048
