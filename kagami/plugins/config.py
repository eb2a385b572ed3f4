"""`[plugins]`: where plugins live, what they may use, and their settings."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Some = Annotated[int, msgspec.Meta(ge=1)]


class ProcessConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a plugin that is a process of its own, for the whole of its processes."""

    memory_mb: Some = 512
    processes: Some = 64
    disk_mb: Some = 1024
    cpu_seconds: Annotated[int, msgspec.Meta(ge=0)] = 0
    messages_per_second: Some = 1000


class MarketConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is a folder or an address with `index.json`; `key` signs it. `mirror` stands in for the index's host.

    `packages` is the Python package index from which dependencies come, empty for the usual one.
    """

    url: str = ""
    key: str = ""
    mirror: str = ""
    packages: str = ""


class HttpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What plugins reach by `ctx.http`. `private` lists hosts in private networks that they may reach all the same."""

    proxy: str = ""
    private: tuple[str, ...] = ()
    seconds: float = 30.0
    largest_mb: Some = 32


class PluginsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty `dir` is `plugins` in the home. `settings.<id>` is the plugin's own, checked by the plugin.

    `watch` reloads a plugin whose files change. `rename.<id>` maps commands to other names, `roles.<id>` to the role
    that they need. `trust` are public keys (`ed25519:…`) whose packages may be installed.
    """

    dir: str = ""
    watch: bool = False
    settings: dict[str, dict[str, Any]] = {}
    rename: dict[str, dict[str, str]] = {}
    roles: dict[str, dict[str, str]] = {}
    trust: tuple[str, ...] = ()
    process: ProcessConfig = ProcessConfig()
    market: MarketConfig = MarketConfig()
    http: HttpConfig = HttpConfig()
