from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.errors import UsageError
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.messages import (
    Clean,
    ListChats,
    ListDead,
    ListMessages,
    Measure,
    Replay,
    Say,
    Search,
)
from kagami.ports import Cleaned, Parts

MakeParts = Callable[..., Parts]
DAY_MS = 86_400_000
NOW_MS = 1_764_000_000_000


class Archive:
    """Answers with what it was asked."""

    async def chats(self, **asked: Any) -> dict[str, Any]:
        return asked

    messages = dead_letters = chats

    async def search(self, text: str, **asked: Any) -> dict[str, Any]:
        return {"text": text, **asked}

    async def dead(self, limit: int) -> int:
        return limit

    async def measure(self, older_than_ms: int) -> Cleaned:
        return Cleaned(1, 0, 0, older_than_ms)

    async def clean(self, older_than_ms: int) -> Cleaned:
        return Cleaned(2, 0, 0, older_than_ms)

    async def audit(self, *told: Any) -> None:
        pass


class SilentHouse:
    def __init__(self) -> None:
        self.replayed: list[str] = []

    async def replay(self, execution: str) -> None:
        self.replayed.append(execution)


class Stage:
    async def say(self, text: str, *, user: str, chat: str, name: str, **more: object) -> str:
        told = " ".join(str(each) for each in more.values() if each)
        return f"{chat} {user} {name}: {text} {told}".rstrip()


@pytest.fixture
def call(make_parts: MakeParts) -> Callable[[msgspec.Struct], Any]:
    parts = make_parts(store=Archive(), sandbox=Stage())
    return lambda request: registry().call(parts, CONSOLE, request)


Call = Callable[[msgspec.Struct], Any]


async def test_chats_are_listed(call: Call) -> None:
    assert await call(ListChats(contains="x")) == {"limit": 200, "contains": "x"}


async def test_messages_of_all_chats_are_listed(call: Call) -> None:
    assert await call(ListMessages()) == {"bot": None, "chat": None, "before": 0, "limit": 100}


async def test_messages_of_a_chat_are_listed(call: Call) -> None:
    request = ListMessages(bot="qq:1", chat="group:2", before=5, limit=7)
    assert await call(request) == {"bot": "qq:1", "chat": "group:2", "before": 5, "limit": 7}


async def test_a_text_is_searched(call: Call) -> None:
    found = await call(Search(text=" 旅行 ", user="3", direction="out"))
    named = {"bot": "", "chat": "", "user": "3", "direction": "out", "outcome": ""}
    assert found == {"text": " 旅行 ", **named, "before": 0, "limit": 50}


@pytest.mark.parametrize("text", ["", "  ", "\n"])
async def test_nothing_cannot_be_searched(call: Call, text: str) -> None:
    with pytest.raises(UsageError, match="search for"):
        await call(Search(text=text))


@pytest.mark.parametrize(
    ("request_", "most"),
    [(ListChats(limit=10**6), 1_000), (ListMessages(limit=10**6), 1_000), (Search(text="x", limit=10**6), 500)],
)
async def test_nobody_lists_without_limit(call: Call, request_: msgspec.Struct, most: int) -> None:
    assert (await call(request_))["limit"] == most


async def test_dead_events_are_listed_up_to_a_limit(call: Call) -> None:
    assert await call(ListDead(limit=10**6)) == 1_000


async def test_a_dead_event_is_handled_again(make_parts: MakeParts) -> None:
    house = SilentHouse()
    await registry().call(make_parts(house=house), CONSOLE, Replay(execution="0193"))
    assert house.replayed == ["0193"]


async def test_something_is_said_in_the_sandbox(call: Call) -> None:
    assert await call(Say(text="hi")) == "private:10001 10001 me: hi message"


async def test_something_happens_in_the_sandbox(call: Call) -> None:
    assert await call(Say(event="join")) == "private:10001 10001 me:  notice group_increase.approve"


@pytest.mark.parametrize(("days", "passed_ms"), [(0, 0), (1, DAY_MS), (0.5, DAY_MS // 2), (36_500, 36_500 * DAY_MS)])
async def test_days_are_counted_back_from_now(call: Call, days: float, passed_ms: int) -> None:
    assert await call(Measure(days=days)) == Cleaned(1, 0, 0, NOW_MS - passed_ms)


async def test_a_clean_up_deletes_what_was_measured(call: Call) -> None:
    assert await call(Clean(days=30)) == Cleaned(2, 0, 0, NOW_MS - 30 * DAY_MS)


@pytest.mark.parametrize("days", [-1, -0.001, 36_501, float("inf"), float("nan")])
@pytest.mark.parametrize("request_", [Measure, Clean])
async def test_days_have_bounds(call: Call, request_: type[Measure | Clean], days: float) -> None:
    with pytest.raises(UsageError, match=r"days|finite"):
        await call(request_(days=days))


@pytest.mark.parametrize(("name", "asks"), [("messages.clean", True), ("messages.measure", False)])
def test_a_clean_up_asks_first(name: str, asks: bool) -> None:
    assert registry().find(name).asks is asks
