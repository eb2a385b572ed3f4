"""What a chat gets in place of stable versions, and who decided it."""

from __future__ import annotations

import pytest

from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.plugins.decisions import Decisions, no_chats
from kagami.plugins.manifest import Manifest
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock

EVENT = Event(ExecutionId("e"), BotId("qq:1"), "message", "group", ChatId("group:1"), UserId("1"), 0, "e")


@pytest.fixture
async def decided() -> Decisions:
    made = Decisions(MemoryValues(), FakeClock())
    await made.open()
    return made


def canary(version: str, weight: int) -> Manifest:
    return Manifest(id="greeter", version=version, entry="main:plugin", canary_weight=weight)


async def test_where_nothing_was_decided_nothing_varies(decided: Decisions) -> None:
    assert (decided.variation(EVENT), decided.wanted("greeter")) == ((), set())


async def test_a_chat_gets_its_canary_and_not_what_is_off_there(decided: Decisions) -> None:
    await decided.declare(canary("2.0.0", 100), "1.0.0", no_chats)
    await decided.switches.set("book", "qq:1", "group:1", on=False)
    decided.note()
    assert decided.variation(EVENT) == (("book", ""), ("greeter", "2.0.0"))


async def test_versions_of_the_canary_and_of_pins_are_wanted(decided: Decisions) -> None:
    await decided.declare(canary("2.0.0", 5), "1.0.0", no_chats)
    await decided.rollouts.pin_chat("greeter", "qq:1", "group:1", "0.9.0")
    assert decided.wanted("greeter") == {"0.9.0", "2.0.0"}


async def test_only_a_changed_weight_of_a_manifest_counts(decided: Decisions) -> None:
    await decided.declare(canary("2.0.0", 5), "1.0.0", no_chats)
    await decided.rollouts.weigh("greeter", 40)
    await decided.declare(canary("2.0.0", 5), "1.0.0", no_chats)
    assert decided.rollouts.active["greeter"].weight == 40
    await decided.declare(canary("2.0.0", 6), "1.0.0", no_chats)
    assert decided.rollouts.active["greeter"].weight == 6
