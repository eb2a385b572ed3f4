from __future__ import annotations

from typing import Any

import pytest

from kagami.model.action import Call, Failed, Receipt, Sent, Unknown
from kagami.model.ids import BotId
from kagami.onebot.actions import ACTIONS
from kagami.testing.dingtalk import CLIENT_ID, GROUP, STAFF, FakeDingTalk
from tests.adapters.contract import Stage

BOT = BotId(f"dingtalk:{CLIENT_ID}")
TEAM = {"group_id": GROUP, "group_name": "Team", "member_count": 0, "max_member_count": 0}
MIRA = {"user_id": STAFF, "nickname": "Mira", "sex": "unknown", "age": 0}


async def ask(stage: Stage, name: str, **params: Any) -> Receipt:
    return await stage.bot.perform(Call(BOT, name, params))


async def test_groups_are_those_that_it_was_spoken_to_in(stage: Stage, there: FakeDingTalk) -> None:
    before = await ask(stage, "get_group_list")
    await there.say("hi", group=GROUP)
    await there.say("hi")
    for _ in range(2):
        await stage.intake.event()
    assert (before, await ask(stage, "get_group_list")) == (Sent(result=[]), Sent(result=[TEAM]))
    assert await ask(stage, "get_group_info", group_id=GROUP) == Sent(result=TEAM)


async def test_a_group_that_is_not_known_yet(stage: Stage) -> None:
    assert isinstance(await ask(stage, "get_group_info", group_id="cidOther"), Failed)


async def test_people(stage: Stage) -> None:
    assert await ask(stage, "get_stranger_info", user_id=STAFF) == Sent(result=MIRA)
    assert await ask(stage, "get_group_member_info", group_id=GROUP, user_id=STAFF) == Sent(
        result=MIRA | {"group_id": GROUP, "card": "", "role": "member"}
    )


async def test_somebody_who_is_not_known(stage: Stage) -> None:
    receipt = await ask(stage, "get_group_member_info", group_id=GROUP, user_id="nobody")
    assert (isinstance(receipt, Failed) and receipt.code) == "60121"


@pytest.mark.parametrize("name", ["get_file", "get_image", "get_record"])
async def test_a_file_by_its_code(stage: Stage, there: FakeDingTalk, name: str) -> None:
    there.files["c1"] = b"content"
    receipt = await ask(stage, name, file="c1", out_format="amr")
    assert isinstance(receipt, Sent)
    assert stage.media.files[receipt.result["file"]] == b"content"


async def test_a_file_that_is_kept_already(stage: Stage) -> None:
    assert await ask(stage, "get_image", file="media:x") == Sent(result={"file": "media:x"})


@pytest.mark.parametrize(("name", "params"), [("get_file", {}), ("get_image", {}), ("get_group_info", {})])
async def test_a_parameter_that_is_missing(stage: Stage, name: str, params: dict[str, Any]) -> None:
    receipt = await ask(stage, name, **params)
    assert (isinstance(receipt, Failed) and receipt.code) == "1400"


@pytest.mark.parametrize("name", ["can_send_image", "can_send_record"])
async def test_pictures_and_voices_can_be_sent(stage: Stage, name: str) -> None:
    assert await ask(stage, name) == Sent(result={"yes": True})


async def test_a_raw_call_goes_to_its_path(stage: Stage, there: FakeDingTalk) -> None:
    there.files["c1"] = b"x"
    receipt = await ask(stage, "POST /v1.0/robot/messageFiles/download", robotCode=CLIENT_ID, downloadCode="c1")
    assert receipt == Sent(result={"downloadUrl": f"{there.url}/files/c1"})


async def test_a_raw_call_of_the_older_interface(stage: Stage) -> None:
    receipt = await ask(stage, "POST /topapi/v2/user/get", userid=STAFF)
    assert isinstance(receipt, Sent)
    assert receipt.result["result"]["name"] == "Mira"


async def test_a_raw_call_that_is_refused(stage: Stage) -> None:
    assert isinstance(await ask(stage, "GET /v1.0/robot/nothing", a=1), Failed)


async def test_a_raw_call_that_breaks_is_left_open(stage: Stage, there: FakeDingTalk) -> None:
    there.broken = 1
    assert isinstance(await ask(stage, "POST /v1.0/robot/messageFiles/download"), Unknown)


@pytest.mark.parametrize("name", ["set_group_ban", "set_group_kick", "get_group_member_list", "get_msg", "send_like"])
async def test_what_dingtalk_cannot_do_is_said(stage: Stage, name: str) -> None:
    receipt = await ask(stage, name)
    assert name in ACTIONS
    assert receipt == Failed(f"DingTalk lets robots do nothing like {name}", "unsupported")


@pytest.mark.parametrize("name", ["", "no_such_thing", "PATCH /v1.0/x", "POST http://evil.com/x", "POST v1.0"])
async def test_what_is_no_call_is_said(stage: Stage, name: str) -> None:
    receipt = await ask(stage, name)
    assert (isinstance(receipt, Failed) and receipt.code) == "unsupported"
