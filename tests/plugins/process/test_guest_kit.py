from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kagami.plugins.process.guest_kit import GuestHttp, GuestJobs, PipeValues
from kagami.ports import Http, StorePut
from tests.plugins.process.guesthost import ScriptedLine


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"found": True, "value": {"a": [1]}}, '{"a":[1]}'),
        ({"found": True, "value": None}, "null"),
        ({"found": False, "value": None}, None),
        ({}, None),
    ],
)
async def test_a_value_is_read_as_json_text(answer: dict[str, object], text: str | None) -> None:
    assert await PipeValues(ScriptedLine(answer)).get("tested", "k") == text


async def test_keys_and_items_are_those_of_the_host() -> None:
    line = ScriptedLine({"keys": ["a", "b"]}, {"items": {"a": 1}})
    values = PipeValues(line)
    assert (await values.keys("tested", "p"), await values.items("tested", "p")) == (["a", "b"], {"a": "1"})
    assert [payload for _, _, payload in line.asked] == [{"prefix": "p"}, {"prefix": "p"}]


async def test_writes_are_requests_of_their_own() -> None:
    line = ScriptedLine()
    await PipeValues(line).put_many([StorePut("tested", "a", "[1]"), StorePut("tested", "b", None)])
    assert msgspec.json.encode(line.asked) == msgspec.json.encode(
        [("Storage", "put", {"key": "a", "value": [1]}), ("Storage", "delete", {"key": "b"})]
    )


@pytest.mark.parametrize(
    ("when", "sent"),
    [
        ({"after": timedelta(minutes=2)}, {"after": 120.0}),
        ({"after": 3}, {"after": 3}),
        ({"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"at": 1_767_225_600_000}),
        ({"timetable": "0 8 * * *"}, {"timetable": "0 8 * * *"}),
    ],
    ids=str,
)
async def test_a_job_is_scheduled_by_the_host(when: dict[str, object], sent: dict[str, object]) -> None:
    line = ScriptedLine({"due_ms": 60_000})
    due = await GuestJobs(line).put("k", "remind", data=[1], **when)  # type: ignore[arg-type]
    plan = {"at": None, "after": None, "timetable": "", "missed": "once", "key": "k", "job": "remind", "data": [1]}
    assert (line.asked, due.timestamp()) == ([("Job", "put", plan | sent)], 60)


async def test_jobs_are_listed_and_dropped_by_the_host() -> None:
    row = {"key": "k", "job": "remind", "due": "…", "due_ms": 60_000, "timetable": "", "data": 3}
    jobs = GuestJobs(ScriptedLine({"jobs": [row]}, {"dropped": True}))
    (found,) = await jobs.list()
    assert (found.key, found.job, found.due.timestamp(), found.data) == ("k", "remind", 60, 3)
    assert await jobs.drop("k")


async def test_the_host_fetches() -> None:
    line = ScriptedLine({"status": 200, "headers": {"a": "b"}, "body": "aGk="})
    answer = await GuestHttp(line).request("POST", "https://example.com", body=b"ho")
    assert (answer.status, answer.headers, answer.body) == (200, {"a": "b"}, b"hi")
    assert line.asked[0][2] == {"method": "POST", "url": "https://example.com", "headers": {}, "body": "aG8="}


async def test_the_host_is_asked_for_the_same_as_in_process() -> None:
    line = ScriptedLine(*[{"status": 200, "headers": {}, "body": "WzFd", "url": "https://example.com/there"}] * 2)
    port: Http = GuestHttp(line)
    assert (await port.post("https://example.com", json=["镜"])).json() == [1]
    assert (await port.get("https://example.com", params={"q": "1"}, seconds=2)).url == "https://example.com/there"
    posted, got = (payload for *_, payload in line.asked)
    assert (posted["headers"], b64decode(posted["body"])) == ({"Content-Type": "application/json"}, b'["\xe9\x95\x9c"]')
    assert (got["method"], got["params"], got["seconds"]) == ("GET", {"q": "1"}, 2)
