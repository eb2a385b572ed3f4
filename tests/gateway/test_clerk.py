"""Calls of an application: what is asked of which account, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from kagami.core.admission import Admission
from kagami.gateway import clerk as module
from kagami.gateway.clerk import LIMITED_S, Clerk
from kagami.gateway.places import FIRST_ORDINAL
from kagami.model.action import Call, Delete, Failed, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.model.segment import Image, Mention, Reply, Text
from kagami.net.supervise import Nursery
from kagami.testing.clock import START_MS, FakeClock
from tests.gateway.house import ALL, FEISHU, GROUP, QQ, Accounts, House, feishu_event, qq_event

EVERYTHING = Admission(calls=("*",))


class Office:
    def __init__(self, house: House, admission: Admission = ALL) -> None:
        self.house = house
        self.spoke: list[tuple[BotId, ChatId]] = []
        self.clerk = Clerk("app", admission, house.means, lambda *where: self.spoke.append(where))

    async def call(self, action: str, only: str = "", **params: Any) -> dict[str, Any]:
        frame = msgspec.json.encode({"action": action, "params": params, "echo": {"seq": 1}})
        answer: dict[str, Any] = msgspec.json.decode(await self.clerk.answer(frame, only))
        assert answer["echo"] == {"seq": 1}
        return answer


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with Nursery() as nursery:
        yield House(nursery)


@pytest.fixture
def office(house: House) -> Office:
    return Office(house)


class TestWhichAccount:
    async def test_the_one_that_is_named(self, office: Office) -> None:
        await office.call("send_group_msg", group_id=42, message="hi", self_id=10001)
        assert office.house.letters.actions == [Send(QQ, GROUP, text("hi"))]

    async def test_the_one_that_is_named_by_its_number(self, office: Office) -> None:
        number = await office.house.number("cli_1")
        await office.call("get_group_list", self_id=str(number))
        assert office.house.letters.actions == [Call(FEISHU, "get_group_list")]

    async def test_the_one_whose_connection_it_is(self, office: Office) -> None:
        await office.call("get_group_list", only=QQ, self_id=5)
        assert office.house.letters.actions == [Call(QQ, "get_group_list")]

    async def test_the_one_that_heard_the_chat_last(self, office: Office) -> None:
        office.house.places.met(qq_event(), START_MS)
        await office.call("send_msg", group_id=42, message="hi")
        await office.call("get_group_info", group_id="42")
        assert {action.bot for action in office.house.letters.actions} == {QQ}

    async def test_the_one_whose_message_it_is(self, office: Office) -> None:
        office.house.places.met(feishu_event(9), START_MS)
        await office.call("delete_msg", message_id=await office.house.number("om_9"))
        assert office.house.letters.actions == [Delete(FEISHU, ChatId("group:oc_1"), "om_9")]

    @pytest.mark.parametrize("action", ["set_group_add_request", "set_friend_add_request"])
    async def test_the_one_whose_request_it_is(self, house: House, action: str) -> None:
        asked = msgspec.structs.replace(feishu_event(), kind="request", name="group.add", message_id="oc_1/ou_7")
        house.places.met(asked, START_MS)
        await Office(house, EVERYTHING).call(action, flag="oc_1/ou_7", approve=False)
        (call,) = house.letters.actions
        assert isinstance(call, Call)
        assert (call.bot, call.name, call.params["flag"], call.params["approve"]) == (
            FEISHU,
            action,
            "oc_1/ou_7",
            False,
        )

    async def test_the_only_one(self, office: Office) -> None:
        office.house.accounts.here = Accounts(QQ).here
        await office.call("get_friend_list")
        assert office.house.letters.actions == [Call(QQ, "get_friend_list")]

    async def test_the_only_one_that_is_online(self, office: Office) -> None:
        office.house.accounts.here[QQ].state = "backoff"
        await office.call("get_friend_list")
        assert office.house.letters.actions == [Call(FEISHU, "get_friend_list")]

    async def test_otherwise_it_is_told_what_to_give(self, office: Office) -> None:
        answer = await office.call("get_friend_list")
        assert (answer["retcode"], answer["status"], office.house.letters.sent) == (1400, "failed", [])
        assert "self_id" in answer["message"]

    async def test_who_asks_who_it_is_gets_the_first(self, office: Office) -> None:
        answer = await office.call("get_login_info")
        assert (answer["retcode"], office.house.letters.actions) == (0, [Call(QQ, "get_login_info")])

    @pytest.mark.parametrize("account", ["cli_1", "4711"])
    async def test_none_that_it_may_not_see(self, house: House, account: str) -> None:
        office = Office(house, Admission(bots=("qq:*",)))
        assert (await office.call("get_friend_list", self_id=account))["retcode"] == 1400


class TestAnswers:
    async def test_a_send_gives_the_number_of_its_message(self, office: Office) -> None:
        office.house.letters.receipt = lambda _: Sent("om_9")
        answer = await office.call("send_group_msg", FEISHU, group_id=await office.house.number("oc_1"), message="hi")
        assert answer["data"] == {"message_id": await office.house.number("om_9")}
        assert office.house.letters.actions == [Send(FEISHU, ChatId("group:oc_1"), text("hi"))]

    async def test_what_it_has_sent_it_can_take_back(self, office: Office) -> None:
        office.house.letters.receipt = lambda _: Sent("om_9")
        sent = await office.call("send_group_msg", FEISHU, group_id=await office.house.number("oc_1"), message="hi")
        await office.call("delete_msg", FEISHU, message_id=sent["data"]["message_id"])
        assert office.house.letters.actions[1] == Delete(FEISHU, ChatId("group:oc_1"), "om_9")

    async def test_also_after_a_restart(self, office: Office) -> None:
        number = (await office.house.numbers.give({"om_9": "group:oc_1"}))["om_9"]
        await office.call("delete_msg", FEISHU, message_id=number)
        assert office.house.letters.actions == [Delete(FEISHU, ChatId("group:oc_1"), "om_9")]

    async def test_ids_in_an_answer_are_numbers(self, office: Office) -> None:
        office.house.letters.receipt = lambda _: Sent("", [{"user_id": "ou_1", "nickname": "镜"}])
        answer = await office.call("get_group_member_list", FEISHU, group_id=await office.house.number("oc_1"))
        assert answer["data"] == [{"user_id": await office.house.number("ou_1"), "nickname": "镜"}]
        assert office.house.letters.actions == [Call(FEISHU, "get_group_member_list", {"group_id": "oc_1"})]

    async def test_a_file_in_an_answer_is_given_itself(self, office: Office) -> None:
        reference = office.house.shelf.accept(b"png")
        office.house.letters.receipt = lambda _: Sent("", {"file": reference})
        answer = await office.call("get_image", FEISHU, file="om_1/img_1")
        assert answer["data"] == {"file": "base64://cG5n"}

    @pytest.mark.parametrize(
        ("receipt", "status", "code"),
        [(Failed("no", "1404"), "failed", 1404), (Failed("no"), "failed", 1200), (Unknown("lost"), "async", 1)],
    )
    async def test_what_was_not_done_is_said(
        self, office: Office, receipt: Failed | Unknown, status: str, code: int
    ) -> None:
        office.house.letters.receipt = lambda _: receipt
        answer = await office.call("send_group_msg", QQ, group_id=42, message="hi")
        assert (answer["status"], answer["retcode"], answer["message"]) == (status, code, receipt.reason)

    async def test_an_account_that_cannot_say_who_it_is_is_named_here(self, office: Office) -> None:
        office.house.letters.receipt = lambda _: Failed("there is no such call")
        answer = await office.call("get_login_info", FEISHU)
        assert answer["data"] == {"user_id": await office.house.number("cli_1"), "nickname": "Mira"}

    async def test_kagami_says_itself_what_it_is(self, office: Office) -> None:
        answers = [await office.call(name) for name in ("get_version_info", "can_send_image", "get_status")]
        assert [each["data"] for each in answers] == [
            {"app_name": "Kagami", "protocol_version": "v11", "app_version": "1.2.3"},
            {"yes": True},
            {"online": True, "good": True},
        ]
        assert office.house.letters.sent == []

    async def test_what_is_no_call_is_refused(self, office: Office) -> None:
        answer = msgspec.json.decode(await office.clerk.answer(b"[]"))
        assert (answer["status"], answer["retcode"]) == ("failed", 1400)

    async def test_a_call_without_what_it_needs_is_refused(self, office: Office) -> None:
        assert (await office.call("send_group_msg", QQ, group_id=42))["retcode"] == 1400


class TestWhatIsAllowed:
    async def test_another_call_is_refused_with_the_settings_name(self, office: Office) -> None:
        answer = await office.call("set_group_kick", QQ, group_id=42, user_id=7)
        assert (answer["retcode"], office.house.letters.sent) == (1404, [])
        assert "workers.actions" in answer["message"]

    async def test_it_is_not_reached_by_a_suffix(self, office: Office) -> None:
        assert (await office.call("set_group_kick_async", QQ, group_id=42, user_id=7))["retcode"] == 1404

    @pytest.mark.parametrize("action", ["set_restart_async_async", "SET_RESTART", "get_cookies_rate_limited_async"])
    async def test_nor_is_one_of_the_hosts_by_two_of_them(self, house: House, action: str) -> None:
        assert (await Office(house, EVERYTHING).call(action, QQ))["retcode"] == 1404
        assert house.letters.sent == []

    async def test_nor_by_a_quick_operation(self, office: Office) -> None:
        context = msgspec.json.decode(qq_event().native)
        answer = await office.call(".handle_quick_operation", context=context, operation={"kick": True})
        assert (answer["retcode"], office.house.letters.sent) == (1404, [])

    @pytest.mark.parametrize("file", ["file:///etc/passwd", "/etc/passwd", "..\\config.json"])
    async def test_files_of_the_implementations_disk_are_refused(self, office: Office, file: str) -> None:
        picture = [{"type": "image", "data": {"file": file}}]
        answer = await office.call("send_group_msg", QQ, group_id=42, message=picture)
        assert (answer["retcode"], office.house.letters.sent) == (1400, [])

    @pytest.mark.parametrize(("bot", "code"), [(FEISHU, 0), (QQ, 1400)])
    async def test_a_platforms_own_name_for_a_file_is_no_path_there(
        self, office: Office, bot: BotId, code: int
    ) -> None:
        assert (await office.call("get_image", bot, file="om_1/img_1"))["retcode"] == code
        assert (await office.call("send_group_msg", bot, group_id=42, message="[CQ:image,file=/etc/x]"))[
            "retcode"
        ] == 1400

    async def test_nor_is_one_reached_by_a_number(self, office: Office) -> None:
        picture = [{"type": "image", "data": {"file": await office.house.number("file:///etc/passwd")}}]
        answer = await office.call("send_group_msg", QQ, group_id=42, message=picture)
        assert (answer["retcode"], office.house.letters.sent) == (1400, [])

    @pytest.mark.parametrize(
        ("action", "params", "code"),
        [
            ("send_group_msg", {"group_id": 43, "message": "hi"}, 1403),
            ("send_private_msg", {"user_id": 7, "message": "hi"}, 1403),
            ("delete_msg", {"message_id": 9}, 1403),
            ("get_msg", {"message_id": 9}, 1403),
            ("set_group_ban", {"group_id": 43, "user_id": 7}, 1403),
            ("send_forward_msg", {"group_id": 42, "user_id": 7, "message_type": "private"}, 1403),
            ("send_group_msg", {"group_id": 42, "message": "hi"}, 0),
            ("set_group_ban", {"group_id": 42, "user_id": 7}, 0),
            ("get_msg", {"message_id": 10}, 0),
            ("get_stranger_info", {"user_id": 7}, 0),
            ("get_group_list", {}, 0),
        ],
    )
    async def test_it_speaks_in_no_chat_that_it_does_not_hear(
        self, house: House, action: str, params: dict[str, Any], code: int
    ) -> None:
        house.places.said(QQ, "9", ChatId("group:43"))
        house.places.said(QQ, "10", GROUP)
        office = Office(house, Admission(chats=("group:42",), calls=("*",)))
        answer = await office.call(action, QQ, **params)
        assert (answer["retcode"], len(house.letters.sent)) == (code, 0 if code else 1)
        assert ("workers.chats" in answer["message"]) is bool(code)

    async def test_a_file_in_a_call_is_kept_beside_it(self, office: Office) -> None:
        picture = [{"type": "image", "data": {"file": "base64://cG5n"}}]
        await office.call("send_group_msg", QQ, group_id=42, message=picture)
        ((reference, content),) = office.house.shelf.kept.items()
        assert (content, office.house.letters.actions) == (b"png", [Send(QQ, GROUP, (Image(reference),))])


class TestNumbers:
    async def test_those_in_a_message_become_ids(self, office: Office) -> None:
        user, quoted, group = [await office.house.number(name) for name in ("ou_1", "om_1", "oc_1")]
        message = f"[CQ:reply,id={quoted}][CQ:at,qq={user}] hi"
        await office.call("send_group_msg", FEISHU, group_id=group, message=message)
        assert office.house.letters.actions == [
            Send(FEISHU, ChatId("group:oc_1"), (Reply("om_1"), Mention("ou_1"), Text(" hi")))
        ]

    async def test_those_in_a_call_of_no_standard_too(self, house: House) -> None:
        user = await house.number("ou_1")
        await Office(house, EVERYTHING).call("poke_them", FEISHU, who=[user, str(user)], times=2)
        assert house.letters.actions == [Call(FEISHU, "poke_them", {"who": ["ou_1", "ou_1"], "times": 2})]

    async def test_a_call_with_no_end_of_them_is_refused(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_NUMBERS", 1)
        ids = [await office.house.number(name) for name in ("ou_1", "ou_2")]
        answer = await office.call("get_group_info", QQ, group_id=42, more=ids)
        assert (answer["retcode"], office.house.letters.sent) == (1400, [])

    async def test_what_is_typed_stays_a_number(self, office: Office) -> None:
        words = str(await office.house.number("ou_1"))
        for message in (words, [{"type": "text", "data": {"text": words}}]):
            await office.call("send_group_msg", FEISHU, group_id=await office.house.number("oc_1"), message=message)
        assert office.house.letters.actions == [Send(FEISHU, ChatId("group:oc_1"), text(words))] * 2

    async def test_a_channel_is_a_group_whose_number_stands_for_the_whole_name(self, office: Office) -> None:
        await office.call("send_group_msg", FEISHU, group_id=await office.house.number("channel:c1"), message="hi")
        assert office.house.letters.actions == [Send(FEISHU, ChatId("channel:c1"), text("hi"))]


class TestQuickOperations:
    async def test_a_reply_goes_where_the_event_was(self, office: Office) -> None:
        context = msgspec.json.decode(qq_event().native)
        answer = await office.call(
            ".handle_quick_operation", context=context, operation={"reply": "hi", "at_sender": False}
        )
        assert (answer["retcode"], answer["data"]) == (0, None)
        assert office.house.letters.actions == [Send(QQ, GROUP, text("hi"))]

    async def test_the_first_that_fails_is_the_answer(self, house: House) -> None:
        house.letters.receipt = lambda _: Failed("no")
        context = msgspec.json.decode(qq_event().native)
        operation = {"reply": "hi", "at_sender": False, "delete": True}
        answer = await Office(house, EVERYTHING).call(".handle_quick_operation", context=context, operation=operation)
        assert (answer["status"], len(house.letters.sent)) == ("failed", 1)


class TestPrivacy:
    async def test_what_stands_in_comes_back_as_it_was(self) -> None:
        async with Nursery() as nursery:
            house = House(nursery, privacy=True)
            event = qq_event(1, "call 13800138000")
            house.privacy.outside(event)
            await Office(house).call("send_group_msg", QQ, group_id=42, message="I call [phone-1]")
            await Office(house).call("send_group_msg", QQ, group_id=43, message="I call [phone-1]")
        assert house.letters.actions == [
            Send(QQ, GROUP, text("I call 13800138000")),
            Send(QQ, ChatId("group:43"), text("I call [phone-1]")),
        ]

    @pytest.mark.parametrize(
        ("action", "params", "said"),
        [
            ("send_group_forward_msg", {"group_id": 42}, "13800138000"),
            ("set_group_card", {"group_id": 42, "user_id": 7}, "13800138000"),
            ("send_forward_msg", {"group_id": 42, "user_id": 8, "message_type": "private"}, "[phone-1]"),
            ("sendMessage", {"group_id": 42, "chat_id": 9}, "[phone-1]"),
        ],
    )
    async def test_nothing_of_a_chat_comes_back_where_a_call_may_lead_elsewhere(
        self, action: str, params: dict[str, Any], said: str
    ) -> None:
        async with Nursery() as nursery:
            house = House(nursery, privacy=True)
            house.privacy.outside(qq_event(1, "call 13800138000"))
            await Office(house, EVERYTHING).call(action, QQ, **params, card="[phone-1]")
        (sent,) = house.letters.actions
        assert isinstance(sent, Call)
        assert sent.params["card"] == said

    async def test_what_a_message_said_is_told_with_stand_ins(self) -> None:
        async with Nursery() as nursery:
            house = House(nursery, privacy=True)
            house.places.met(qq_event(5), START_MS)
            house.letters.receipt = lambda _: Sent("", {"message_id": 5, "raw_message": "call 13800138000"})
            known, unknown = [await Office(house).call("get_msg", QQ, message_id=number) for number in (5, 6)]
            assert [each["data"]["raw_message"] for each in (known, unknown)] == ["call [phone-1]"] * 2
            await Office(house).call("send_group_msg", QQ, group_id=42, message="[phone-1]")
        assert house.letters.actions[-1] == Send(QQ, GROUP, text("13800138000"))


class TestTraces:
    async def test_an_answer_belongs_to_the_newest_event_of_its_chat(self, office: Office) -> None:
        event = qq_event()
        office.house.places.met(event, START_MS)
        await office.call("send_group_msg", group_id=42, message="hi")
        await office.call("send_group_msg", QQ, group_id=1, message="hi")
        found = [(execution, ordinal) for execution, ordinal, _ in office.house.letters.sent]
        assert found == [(event.execution, FIRST_ORDINAL + 1), ("new", 0)]

    async def test_who_speaks_is_told(self, office: Office) -> None:
        await office.call("send_group_msg", QQ, group_id=42, message="hi")
        await office.call("get_group_info", QQ, group_id=42)
        assert office.spoke == [(QQ, GROUP)]

    async def test_a_person_is_answered_where_the_person_spoke(self, office: Office) -> None:
        private = ChatId("private:cid_1")
        office.house.places.met(msgspec.structs.replace(feishu_event(), chat=private), START_MS)
        await office.call("send_private_msg", FEISHU, user_id=await office.house.number("ou_1"), message="hi")
        assert office.house.letters.actions == [Send(FEISHU, private, text("hi"))]


class TestSuffixes:
    async def test_async_answers_at_once_and_does_it_all_the_same(self, house: House) -> None:
        answer = await Office(house).call("send_group_msg_async", QQ, group_id=42, message="hi")
        assert (answer["status"], answer["retcode"], house.letters.sent) == ("async", 1, [])
        await house.nursery_is_done()
        assert house.letters.actions == [Send(QQ, GROUP, text("hi"))]

    @pytest.mark.parametrize(("limit", "most"), [("MOST_LATER", 2), ("MOST_LATER_BYTES", 250)])
    async def test_only_so_many_wait(self, monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
        monkeypatch.setattr(module, limit, most)
        clock = FakeClock()
        async with Nursery() as nursery:
            office = Office(House(nursery, clock))
            told = [await office.call("send_group_msg_rate_limited", QQ, group_id=42, message="hi") for _ in range(3)]
            await clock.asleep()
            await clock.advance(LIMITED_S)
            told.append(await office.call("send_group_msg_rate_limited", QQ, group_id=42, message="hi"))
        assert [each["status"] for each in told] == ["async", "async", "failed", "async"]

    async def test_rate_limited_ones_keep_their_distance(self) -> None:
        clock = FakeClock()
        async with Nursery() as nursery:
            house = House(nursery, clock)
            office = Office(house)
            for number in range(3):
                await office.call("send_group_msg_rate_limited", QQ, group_id=42, message=str(number))
            await clock.asleep()
            assert len(house.letters.sent) == 1
            await clock.advance(LIMITED_S)
            assert len(house.letters.sent) == 2
            await clock.advance(LIMITED_S)
        assert house.letters.actions == [Send(QQ, GROUP, text(str(number))) for number in range(3)]
