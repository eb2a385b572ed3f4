"""`[plugins]`: where plugins live, and their settings."""

from __future__ import annotations

from typing import Any

import msgspec


class PluginsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty `dir` is `plugins` in the home. `settings.<id>` is the plugin's own, checked by the plugin."""

    dir: str = ""
    settings: dict[str, dict[str, Any]] = {}
