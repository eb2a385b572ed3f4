"""What plugins get in a dry run: everything can be read as it is, and whatever they do is noted in place of being done.

It holds for all that goes through a context. A plugin of this process that opens sockets or files by itself is as
free as ever.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import NotFound
from kagami.log import Log
from kagami.model.trace import Mark
from kagami.plugins.agenda import JOBS
from kagami.plugins.values import Values
from kagami.ports import Http, HttpAnswer, Media, Reach, StorePut
from kagami.ports.trials import Deed, DeedKind

READING = frozenset({"GET", "HEAD"})
LONGEST = 4_000
MOST_DEEDS = 500
_NOT_SENT = "not sent; the plugin was given an empty answer"
# What the host itself keeps among plugins' values begins so.
_FACTS = "@"


class Notes:
    """The deeds and marks of one dry run. What happens before `begin` belongs to the start of the plugins' copies."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.deeds: list[Deed] = []
        self._began = 0.0

    def clear(self) -> None:
        self.marks.clear()
        self.deeds.clear()
        self._began = 0.0

    def begin(self) -> None:
        self._began = time.monotonic()

    @property
    def us(self) -> int:
        return int((time.monotonic() - self._began) * 1e6) if self._began else 0

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(Mark(stage, self.us, detail))

    def did(self, kind: DeedKind, text: str, detail: str = "") -> None:
        if self._began and len(self.deeds) < MOST_DEEDS:
            self.deeds.append(Deed(kind, text[:LONGEST], detail[:LONGEST], self.us))

    def wrote(self, write: StorePut) -> None:
        if write.plugin == JOBS:
            self.did("job", write.key, write.value or "")
        elif not write.plugin.startswith(_FACTS):
            self.did("store", f"{write.plugin} {write.key}", "" if write.value is None else write.value)


class LayeredValues:
    """Plugins' values as they are kept, under what was written since."""

    def __init__(self, below: Values, notes: Notes) -> None:
        self._below = below
        self._notes = notes
        self._over: dict[tuple[str, str], str | None] = {}

    async def get(self, plugin: str, key: str) -> str | None:
        if (plugin, key) in self._over:
            return self._over[plugin, key]
        return await self._below.get(plugin, key)

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        found: dict[str, str | None] = {**await self._below.items(plugin, prefix)}
        found |= {key: text for (owner, key), text in self._over.items() if owner == plugin and key.startswith(prefix)}
        return {key: text for key, text in sorted(found.items()) if text is not None}

    async def keys(self, plugin: str, prefix: str) -> list[str]:
        return list(await self.items(plugin, prefix))

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        for each in writes:
            self._over[each.plugin, each.key] = each.value
            self._notes.wrote(each)


class NotedReach:
    """Implements `ports.Reach`. With `network`, what only reads goes out."""

    def __init__(self, below: Reach, notes: Notes, *, network: bool) -> None:
        self._below = below
        self._notes = notes
        self._network = network

    def of(self, plugin: str, permissions: Sequence[str]) -> Http:
        return NotedHttp(self._below.of(plugin, permissions), self._notes, network=self._network)

    async def download(self, url: str, target: Path, progress: Any = None) -> None:  # noqa: ARG002 - the port's
        self._notes.did("http", f"GET {url}", _NOT_SENT)
        raise NotFound(what="file", name=url)


class NotedHttp:
    """Implements `ports.Http`."""

    def __init__(self, below: Http, notes: Notes, *, network: bool) -> None:
        self._below = below
        self._notes = notes
        self._network = network

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        seconds: float | None = None,
    ) -> HttpAnswer:
        what = f"{method.upper()} {url}"
        if self._network and method.upper() in READING:
            self._notes.mark("http", what)
            answer = await self._below.request(method, url, params=params, headers=headers, seconds=seconds)
            self._notes.mark("http answer", str(answer.status))
            self._notes.did("http", what, str(answer.status))
            return answer
        said = msgspec.json.encode(json).decode() if json is not None else (body or b"").decode("utf-8", "replace")
        self._notes.did("http", what, f"{_NOT_SENT}  {said}".rstrip())
        return HttpAnswer(200, {}, b"{}", url)

    async def get(self, url: str, *, params: Mapping[str, str] | None = None, **options: Any) -> HttpAnswer:
        return await self.request("GET", url, params=params, **options)

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer:
        return await self.request("POST", url, json=json, **options)


class LayeredMedia:
    """Implements `ports.Media`: new files go into a folder of this run, `own`; those that are kept can be read."""

    def __init__(self, below: Media, own: Media, notes: Notes) -> None:
        self._below = below
        self._own = own
        self._notes = notes

    def accept(self, content: bytes) -> str:
        return self._noted(self._own.accept(content))

    async def keep(self, content: bytes, name: str = "") -> str:
        return self._noted(await self._own.keep(content, name))

    async def read(self, reference: str) -> bytes:
        try:
            return await self._own.read(reference)
        except NotFound:
            return await self._below.read(reference)

    async def fetch(self, source: str) -> str:
        if source.startswith(("http:", "https:")):
            self._notes.did("http", f"GET {source}", _NOT_SENT)
            raise NotFound(what="file", name=source)
        return self._noted(await self._own.fetch(source))

    def path(self, reference: str) -> Path:
        try:
            return self._own.path(reference)
        except NotFound:
            return self._below.path(reference)

    def _noted(self, reference: str) -> str:
        self._notes.did("media", reference)
        return reference


class NotedLog(Log):
    """Lines go into the notes and nowhere else."""

    __slots__ = ("_notes",)

    def __init__(self, source: str, notes: Notes) -> None:
        super().__init__(source)
        self._notes = notes

    def _say(self, level: int, text: str, fields: dict[str, object], cause: BaseException | None = None) -> None:  # noqa: ARG002
        told = "".join(f" {name}={value}" for name, value in fields.items())
        self._notes.did("log", f"{text}{told}", f"{type(cause).__name__}: {cause}" if cause else "")
