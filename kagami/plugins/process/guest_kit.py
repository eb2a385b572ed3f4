"""The parts of a child's kit: each does over the pipe what its namesake does in process."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from kagami.core.timetable import Missed
from kagami.plugins.context import Lifetime
from kagami.plugins.jobs import PluginJobs, Scheduled
from kagami.plugins.kit import Kit
from kagami.plugins.process import wire
from kagami.plugins.process.guest_pipe import Pipe
from kagami.plugins.settings import Settings
from kagami.ports import HttpAnswer, StorePut

S = TypeVar("S", bound=Settings)
_SECOND = timedelta(seconds=1)


class Line:
    """Requests in the name of one call; in nobody's when `event` is empty, as it is when the call is over."""

    def __init__(self, pipe: Pipe, event: str = "") -> None:
        self._pipe = pipe
        self.event = event

    async def request(self, kind: type[wire.Request], payload: dict[str, Any], name: str = "") -> dict[str, Any]:
        return await self._pipe.request(kind, payload, name=name, event=self.event)


class PipeValues:
    """Implements `Values`: the host knows whose they are."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def get(self, plugin: str, key: str) -> str | None:  # noqa: ARG002
        answer = await self._line.request(wire.Storage, {"key": key}, "get")
        return msgspec.json.encode(answer.get("value")).decode() if answer.get("found") else None

    async def keys(self, plugin: str, prefix: str) -> list[str]:  # noqa: ARG002
        return list((await self._line.request(wire.Storage, {"prefix": prefix}, "keys")).get("keys", ()))

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:  # noqa: ARG002
        found = (await self._line.request(wire.Storage, {"prefix": prefix}, "items")).get("items", {})
        return {key: msgspec.json.encode(value).decode() for key, value in found.items()}

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        for write in writes:
            if write.value is None:
                await self._line.request(wire.Storage, {"key": write.key}, "delete")
            else:
                value = msgspec.Raw(write.value.encode())
                await self._line.request(wire.Storage, {"key": write.key, "value": value}, "put")


class GuestJobs(PluginJobs):
    """The host keeps them, and makes a handler's changes real together with the event's completion."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line
        self.execution = None

    async def put(
        self,
        key: str,
        job: str,
        *,
        at: datetime | None = None,
        after: timedelta | float | None = None,
        timetable: str = "",
        data: Any = None,
        missed: Missed = "once",
    ) -> datetime:
        plan = {
            "key": key,
            "job": job,
            "at": None if at is None else max(0, int(at.timestamp() * 1000)),
            "after": after / _SECOND if isinstance(after, timedelta) else after,
            "timetable": timetable,
            "data": data,
            "missed": missed,
        }
        return _local((await self._line.request(wire.Job, plan, "put"))["due_ms"])

    async def drop(self, key: str) -> bool:
        return bool((await self._line.request(wire.Job, {"key": key}, "drop")).get("dropped"))

    async def list(self, prefix: str = "") -> Sequence[Scheduled]:
        rows = (await self._line.request(wire.Job, {"prefix": prefix}, "list")).get("jobs", ())
        return [
            Scheduled(row["key"], row["job"], _local(row["due_ms"]), row["timetable"], row.get("data")) for row in rows
        ]


class GuestHttp:
    """Implements `ports.Http`: the host fetches, within its limits; a child has no network of its own."""

    def __init__(self, line: Line) -> None:
        self._line = line

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
        if json is not None:
            body = msgspec.json.encode(json)
            headers = {"Content-Type": "application/json"} | dict(headers or {})
        payload: dict[str, Any] = {"method": method, "url": url, "headers": dict(headers or {})}
        payload |= {"body": None if body is None else b64encode(body).decode()}
        payload |= {key: value for key, value in (("params", params), ("seconds", seconds)) if value is not None}
        answer = await self._line.request(wire.Http, payload)
        return HttpAnswer(answer["status"], answer["headers"], b64decode(answer["body"]), answer.get("url", url))

    async def get(self, url: str, *, params: Mapping[str, str] | None = None, **options: Any) -> HttpAnswer:
        return await self.request("GET", url, params=params, **options)

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer:
        return await self.request("POST", url, json=json, **options)


class GuestLifetime(Lifetime[S]):
    """What hooks get in a child."""

    __slots__ = ("_own_jobs",)

    def __init__(self, kit: Kit, line: Line) -> None:
        super().__init__(kit)
        self._own_jobs = GuestJobs(line)

    @property
    def jobs(self) -> PluginJobs:
        return self._own_jobs


def _local(due_ms: int) -> datetime:
    return datetime.fromtimestamp(due_ms / 1000, UTC).astimezone()
