from __future__ import annotations

import pytest
from aiohttp import web

from kagami.adapters.dingtalk.compose import RobotMessage
from kagami.adapters.dingtalk.conversations import Conversations
from kagami.adapters.dingtalk.robot import Robot
from kagami.adapters.dingtalk.speaking import Speaking
from kagami.errors import NotReached, Unavailable
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message, text
from kagami.model.segment import File, Image, Mention, Native, Text, Video, Voice
from kagami.testing.adapters import Notes
from kagami.testing.dingtalk import CLIENT_ID, GROUP, STAFF, FakeDingTalk
from tests.adapters.contract import Stage, acting
from tests.adapters.dingtalk.peer import DingTalkPeer

BOT = BotId(f"dingtalk:{CLIENT_ID}")
TEAM, MIRA = ChatId(f"group:{GROUP}"), ChatId(f"private:{STAFF}")


async def perform(stage: Stage, action: Action) -> Receipt:
    return await stage.bot.perform(action)


async def send(stage: Stage, chat: ChatId, message: Message) -> Receipt:
    return await perform(stage, Send(BOT, chat, message))


async def spoken_to(stage: Stage, there: FakeDingTalk, group: str = GROUP) -> None:
    await there.say("hi", group=group)
    await stage.intake.event()


async def test_an_answer_goes_by_the_webhook_and_calls_people(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    receipt = await send(stage, TEAM, (Mention(STAFF), Text("yes")))
    (heard,) = there.heard
    assert isinstance(receipt, Sent)
    assert (heard.chat, heard.body["text"]["content"], heard.body["at"]["atUserIds"]) == (
        TEAM,
        f"@{STAFF} yes",
        [STAFF],
    )
    assert there.tokens_given == 0


async def test_without_a_webhook_it_goes_by_the_robot_api(stage: Stage, there: FakeDingTalk) -> None:
    receipt = await send(stage, TEAM, text("news"))
    assert receipt == Sent(there.heard[0].key)
    assert there.heard[0][:3] == (TEAM, "sampleText", {"content": "news"})


async def test_an_answer_finds_its_webhook_after_a_restart(there: FakeDingTalk, notes: Notes) -> None:
    for say in (True, False):
        async with acting(DingTalkPeer(there), notes=notes) as stage:
            await stage.online()
            if say:
                await spoken_to(stage, there)
            else:
                await send(stage, TEAM, text("after"))
    assert [each.kind for each in there.heard] == ["text"]


async def test_a_webhook_that_expired_gives_way_to_the_robot_api(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    there.expire()
    receipts = [await send(stage, TEAM, text("x")) for _ in range(2)]
    assert all(isinstance(each, Sent) for each in receipts)
    assert [each.kind for each in there.heard] == ["sampleText", "sampleText"]


async def test_a_webhook_that_is_not_dingtalks_is_never_asked(stage: Stage, there: FakeDingTalk) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"errcode": 0})

    app = web.Application()
    app.router.add_post("/hook", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await there.say("hi", group=GROUP, sessionWebhook=hook)
        await stage.intake.event()
        await send(stage, TEAM, text("x"))
    finally:
        await runner.cleanup()
    assert (asked, [each.kind for each in there.heard]) == ([], ["sampleText"])


async def test_markdown_and_a_card(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    card = Native("card", {"title": "T", "text": "x", "buttons": [{"title": "Go", "url": "https://x"}]})
    await send(stage, TEAM, (Native("markdown", {"title": "T", "text": "**x**"}), card))
    assert [each.kind for each in there.heard] == ["markdown", "sampleActionCard"]


@pytest.mark.parametrize(
    ("part", "template", "kinds"),
    [
        (Image, "sampleImageMsg", ["image"]),
        (Voice, "sampleAudio", ["voice"]),
        (Video, "sampleFile", ["video", "file"]),
        (File, "sampleFile", ["file"]),
    ],
)
async def test_files_are_uploaded_and_sent(
    stage: Stage, there: FakeDingTalk, part: type[Image | Voice | Video | File], template: str, kinds: list[str]
) -> None:
    receipt = await send(stage, MIRA, (part(stage.media.accept(b"content")),))
    assert receipt == Sent(there.heard[0].key)
    assert there.heard[0].kind == template
    assert list(there.uploads.values()) == [(kind, b"content") for kind in kinds]


async def test_a_video_with_a_cover_is_one(stage: Stage, there: FakeDingTalk) -> None:
    video = Video(stage.media.accept(b"film"), extra={"cover": stage.media.accept(b"png"), "duration": 9})
    await send(stage, MIRA, (video,))
    assert (there.heard[0].kind, there.heard[0].body["duration"]) == ("sampleVideo", "9")


async def test_words_around_a_picture_keep_their_order(stage: Stage, there: FakeDingTalk) -> None:
    receipt = await send(stage, MIRA, (Text("a"), Image(stage.media.accept(b"png")), Text("b")))
    assert [each.kind for each in there.heard] == ["sampleText", "sampleImageMsg", "sampleText"]
    assert receipt == Sent(",".join(each.key for each in there.heard))


async def test_a_file_that_is_gone_is_found_before_anything_is_said(stage: Stage, there: FakeDingTalk) -> None:
    receipt = await send(stage, MIRA, (Text("look"), Image("media:gone.png")))
    assert (type(receipt), there.heard) == (Failed, [])


async def test_what_was_sent_in_part_is_not_called_failed(stage: Stage, there: FakeDingTalk) -> None:
    unknown = Native("card", {"msgKey": "sampleNothing", "msgParam": {}})
    receipt = await send(stage, MIRA, (Text("a"), unknown))
    assert isinstance(receipt, Unknown)
    assert receipt.reason.startswith("1 of 2 parts were sent, then: ")


async def test_an_error_of_the_server_leaves_it_open(stage: Stage, there: FakeDingTalk) -> None:
    there.broken = 1
    assert isinstance(await send(stage, TEAM, text("x")), Unknown)
    assert isinstance(await send(stage, TEAM, text("x")), Sent)


async def test_a_missing_permission_has_failed_and_is_named(stage: Stage, there: FakeDingTalk) -> None:
    there.forbidden = "qyapi_robot_sendmsg"
    receipt = await send(stage, TEAM, text("x"))
    assert isinstance(receipt, Failed)
    assert ("qyapi_robot_sendmsg" in receipt.reason, receipt.code[:9]) == (True, "Forbidden")


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        ("private:nobody", "no such user"),
        ("private:$:LWCP_v1:$x", "only as an answer"),
        ("channel:corp", "no chat that a robot can write to"),
    ],
)
async def test_who_cannot_be_written_to(stage: Stage, chat: str, words: str) -> None:
    receipt = await send(stage, ChatId(chat), text("x"))
    assert isinstance(receipt, Failed)
    assert words in receipt.reason


@pytest.mark.parametrize(
    ("left_out", "code"),
    [("flowControlledStaffIdList", "rate_limited"), ("filteredStaffIdList", "filteredStaffId")],
)
async def test_who_is_left_out_was_not_told(stage: Stage, there: FakeDingTalk, left_out: str, code: str) -> None:
    there.left_out = left_out
    receipt = await send(stage, MIRA, text("x"))
    assert (isinstance(receipt, Failed) and receipt.code) == code


async def test_a_webhook_that_breaks_leaves_it_open(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    there.broken = 1
    assert (isinstance(await send(stage, TEAM, text("x")), Unknown), there.heard) == (True, [])


async def test_a_webhook_that_is_not_reached_gives_way(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_robot: Robot, _url: str, _body: object) -> None:
        raise NotReached(what="oapi.dingtalk.com", reason="refused")

    await spoken_to(stage, there)
    monkeypatch.setattr(Robot, "post", away)
    assert isinstance(await send(stage, TEAM, text("x")), Sent)
    assert [each.kind for each in there.heard] == ["sampleText"]


async def test_a_webhook_that_hears_too_much_gives_way_for_a_while(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    there.throttle(1)
    for word in ("one", "two"):
        await send(stage, TEAM, text(word))
    assert [each.kind for each in there.heard] == ["sampleText", "sampleText"]


async def test_a_break_between_two_parts_leaves_it_open(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = Speaking._by_robot

    async def breaking(speaking: Speaking, chat: ChatId, template: RobotMessage) -> Receipt:
        if there.heard:
            raise Unavailable(what="api.dingtalk.com", reason="no answer within 30 s")
        return await say(speaking, chat, template)

    monkeypatch.setattr(Speaking, "_by_robot", breaking)
    receipt = await send(stage, MIRA, (Text("a"), Native("markdown", {"text": "b"})))
    assert receipt == Unknown("1 of 2 parts were sent, then: api.dingtalk.com is away: no answer within 30 s")


async def test_a_host_that_is_not_reached_has_failed(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_speaking: Speaking, _chat: ChatId, _template: RobotMessage) -> Receipt:
        raise NotReached(what="api.dingtalk.com", reason="refused")

    monkeypatch.setattr(Speaking, "_by_robot", away)
    assert await send(stage, MIRA, text("x")) == Failed("api.dingtalk.com cannot be reached: refused")


async def test_files_that_cannot_be_uploaded_leave_nothing_open(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_robot: Robot, *_words: object) -> str:
        raise Unavailable(what="oapi.dingtalk.com", reason="no answer within 30 s")

    monkeypatch.setattr(Robot, "upload", away)
    assert isinstance(await send(stage, MIRA, (Image(stage.media.accept(b"png")),)), Failed)


async def test_a_group_is_spoken_to_in_its_time(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conversations, "turn", lambda *_: 4.0)
    began = stage.kit.clock.monotonic()
    await send(stage, TEAM, text("x"))
    assert stage.kit.clock.monotonic() - began >= 4.0


async def test_nothing_to_say_has_failed(stage: Stage) -> None:
    assert isinstance(await send(stage, TEAM, text("  ")), Failed)


async def test_a_group_that_heard_too_much_is_refused_in_time(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conversations, "turn", lambda *_: 61.0)
    receipt = await send(stage, TEAM, text("x"))
    assert (isinstance(receipt, Failed) and receipt.code, there.heard) == ("rate_limited", [])


# --- taking back ---


async def test_all_parts_are_taken_back(stage: Stage, there: FakeDingTalk) -> None:
    receipt = await send(stage, MIRA, (Text("a"), Image(stage.media.accept(b"png"))))
    assert isinstance(receipt, Sent)
    assert await perform(stage, Delete(BOT, MIRA, receipt.message_id)) == Sent()
    assert there.recalled == [each.key for each in there.heard]


async def test_an_answer_by_webhook_cannot_be_taken_back(stage: Stage, there: FakeDingTalk) -> None:
    await spoken_to(stage, there)
    receipt = await send(stage, TEAM, text("x"))
    assert isinstance(receipt, Sent)
    gone = await perform(stage, Delete(BOT, TEAM, receipt.message_id))
    assert isinstance(gone, Failed)
    assert "cannot be taken back" in gone.reason


@pytest.mark.parametrize(("chat", "words"), [(TEAM, "not found"), (ChatId(""), "has to be told its chat")])
async def test_what_is_not_known_cannot_be_taken_back(stage: Stage, chat: ChatId, words: str) -> None:
    receipt = await perform(stage, Delete(BOT, chat, "pqk"))
    assert isinstance(receipt, Failed)
    assert words in receipt.reason


async def test_other_calls_are_asked(stage: Stage) -> None:
    receipt = await perform(stage, Call(BOT, "get_login_info"))
    assert receipt == Sent(result={"user_id": CLIENT_ID, "nickname": BOT})
