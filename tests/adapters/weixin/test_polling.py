"""What the one listener of an account does with what comes."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from kagami.adapters.weixin import polling as polling_module
from kagami.errors import StoreClosed
from kagami.model.event import Event
from kagami.model.segment import Image, Text, Voice
from kagami.testing.adapters import Notes
from tests.adapters.contract import Stage, acting
from tests.adapters.weixin.peer import open_peer

PICTURE = b"a picture"


def noted(stage: Stage, key: str) -> str:
    return stage.notes.values.get((stage.peer.bot, key), "")


async def test_the_cursor_is_kept_only_when_all_of_a_batch_is_on_disk() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        stage.intake.hold()
        peer.there.say("one")
        peer.there.say("two")
        first, second = await stage.intake.event(), await stage.intake.event()
        assert (first.text, second.text, noted(stage, "cursor")) == ("one", "two", "")
        stage.intake.release()
        await stage.until(lambda: noted(stage, "cursor"))
        await stage.until(lambda: peer.there.acknowledged == 2)


async def test_it_goes_on_where_it_was_after_a_restart() -> None:
    notes = Notes()
    async with open_peer() as peer:
        async with acting(peer, notes=notes) as stage:
            await stage.online()
            peer.there.say("before")
            await stage.intake.event()
            await stage.until(lambda: peer.there.acknowledged == 1)
        peer.there.say("meanwhile")
        async with acting(peer, notes=notes) as stage:
            assert (await stage.intake.event()).text == "meanwhile"
            assert notes.values[peer.bot, f"peer/{peer.user}"]


async def test_what_the_disk_refuses_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        accept, failures = stage.intake.accept, [StoreClosed(reason="full")]

        def refuse_once(event: Event, read_at: float) -> Any:
            if failures:
                raise failures.pop()
            return accept(event, read_at)

        monkeypatch.setattr(stage.intake, "accept", refuse_once)
        peer.there.say("kept at last")
        assert (await stage.intake.event()).text == "kept at last"
        await stage.until(lambda: peer.there.acknowledged == 1)


async def test_a_message_that_is_none_is_kept_to_look_at_and_stops_no_other() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        peer.there.say("bad", from_user_id="", context_token="s3cret")
        peer.there.say("good")
        assert (await stage.intake.event()).text == "good"
        _, reason, frame = await stage.intake.complaint()
        assert ("no sender" in reason, b"bad" in frame, b"s3cret" in frame) == (True, True, False)


async def test_half_an_emoji_does_not_stop_the_cursor() -> None:
    said = (
        rb'[{"message_id":5,"from_user_id":"u@im.wechat","message_type":1,'
        rb'"item_list":[{"type":1,"text_item":{"text":"half \ud83d"}}]}]'
    )
    async with open_peer() as peer:
        peer.there.answers["getupdates"] = [{"ret": 0, "msgs": msgspec.Raw(said), "get_updates_buf": "1"}]
        async with acting(peer) as stage:
            assert (await stage.intake.event()).text == "half \ufffd"
            await stage.until(lambda: noted(stage, "cursor") == "1")


async def test_its_own_echo_is_nothing() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        peer.there.say("mine", message_type=2)
        peer.there.say("theirs")
        assert (await stage.intake.event()).text == "theirs"


async def test_a_voice_comes_with_its_words() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        voice = {"media": peer.there.cdn.medium(b"\x02#!SILK_V3"), "text": "/echo hi", "playtime": 900}
        peer.there.say(items=[{"type": 3, "voice_item": voice}])
        event = await stage.intake.event()
        sound, words = event.message
        assert isinstance(sound, Voice)
        assert (stage.media.files[sound.file], words, event.text) == (b"\x02#!SILK_V3", Text("/echo hi"), "/echo hi")


async def test_a_picture_that_cannot_be_fetched_has_a_name_which_is_noted_and_says_nothing() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        media = peer.there.cdn.medium(PICTURE)
        peer.there.cdn.sealed.clear()
        peer.there.say(items=[{"type": 2, "image_item": {"media": media}}])
        (picture,) = (await stage.intake.event()).message
        assert isinstance(picture, Image)
        digest = picture.file.removeprefix("ilink:")
        assert bytes.fromhex(digest)
        await stage.until(lambda: noted(stage, f"file/{digest}"))


@pytest.mark.parametrize("answer", [{"ret": -5, "errmsg": "busy"}, {"errcode": 1}])
async def test_any_other_error_is_tried_again(answer: dict[str, Any]) -> None:
    async with open_peer() as peer:
        peer.there.answers["getupdates"] = [answer] * 5
        async with acting(peer) as stage:
            peer.there.say("after all")
            assert (await stage.intake.event()).text == "after all"


async def test_an_answer_that_is_no_json_is_tried_again() -> None:
    async with open_peer() as peer:
        peer.there.statuses["getupdates"] = [502, 200]
        async with acting(peer) as stage:
            peer.there.say("after all")
            assert (await stage.intake.event()).text == "after all"


async def test_the_platform_does_without_being_told_who_listens() -> None:
    async with open_peer() as peer:
        peer.there.statuses["notifystart"] = [404]
        async with acting(peer) as stage:
            peer.there.say("hi")
            assert (await stage.intake.event()).text == "hi"
            assert (await stage.online()).health().state == "online"


async def test_the_end_of_the_login_stops_it_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        old = peer.there.token
        peer.there.end_token()
        await stage.until(lambda: stage.bot.health().state == "auth_failed")
        assert "log in again by QR" in stage.bot.health().reason
        polls = peer.there.polls
        await stage.kit.clock.sleep(10)
        assert peer.there.polls == polls
        assert old not in caplog.text + stage.bot.health().reason


async def test_a_question_that_ends_without_an_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling_module, "SLACK_SECONDS", 0.0)
    monkeypatch.setattr(polling_module, "HELD_SECONDS", 0.05)
    async with open_peer() as peer, acting(peer) as stage:
        await stage.until(lambda: peer.there.polls >= 3)
        assert stage.bot.health().state == "online"
        assert (stage.bot.health().reconnects, peer.there.most_listening) == (0, 1)


async def test_a_question_that_is_not_held_is_not_asked_again_at_once() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        peer.there.answers["getupdates"] = [{"ret": 0, "msgs": []}] * 3
        began = stage.kit.clock.monotonic()
        await stage.until(lambda: peer.there.polls >= 4)
        assert stage.kit.clock.monotonic() - began >= 3 * polling_module.SHORTEST_HOLD_SECONDS


async def test_the_platform_is_told_when_nobody_listens_any_more() -> None:
    async with open_peer() as peer:
        async with acting(peer) as stage:
            await stage.online()
            await stage.until(lambda: peer.there.polls == 1)
        assert peer.there.calls[-1] == "notifystop"
