from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest

from kagami.core.numbers import is_given
from kagami.errors import WireError
from kagami.gateway import frames as module
from kagami.gateway.frames import Frames
from kagami.model.segment import Image, Reply, Text
from kagami.net.supervise import Nursery
from kagami.ports import Named
from tests.gateway.house import FEISHU, QQ, House, feishu_event, qq_event


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with Nursery() as nursery:
        yield House(nursery)


async def test_an_event_in_this_language_passes_as_the_bytes_that_came(house: House) -> None:
    event = qq_event()
    assert await Frames(house.means).event(event) == event.native.encode()


async def test_a_late_one_says_so(house: House) -> None:
    frame = msgspec.json.decode(await Frames(house.means).event(qq_event(), 4.26))
    assert (frame["message_id"], frame["kagami"]) == (1, {"late_s": 4.3})


async def test_one_of_another_platform_has_integers_that_lead_back(house: House) -> None:
    event = msgspec.structs.replace(feishu_event(3), message=(Reply("om_1"), Text("hi")))
    frame = msgspec.json.decode(await Frames(house.means).event(event))
    ids = [frame[key] for key in ("self_id", "user_id", "group_id", "message_id")]
    named = await house.numbers.find(ids)
    assert all(map(is_given, ids))
    assert [named[each] for each in ids] == [
        Named("cli_1"), Named("ou_1"), Named("oc_1"), Named("om_3", "group:oc_1"),
    ]  # fmt: skip
    quoted = int(frame["message"][0]["data"]["id"])
    assert (await house.numbers.find([quoted]))[quoted] == Named("om_1", "group:oc_1")


async def test_an_account_has_its_number(house: House) -> None:
    frames = Frames(house.means)
    assert (await frames.number(QQ), is_given(await frames.number(FEISHU))) == (10_001, True)


async def test_a_file_that_is_kept_here_goes_along(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = house.shelf.accept(b"png"), house.shelf.accept(b"x" * 20)
    monkeypatch.setattr(module, "LARGEST_FILE", 10)
    gone = f"media:{'f' * 64}.png"
    event = msgspec.structs.replace(feishu_event(), message=tuple(Image(each) for each in (small, large, gone)))
    frame = msgspec.json.decode(await Frames(house.means).event(event))
    files = [part["data"]["file"] for part in frame["message"]]
    assert files == [f"base64://{b64encode(b'png').decode()}", "base64://", "base64://"]


async def test_the_privacy_guard_stands_before_it() -> None:
    async with Nursery() as nursery:
        house = House(nursery, privacy=True)
        frame = msgspec.json.decode(await Frames(house.means).event(qq_event(1, "call 13800138000")))
    assert "13800138000" not in str(frame)
    assert (frame["user_id"], frame["message_id"]) == (7, 1)
    assert frame["message"] == [{"type": "text", "data": {"text": "call [phone-1]"}}]


async def test_ids_of_several_events_are_given_at_once(house: House) -> None:
    asked: list[set[str]] = []
    give = house.numbers.give

    async def listened(texts: Mapping[str, str]) -> dict[str, int]:
        asked.append(set(texts))
        return await give(texts)

    house.numbers.give = listened  # type: ignore[method-assign]
    await Frames(house.means).prepare([feishu_event(1), qq_event(), feishu_event(2)])
    assert asked == [{"cli_1", "ou_1", "oc_1", "om_1", "om_2"}]
    await Frames(house.means).prepare([qq_event()])
    assert len(asked) == 1


async def test_all_files_of_a_frame_have_a_limit_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = house.shelf.accept(b"one"), house.shelf.accept(b"other")
    monkeypatch.setattr(module, "LARGEST_FILES", 8)
    event = msgspec.structs.replace(feishu_event(), message=tuple(Image(each) for each in (one, other, one)))
    frame = msgspec.json.decode(await Frames(house.means).event(event))
    files = [part["data"]["file"] for part in frame["message"]]
    assert files == [f"base64://{b64encode(b'one').decode()}", "base64://", f"base64://{b64encode(b'one').decode()}"]


async def test_what_cannot_be_told_hinders_no_other(house: House) -> None:
    spoilt = msgspec.structs.replace(feishu_event(1), message=(Text("\ud800"),))
    await Frames(house.means).prepare([spoilt, feishu_event(2)])
    with pytest.raises(WireError):
        await Frames(house.means).event(spoilt)
