from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kagami.hub.chatdesk import ChatDesk
from kagami.model.ids import BotId
from kagami.net.supervise import Nursery
from tests.hub.doubles import Audits, StillClock, event


@pytest.mark.parametrize(
    ("words", "is_command"),
    [("#status", True), ("#状态", True), ("# heading", False), ("#1", False), ("#", False), ("say #status", False)],
)
def test_a_command_is_a_sign_and_a_word(words: str, is_command: bool) -> None:
    assert ChatDesk.is_command(event(words=words)) is is_command


def test_a_notice_is_never_a_command() -> None:
    assert not ChatDesk.is_command(event(words="#status", kind="notice"))


async def _desk(audits: Any, nursery: Nursery) -> ChatDesk:
    return ChatDesk(["qq:42"], audits, nursery, StillClock())


async def test_a_super_admin_may_come_in() -> None:
    async with Nursery() as nursery:
        principal = (await _desk(Audits(), nursery)).admit(event(words="#status"))
        assert principal is not None
        assert principal.name == "qq:42"


async def test_anybody_else_gets_a_row_in_the_audit() -> None:
    audits = Audits()
    async with Nursery() as nursery:
        assert (await _desk(audits, nursery)).admit(event(words="#status now", user="43")) is None
        await asyncio.wait_for(audits.told.wait(), 5)
    assert audits.rows == [("qq:43", "chat #status", "denied")]


async def test_whoever_sits_at_the_console_is_admin_in_its_sandbox() -> None:
    async with Nursery() as nursery:
        local = event(words="#status", user="10001", bot=BotId("sandbox:local"))
        assert (await _desk(Audits(), nursery)).admit(local) is not None
