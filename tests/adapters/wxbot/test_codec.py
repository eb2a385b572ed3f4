"""WxBot's dialect, frame by frame."""

from __future__ import annotations

import msgspec
import pytest

from kagami.adapters.onebot11.codec import Identity, Remark, Told, read, read_introduction, unwrap
from kagami.adapters.wxbot.codec import WXBOT, PanelBot, qr_page, read_bots
from kagami.errors import WireError
from kagami.model.action import Call, Failed, Sent
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId
from kagami.model.segment import Mention, Text

WHO = Identity(BotId("wechat:wxid_mirror"), "wxid_mirror")
SAID = {
    "self_id": "wxid_mirror",
    "post_type": "message",
    "message_type": "group",
    "platform": "weixin",
    "group_id": "@@g",
    "user_id": "@u",
    "message_id": "@@g:77:1;@@g:78:1",
    "message": "[CQ:at,qq=wxid_mirror] &#91;hi&#93;",
}


def told(frame: object) -> Told:
    return read(msgspec.json.encode(frame), WHO, execution=lambda _: ExecutionId("x"), now_ms=5)


def test_a_message_without_a_time_and_with_ids_of_text() -> None:
    event = told(SAID)
    assert isinstance(event, Event)
    assert (event.chat, event.user, event.message_id) == ("group:@@g", "@u", "@@g:77:1;@@g:78:1")
    assert (event.message, event.mentioned, event.time_ms) == (
        (Mention("wxid_mirror"), Text(" [hi]")),
        True,
        5,
    )
    assert isinstance(again := told(SAID), Event)
    assert again.dedupe == event.dedupe


def test_a_line_of_its_log_is_no_event() -> None:
    assert told({"post_type": "log", "level": "INFO", "message": "hi", "time": "12:00:00", "self_id": "1"}) == Remark(
        "INFO", "hi"
    )
    assert told({"post_type": "log", "level": {}, "message": "hi"}) == Remark()


def test_lists_that_are_wrapped_come_out() -> None:
    for name, key in (("get_friend_list", "friends"), ("get_group_member_list", "members")):
        call = Call(WHO.bot, name)
        assert unwrap(call, Sent(result={key: [1]}), WXBOT) == Sent(result=[1])
        assert unwrap(call, Sent(result=[1]), WXBOT) == Sent(result=[1])
        assert unwrap(call, Sent(result={"other": 1}), WXBOT) == Sent(result={"other": 1})
        assert unwrap(call, Failed("no"), WXBOT) == Failed("no")
    assert unwrap(Call(WHO.bot, "get_bot_info"), Sent(result={"friends": 1}), WXBOT) == Sent(result={"friends": 1})


@pytest.mark.parametrize(
    ("account", "wanted"), [("wxid_mirror", "wxid_mirror"), ("", ""), ("0", ""), (0, ""), (7, "7")]
)
def test_the_account_is_learnt_from_any_frame_that_has_one(account: object, wanted: str) -> None:
    frame = msgspec.json.encode({"self_id": account, "post_type": "log", "message": "hi"})
    assert read_introduction(frame).account == wanted


def test_the_panels_bots() -> None:
    body = b'[{"self_id":"a","nickname":null,"is_alive":true,"group_count":3},{"self_id":2}]'
    assert read_bots(body) == [PanelBot("a", None, is_alive=True), PanelBot(2)]
    for bad in (b"", b"{}", b'[{"self_id":{}}]', b"<html>"):
        with pytest.raises(WireError):
            read_bots(bad)


def test_the_panels_pages() -> None:
    assert qr_page("http://u:p@h:5000/", "") == "http://h:5000/"
    assert qr_page("http://h:5000/x", "@a b") == "http://h:5000/x/api/qr_code?bot_id=%40a%20b"


def test_a_remark_shows_no_address_of_a_login_and_not_all_of_a_long_one() -> None:
    remark = Remark("INFO", "scan https://login.weixin.qq.com/l/s3cret== now " + "x" * 10_000)
    assert remark.shown.startswith("scan <address> now xxx")
    assert len(remark.shown) <= 500
