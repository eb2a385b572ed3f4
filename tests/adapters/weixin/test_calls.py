from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from kagami.adapters.weixin.calls import Calls
from kagami.adapters.weixin.codec import place_of
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import ILink, open_api
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import Peers
from kagami.adapters.weixin.wire import Credentials, Medium
from kagami.model.action import Call, Failed, Receipt, Sent
from kagami.model.ids import BotId
from kagami.testing.adapters import KeptMedia, NotedMemory, Notes, QuickClock
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

NAME = BotId(f"weixin:{BOT}")


@dataclass
class Desk:
    there: Weixin
    media: KeptMedia
    calls: Calls
    files: Files

    async def ask(self, name: str, **params: Any) -> Receipt:
        return await self.calls.perform(Call(NAME, name, params), "mirror")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_weixin() as there, open_api(there.url) as api:
        media, peers = KeptMedia(), Peers(NAME, NotedMemory(Notes()))
        peers.heard(USER, "context", 1)
        ilink = ILink(api, Credentials(there.token, BOT, there.url))
        files = Files(NAME, NotedMemory(Notes()))
        carrier = Carrier(api, ilink, media, f"{there.url}/c2c", files)
        yield Desk(there, media, Calls(ilink, carrier, peers, QuickClock()), files)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("get_login_info", {"user_id": BOT, "nickname": "mirror"}),
        ("get_friend_list", [{"user_id": USER, "nickname": "", "remark": ""}]),
        ("get_group_list", []),
        ("can_send_image", {"yes": True}),
        ("can_send_record", {"yes": False}),
    ],
)
async def test_what_is_known_is_answered(desk: Desk, name: str, result: Any) -> None:
    assert await desk.ask(name) == Sent(result=result)


@pytest.mark.parametrize("name", ["set_group_kick", "get_stranger_info", "POST /other", "POST /ilink/bot/../x"])
async def test_what_is_not_there_fails(desk: Desk, name: str) -> None:
    receipt = await desk.ask(name)
    assert isinstance(receipt, Failed)
    assert receipt.code == "unsupported"


async def test_typing_is_shown_and_taken_back_with_one_ticket(desk: Desk) -> None:
    assert await desk.ask("set_typing", user_id=USER) == Sent()
    assert await desk.ask("set_typing", user_id=USER, typing=False) == Sent()
    assert desk.there.typing == [(USER, 1), (USER, 2)]
    assert desk.there.calls.count("getconfig") == 1


async def test_a_ticket_that_is_refused_is_asked_for_again(desk: Desk) -> None:
    await desk.ask("set_typing", user_id=USER)
    desk.there.answers["sendtyping"] = [{"ret": -3}]
    assert isinstance(await desk.ask("set_typing", user_id=USER), Failed)
    assert await desk.ask("set_typing", user_id=USER) == Sent()
    assert desk.there.calls.count("getconfig") == 2


@pytest.mark.parametrize("answer", [{"ret": 0}, {"ret": -1}])
async def test_without_a_ticket_it_fails(desk: Desk, answer: dict[str, int]) -> None:
    desk.there.answers["getconfig"] = [answer]
    assert isinstance(await desk.ask("set_typing", user_id=USER), Failed)


async def test_typing_for_nobody_fails(desk: Desk) -> None:
    assert isinstance(await desk.ask("set_typing"), Failed)


async def test_a_file_is_fetched_later(desk: Desk) -> None:
    place = place_of(msgspec.convert(desk.there.cdn.medium(b"later"), Medium))
    assert place is not None
    receipt = await desk.ask("get_file", file=desk.files.put(place, 1))
    assert receipt == Sent(result={"file": desk.media.accept(b"later")})


async def test_a_file_that_is_kept_is_its_own(desk: Desk) -> None:
    assert await desk.ask("get_image", file="media:1") == Sent(result={"file": "media:1"})


async def test_a_file_of_elsewhere_fails(desk: Desk) -> None:
    assert isinstance(await desk.ask("get_file", file="/etc/passwd"), Failed)


async def test_a_raw_call_is_passed_on_with_what_every_call_has(desk: Desk) -> None:
    receipt = await desk.ask("POST /ilink/bot/getconfig", ilink_user_id=USER, context_token="")
    assert receipt == Sent(result={"ret": 0, "typing_ticket": f"ticket-{USER}"})
    assert desk.there.refused == []


async def test_a_raw_call_that_is_refused_has_its_code(desk: Desk) -> None:
    desk.there.answers["getconfig"] = [{"ret": -9, "errmsg": "no"}]
    assert await desk.ask("POST /ilink/bot/getconfig") == Failed("WeChat refuses it: no", "-9")
