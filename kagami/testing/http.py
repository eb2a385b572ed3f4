"""Other hosts for tests of plugins: what they answer, and what they were asked.

http = FakeHttp({"https://api.example.com/weather": {"sky": "clear"}})
async with chat_with(plugin, http=http) as chat: ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from kagami.errors import KagamiError
from kagami.ports import HttpAnswer

__all__ = ["Asked", "FakeHttp"]


class Asked(NamedTuple):
    """A request; its `params` are in `url`, its `json` is in `body`."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class FakeHttp:
    """Implements `ports.Reach` and `ports.Http`; every host is allowed.

    `answers` are by address, with its query or without: an `HttpAnswer`, bytes, an error to raise such as
    `Unavailable`, or anything else as JSON. A request to another address fails the test. `asked` are all requests, the
    oldest first.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[Asked] = []

    def of(self, plugin: str, permissions: Sequence[str]) -> FakeHttp:  # noqa: ARG002 - the port's
        return self

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        seconds: float | None = None,  # noqa: ARG002 - it answers at once
    ) -> HttpAnswer:
        if params:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        content = body or b"" if json is None else msgspec.json.encode(json)
        self.asked.append(Asked(method.upper(), url, dict(headers or {}), content))
        found = next((each for each in (url, url.partition("?")[0]) if each in self.answers), None)
        if found is None:
            raise AssertionError(f"the test has no answer for {method.upper()} {url}")
        return _answer(url, self.answers[found])

    async def get(self, url: str, *, params: Mapping[str, str] | None = None, **options: Any) -> HttpAnswer:
        return await self.request("GET", url, params=params, **options)

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer:
        return await self.request("POST", url, json=json, **options)

    async def download(self, url: str, target: Path, progress: Any = None) -> None:
        answer = await self.request("GET", url)
        target.write_bytes(answer.body)  # noqa: ASYNC240 - a few bytes
        if progress is not None:
            progress(len(answer.body), len(answer.body))


def _answer(url: str, given: Any) -> HttpAnswer:
    match given:
        case KagamiError():
            raise given
        case HttpAnswer():
            return given
        case bytes():
            return HttpAnswer(200, {}, given, url)
        case _:
            return HttpAnswer(200, {"content-type": "application/json"}, msgspec.json.encode(given), url)
