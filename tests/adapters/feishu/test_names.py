"""What people and groups are called."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from kagami.adapters.feishu import names as module
from kagami.adapters.feishu.calls import Calls
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.names import Names
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import Rest
from kagami.model.event import Event, Kind, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.testing.clock import FakeClock
from kagami.testing.feishu import FakeFeishu


@pytest.fixture
def names(rest: Rest, files: Files, clock: FakeClock) -> Names:
    return Names(Calls(rest, files, lambda: ("cli_1", "", ""), Recent()).call, clock, begin)


def begin(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work, name=name)


def event(chat: str = "group:oc_group", user: str = "ou_bob", kind: Kind = "message") -> Event:
    return Event(ExecutionId("x"), BotId("feishu:cli_1"), kind, "group", ChatId(chat), UserId(user), 1, "m:om_1")


async def test_a_member_has_a_name_a_role_and_a_group(names: Names) -> None:
    named = await names.named(event())
    assert (named.sender, named.chat_name) == (Sender(name="Bob", role="owner"), "The group")


async def test_a_private_chat_s_user_has_a_name(names: Names) -> None:
    assert (await names.named(event("private:ou_alice", "ou_alice"))).sender.name == "Alice"


async def test_names_are_asked_for_once_an_hour(names: Names, feishu: FakeFeishu, clock: FakeClock) -> None:
    await names.named(event())
    feishu.users["ou_bob"] = "Robert"
    before = await names.named(event())
    await clock.advance(3601)
    async with asyncio.timeout(20):
        while (after := await names.named(event())) == before:  # who is known is not waited for
            await asyncio.sleep(0.005)
    assert (before.sender.name, after.sender.name) == ("Bob", "Robert")


async def test_who_came_later_is_asked_for_after_a_minute(names: Names, feishu: FakeFeishu, clock: FakeClock) -> None:
    await names.named(event())
    feishu.users["ou_zoe"] = "Zoe"
    feishu.members["oc_group"].append("ou_zoe")
    before = await names.named(event(user="ou_zoe"))
    await clock.advance(61)
    after = await names.named(event(user="ou_zoe"))
    assert (before.sender.name, after.sender.name) == ("", "Zoe")


async def test_without_the_permission_there_is_no_name(names: Names) -> None:
    assert (await names.named(event("private:ou_nobody", "ou_nobody"))).sender == Sender()


async def test_a_notice_is_left_as_it_is(names: Names, feishu: FakeFeishu) -> None:
    notice = event(kind="notice")
    assert (await names.named(notice), feishu.tokens_issued) == (notice, 0)


async def test_an_answer_that_does_not_come_is_not_waited_for(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    assert (await names.named(event())).sender == Sender()


async def test_an_answer_that_takes_long_counts_for_those_who_speak_later(
    names: Names, feishu: FakeFeishu, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a large group, whose members come in many pages."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    first = await names.named(event())
    async with asyncio.timeout(20):
        while not (later := await names.named(event())).sender.name:
            await asyncio.sleep(0.005)
    assert (first.sender, later.sender.name, feishu.tokens_issued) == (Sender(), "Bob", 1)


def group_of(number: int) -> Event:
    return event(f"group:oc_{number}", f"ou_{number}")


async def test_a_stranger_in_a_group_that_takes_long_is_asked_for_so_much_later(clock: FakeClock) -> None:
    asked: list[str] = []

    async def slow(name: str, params: dict[str, Any]) -> Any:
        asked.append(name)
        await clock.advance(10)
        return {"group_name": "large"} if name == "get_group_info" else []

    names = Names(slow, clock, begin)
    counts = []
    for later in (0, 1_000, 1_001):
        await clock.advance(later)
        await names.named(group_of(1))
        counts.append(asked.count("get_group_member_list"))
    assert counts == [1, 1, 2]


async def test_no_more_than_a_few_groups_are_asked_for_at_once(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    jobs: list[asyncio.Task[None]] = []

    async def never(name: str, params: dict[str, Any]) -> Any:
        await asyncio.Event().wait()

    def begun(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        jobs.append(begin(work, name))
        return jobs[-1]

    names = Names(never, clock, begun)
    for number in range(3 * module.AT_ONCE):
        await names.named(group_of(number))
    assert len(jobs) == module.AT_ONCE
    for job in jobs:
        job.cancel()
    await asyncio.wait(jobs)
