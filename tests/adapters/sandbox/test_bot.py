"""The terminal's own chat."""

from __future__ import annotations

import pytest

from kagami.adapters.sandbox import SandboxBot
from kagami.core.pace import Pace
from kagami.model.action import Call, Failed, Send, Sent
from kagami.model.ids import ChatId, execution_ms
from kagami.model.message import text
from kagami.testing.clock import START_MS, FakeClock
from kagami.testing.gateway import WritingIntake

PRIVATE, GROUP = ChatId("private:operator"), ChatId("group:sandbox")


@pytest.fixture
def intake() -> WritingIntake:
    return WritingIntake()


@pytest.fixture
async def sandbox(intake: WritingIntake) -> SandboxBot:
    return SandboxBot(intake, FakeClock())


async def test_what_is_said_is_an_event(sandbox: SandboxBot, intake: WritingIntake) -> None:
    execution = await sandbox.say("/echo 镜", user="operator", chat=PRIVATE, name="Operator")
    [event] = intake.events
    assert (event.execution, event.bot, event.name, event.chat) == (execution, "sandbox:local", "private", PRIVATE)
    assert (event.user, event.text, event.sender.name, event.mentioned) == ("operator", "/echo 镜", "Operator", True)
    assert (event.time_ms, execution_ms(execution)) == (START_MS, START_MS)


async def test_a_group_is_not_addressed_to_the_bot(sandbox: SandboxBot, intake: WritingIntake) -> None:
    await sandbox.say("hi", user="a", chat=GROUP, name="")
    assert (intake.events[0].name, intake.events[0].mentioned) == ("group", False)


async def test_the_same_words_twice_are_two_events(sandbox: SandboxBot, intake: WritingIntake) -> None:
    for _ in range(2):
        await sandbox.say("hi", user="a", chat=GROUP, name="")
    assert len({event.dedupe for event in intake.events}) == len({event.message_id for event in intake.events}) == 2


async def test_after_a_restart_the_same_words_are_a_new_event(sandbox: SandboxBot, intake: WritingIntake) -> None:
    await sandbox.say("hi", user="a", chat=GROUP, name="")
    await SandboxBot(intake, FakeClock()).say("hi", user="a", chat=GROUP, name="")
    assert intake.events[0].dedupe != intake.events[1].dedupe


async def test_every_answer_is_sent_with_an_id_of_its_own(sandbox: SandboxBot) -> None:
    receipts = [await sandbox.perform(Send(sandbox.id, PRIVATE, text("x"))) for _ in range(2)]
    assert receipts == [Sent("s1"), Sent("s2")]


async def test_there_is_no_platform_to_call(sandbox: SandboxBot) -> None:
    assert await sandbox.perform(Call(sandbox.id, "get_status")) == Failed("the sandbox has no platform to ask")


async def test_it_is_always_online(sandbox: SandboxBot) -> None:
    await sandbox.say("hi", user="a", chat=GROUP, name="")
    await sandbox.close("whatever")
    health = sandbox.health()
    assert (health.state, health.since_ms, health.last_event_ms) == ("online", START_MS, START_MS)
    assert (sandbox.name, sandbox.adapter, sandbox.pace) == ("sandbox", "sandbox", Pace())
