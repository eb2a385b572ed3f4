from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kagami.operations.system import Status
from kagami.plugins.process.border import MOST_FETCHES
from kagami.ports.reach import HttpAnswer
from kagami.testing.chat import PluginChat
from tests.plugins.process.children import room

# Makes the requests of a list, one after the other, and says what came of them.
ASKS = """
ready(commands=[{"names": ["do"]}, {"names": ["run"], "operator": True}], jobs=[{"name": "wake"}])
while True:
    event = hear()
    if event["type"] != "event": break
    found = []
    for number, (kind, name, payload) in enumerate(json.loads(event["payload"]["args"])):
        say(type=kind, id=f"{event['id']}.{number}", event=event["id"], name=name, payload=payload)
        answer = hear()
        found.append(answer["payload"] if answer["ok"] else answer["error"]["code"])
    result(event, json.dumps(found))
"""


@asynccontextmanager
async def asking(tmp_path: Path, *permissions: str) -> AsyncIterator[PluginChat]:
    async with room(tmp_path, ASKS, permissions=permissions) as (chat, _):
        yield chat


async def ask(chat: PluginChat, *requests: tuple[str, str, dict[str, Any]], admin: bool = False) -> list[Any]:
    await chat.says(f"{'#run' if admin else '/do'} {json.dumps(requests)}", admin=admin)
    found = json.loads(await chat.hears())
    assert isinstance(found, list)
    return found


async def test_values_are_kept_read_listed_and_deleted(tmp_path: Path) -> None:
    async with asking(tmp_path, "store") as chat:
        found = await ask(
            chat,
            ("storage", "put", {"key": "a:1", "value": {"n": 1}}),
            ("storage", "put", {"key": "b", "value": None}),
            ("storage", "get", {"key": "a:1"}),
            ("storage", "get", {"key": "b"}),
            ("storage", "keys", {"prefix": "a:"}),
            ("storage", "items", {}),
            ("storage", "delete", {"key": "a:1"}),
            ("storage", "get", {"key": "a:1"}),
        )
    assert found == [
        {},
        {},
        {"found": True, "value": {"n": 1}},
        {"found": True, "value": None},
        {"keys": ["a:1"]},
        {"items": {"a:1": {"n": 1}, "b": None}},
        {},
        {"found": False, "value": None},
    ]


async def test_a_job_is_scheduled_listed_and_dropped(tmp_path: Path) -> None:
    async with asking(tmp_path, "jobs") as chat:
        put, listed, dropped, again = await ask(
            chat,
            ("job", "put", {"key": "k", "job": "wake", "after": 3600, "data": [1]}),
            ("job", "list", {}),
            ("job", "drop", {"key": "k"}),
            ("job", "drop", {"key": "k"}),
        )
    (row,) = listed["jobs"]
    assert (row["key"], row["job"], row["data"], row["due_ms"]) == ("k", "wake", [1], put["due_ms"])
    assert (dropped, again) == ({"dropped": True}, {"dropped": False})


@pytest.mark.parametrize(
    ("kind", "name"), [("storage", "get"), ("storage", "put"), ("job", "put"), ("job", "list"), ("http", "")]
)
async def test_nothing_is_done_without_its_permission(tmp_path: Path, kind: str, name: str) -> None:
    async with asking(tmp_path) as chat:
        payload = {"key": "k", "url": "https://example.org"}
        assert await ask(chat, (kind, name, payload)) == ["Denied"]


@pytest.mark.parametrize(
    ("kind", "name", "payload"),
    [
        ("action", "explode", {}),
        ("action", "reply", {"message": 7}),
        ("action", "reply", {"message": [{"type": "bomb"}]}),
        ("storage", "explode", {}),
        ("storage", "put", {"key": ""}),
        ("storage", "get", {"key": ["a"]}),
        ("ask", "", {"timeout": -1}),
        ("ask", "", {"wanted": {"kind": "soul"}}),
        ("http", "", {"url": "http://x", "body": "not base64!"}),
        ("job", "put", {"key": "k", "job": "wake"}),
        ("job", "put", {"key": "k", "job": "wake", "after": 1e300}),
        ("job", "put", {"key": "k", "job": "wake", "at": 10**17}),
        ("job", "put", {"key": "k", "job": "wake", "timetable": "now and then"}),
        ("job", "explode", {}),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_usage_error(
    tmp_path: Path, kind: str, name: str, payload: dict[str, Any]
) -> None:
    async with asking(tmp_path, "*") as chat:
        assert await ask(chat, (kind, name, payload)) == ["UsageError"]


async def test_an_operation_needs_both_the_permission_and_an_operator(tmp_path: Path) -> None:
    request = ("action", "operate", {"name": "system.status", "request": {}})
    async with asking(tmp_path, "*") as chat:
        assert await ask(chat, request, admin=True) == ["Denied"]
    async with asking(tmp_path / "again", "operate") as chat:
        chat.answers[Status] = {"fine": True}
        assert await ask(chat, request) == ["Denied"]
        assert await ask(chat, request, admin=True) == [{"answer": {"fine": True}}]


@pytest.mark.parametrize(
    ("name", "request_", "code"),
    [("system.nothing", {}, "NotFound"), ("system.status", {"no": "such key"}, "UsageError")],
)
async def test_an_operation_that_is_none_is_refused(
    tmp_path: Path, name: str, request_: dict[str, Any], code: str
) -> None:
    async with asking(tmp_path, "operate") as chat:
        request = ("action", "operate", {"name": name, "request": request_})
        assert await ask(chat, request, admin=True) == [code]


async def test_the_commands_of_all_plugins_are_told(tmp_path: Path) -> None:
    async with asking(tmp_path) as chat:
        ((found),) = await ask(chat, ("action", "commands", {}))
    assert {row["name"] for row in found["commands"]} == {"do", "ping"}


async def test_a_refused_permission_is_in_the_trace(tmp_path: Path) -> None:
    async with asking(tmp_path) as chat:
        execution = await chat.says('/do [["storage", "get", {"key": "k"}]]')
        await chat.hears()
        assert "denied store" in execution.marks


class Mirror:
    """Answers what it was asked."""

    def __init__(self, size: int = 0) -> None:
        self._size = size

    async def request(self, method: str, url: str, *, body: bytes | None = None, **options: Any) -> HttpAnswer:
        return HttpAnswer(200, {"x-method": method}, (body or b"") + bytes(self._size), url)

    async def get(self, url: str, **options: Any) -> HttpAnswer:
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> HttpAnswer:
        return await self.request("POST", url, **options)


async def test_http_goes_through_the_house(tmp_path: Path) -> None:
    async with room(tmp_path, ASKS, permissions=["http:example.org"]) as (chat, child):
        assert child.kit is not None
        child.kit.http = Mirror()
        payload = {"method": "POST", "url": "https://example.org/x", "body": b64encode(b"\x00hello").decode()}
        (found,) = await ask(chat, ("http", "", payload))
        assert found == {
            "status": 200,
            "headers": {"x-method": "POST"},
            "body": b64encode(b"\x00hello").decode(),
            "url": "https://example.org/x",
        }


async def test_an_answer_that_is_too_long_for_a_line_is_an_error(tmp_path: Path) -> None:
    async with room(tmp_path, ASKS, permissions=["http:*"]) as (chat, child):
        assert child.kit is not None
        child.kit.http = Mirror(1 << 20)
        assert await ask(chat, ("http", "", {"url": "https://example.org/x"})) == ["WireError"]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("reply", {"message": [{"type": "image", "file": "file:///etc/passwd"}]}),
        ("send", {"chat": "group:1", "message": [{"type": "voice", "file": "", "extra": {"file": "/etc/passwd"}}]}),
        ("call", {"name": "upload_group_file", "params": {"file": "/etc/passwd", "name": "a.txt"}}),
    ],
)
async def test_a_child_cannot_send_a_file_that_it_may_not_read(
    tmp_path: Path, name: str, payload: dict[str, Any]
) -> None:
    async with asking(tmp_path, "*") as chat:
        assert await ask(chat, ("action", name, payload)) == ["UsageError"]


async def test_nor_can_its_answer(tmp_path: Path) -> None:
    code = """
ready()
while True: result(hear(), [{"type": "image", "file": "file:///etc/passwd"}])
"""
    async with room(tmp_path, code) as (chat, _):
        await chat.says("/do")
        await chat.finished()
        assert "file of another machine" in await chat.hears()


async def test_a_long_name_is_not_taken_for_its_beginning(tmp_path: Path) -> None:
    async with asking(tmp_path, f"call:{'a' * 100}") as chat:
        assert await ask(chat, ("action", "call", {"name": "a" * 101})) == ["Denied"]


class Crowd(Mirror):
    """Lets nobody out before as many are in as may be."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._full = asyncio.Event()

    async def request(self, method: str, url: str, *, body: bytes | None = None, **options: Any) -> HttpAnswer:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == MOST_FETCHES:
            self._full.set()
        await self._full.wait()
        await asyncio.sleep(0)
        self.now -= 1
        return HttpAnswer(200, {}, b"", url)


async def test_few_fetch_at_once(tmp_path: Path) -> None:
    code = f"""
ready()
event = hear()
for number in range({MOST_FETCHES + 3}):
    say(type="http", id=str(number), event=event["id"], payload={{"url": "http://example.org/"}})
for number in range({MOST_FETCHES + 3}): hear()
result(event, "done")
hear()
"""
    async with room(tmp_path, code, permissions=["http:*"]) as (chat, child):
        assert child.kit is not None
        crowd = child.kit.http = Crowd()
        await chat.says("/do")
        assert await chat.hears() == "done"
        assert crowd.most == MOST_FETCHES
