"""A gateway with an intake that only writes down."""

from __future__ import annotations

import asyncio

from kagami.adapters.sandbox import SandboxBot
from kagami.model.ids import BotId, ChatId
from kagami.testing.clock import FakeClock
from kagami.testing.gateway import TOKEN, WritingIntake, open_gateway
from kagami.testing.onebot import connect_implementation


async def test_a_gateway_listens_on_a_free_port_and_knows_its_address() -> None:
    async with open_gateway() as port, connect_implementation(port.url, token=TOKEN):
        assert (await port.intake.bot("10001")).id == "qq:10001"


async def test_what_is_accepted_is_stored_at_once() -> None:
    intake = WritingIntake()
    await SandboxBot(intake, FakeClock()).say("hi", user="u", chat=ChatId("private:u"), name="")
    assert (await intake.event()).text == "hi"


async def test_a_complaint_can_be_waited_for() -> None:
    intake = WritingIntake()
    asyncio.get_running_loop().call_soon(intake.complain, BotId("qq:1"), "bad", b"{")
    assert await intake.complaint() == ("qq:1", "bad", b"{")


async def test_only_the_very_bot_that_is_there_can_be_detached() -> None:
    intake = WritingIntake()
    old, new = SandboxBot(intake, FakeClock()), SandboxBot(intake, FakeClock())
    intake.attach(old)
    intake.attach(new)
    intake.detach(old)
    assert intake.current(new.id) is new
    intake.detach(new)
    assert intake.current(new.id) is None
