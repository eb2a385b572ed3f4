"""What plugins reach outside: other hosts by HTTP, and files by reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec


class HttpAnswer(msgspec.Struct, frozen=True):
    """What a host answered; names in `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the range is its meaning

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self, type: Any = Any) -> Any:  # noqa: A002
        """`msgspec.DecodeError` when it is none."""
        return msgspec.json.decode(self.body, type=type)


class Http(Protocol):
    """Requests of one plugin, only to the hosts that its manifest names.

    `Denied` for another host, `Refused` for a private address, `Unavailable` when there is no answer in time or it
    is too large. Any status is an answer.
    """

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
    ) -> HttpAnswer: ...

    async def get(self, url: str, *, params: Mapping[str, str] | None = None, **options: Any) -> HttpAnswer: ...

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer: ...


class Reach(Protocol):
    """The house's way out."""

    def of(self, plugin: str, permissions: Sequence[str]) -> Http:
        """The way out of one plugin, by the `http:` words of its manifest."""
        ...

    async def download(self, url: str, target: Path, progress: Any = None) -> None:
        """Into a file; `progress(done, total)` in bytes, the total 0 when it is not known."""
        ...


class Media(Protocol):
    """Files by reference: `media:<sha256>.<ending>`. What is kept is never in an event, a log or the store."""

    def accept(self, content: bytes) -> str:
        """As `keep`, for those who cannot wait: it is on disk a moment later, and there for whoever asks meanwhile."""
        ...

    async def keep(self, content: bytes, name: str = "") -> str:
        """Keep a file; `Refused` when it is too large. The same content has the same reference, whatever its name."""
        ...

    async def read(self, reference: str) -> bytes:
        """`NotFound` when it is gone."""
        ...

    async def fetch(self, source: str) -> str:
        """Keep what an address (`http:`, `https:`, `data:`, `base64:`) leads to; a reference is its own."""
        ...

    def path(self, reference: str) -> Path:
        """Where it lies; `NotFound` when it is gone or the reference is none."""
        ...
