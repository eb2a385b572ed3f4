"""A market of a test: an author who packs plugins, a runner who signs the index, and homes that install from it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import Unavailable
from kagami.plugins import signing
from kagami.plugins.config import MarketConfig, PluginsConfig
from kagami.plugins.deliveries import Deliveries
from kagami.plugins.market import FILE, Index, make_index
from kagami.plugins.package import Progress, pack
from kagami.plugins.recalls import Recall
from kagami.ports import Http

CODE = """
from kagami.plugins.api import Plugin
plugin = Plugin()
@plugin.command("version")
async def version(ctx):
    return "{version}"
"""
NOW_MS = 1_764_000_000_000


class Road:
    """Downloads without a guard, counts them, and is closed when a test says so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.closed = False

    async def download(self, url: str, target: Path, progress: Callable[[int, int], None] | None = None) -> None:
        self.taken.append(url)
        if self.closed:
            raise Unavailable(what="127.0.0.1", reason="the road is closed")
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: ASYNC210, S310
            content = answer.read()
        if progress is not None:
            progress(len(content), len(content))
        target.write_bytes(content)  # noqa: ASYNC240

    def of(self, plugin: str, permissions: Any) -> Http:
        raise Unavailable(what="ctx.http", reason="this road is for downloads")


class Bazaar:
    """`stand` is the market's folder; `folder` the plugins' folder of one home."""

    def __init__(self, room: Path) -> None:
        self._room = room
        self.stand, self.folder = room / "stand", room / "plugins"
        self.stand.mkdir()
        self.key, self.author_key = room / "market.key", room / "author.key"
        self.public = signing.make_key(self.key)
        self.author = signing.make_key(self.author_key)
        self.road, self.steps = Road(), list[Progress]()
        self.pinned: set[str] = set()
        self.at_ms = NOW_MS

    def source(self, version: str = "1.0.0", plugin: str = "greeter", *, changes: str = "", **keys: Any) -> Path:
        place = self._room / "sources" / f"{plugin}-{version}"
        place.mkdir(parents=True, exist_ok=True)
        place.joinpath("main.py").write_text(CODE.format(version=version))
        place.joinpath("CHANGES.md").write_text(f"# {version}\n\n{changes}\n\n# 0.0.1\n\nOld news\n")
        told = {"id": plugin, "version": version, "entry": "main:plugin"} | keys
        place.joinpath("plugin.json").write_text(json.dumps(told))
        return place

    def offer(self, version: str = "1.0.0", plugin: str = "greeter", *, key: Path | None = None, **more: Any) -> Path:
        """A signed package in the market's folder; `publish` makes it known."""
        return pack(self.source(version, plugin, **more), self.stand, key or self.author_key)

    def publish(self, *recalls: Recall) -> Index:
        self.at_ms += 1000
        return make_index(self.stand, self.key, at_ms=self.at_ms, recalls=recalls, trust=[self.author])

    def forge(self, change: Callable[[dict[str, Any]], None], key: Path | None = None) -> None:
        """Change the index afterwards; with a `key` it is signed again."""
        path = self.stand / FILE
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        change(document)
        if key is not None:
            document["signature"] = signing.sign(signing.canonical(document), key)
        path.write_bytes(msgspec.json.encode(document))

    def config(self, url: str = "", **market: Any) -> PluginsConfig:
        told = {"url": url or str(self.stand), "key": self.public} | market
        return PluginsConfig(trust=(self.author,), market=MarketConfig(**told))

    def deliveries(self, url: str = "", **more: Any) -> Deliveries:
        market = {name: more.pop(name) for name in ("key", "mirror") if name in more}
        given: dict[str, Any] = {"pinned": lambda: self.pinned, "told": self.steps.append} | more
        return Deliveries(self.folder, self.config(url, **market), self.road, **given)

    def versions(self, plugin: str = "greeter") -> list[str]:
        """What stands on the disk."""
        return sorted(each.name for each in (self.folder / plugin).glob("*"))
