"""From the first code to the account that is online, with every state in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from kagami.adapters.login import LoginWalk
from kagami.adapters.weixin import ilink as ilink_module
from kagami.adapters.weixin import login as login_module
from kagami.adapters.weixin.login import (
    BOUND,
    BOUND_ELSEWHERE,
    CHECKING,
    DIGITS,
    DONE,
    EXPIRED,
    NOBODY,
    SCAN,
    TROUBLE,
    WRONG_DIGITS,
    QrLogin,
)
from kagami.adapters.weixin.wire import Credentials
from kagami.net.supervise import Nursery
from kagami.ports import LoginStep
from kagami.testing.adapters import QuickClock
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

OLD = Credentials("old-token", "old@im.bot", "https://old.example")


@dataclass
class Person:
    """Somebody before the screen, with the phone in hand."""

    there: Weixin
    walk: LoginWalk
    kept: list[Credentials]
    seen: LoginStep

    async def sees(self) -> LoginStep:
        self.seen = await self.walk.step(self.seen.number, 5.0)
        return self.seen

    async def sees_code(self) -> str:
        step = await self.sees()
        assert (step.kind, step.text) == ("qr", SCAN)
        return step.qr


class Scene:
    def __init__(self, there: Weixin, nursery: Nursery) -> None:
        self.there = there
        self.nursery = nursery

    def begin(self, known: Credentials | None = None) -> Person:
        kept: list[Credentials] = []

        async def keep(credentials: Credentials) -> None:
            kept.append(credentials)

        qr = QrLogin(self.there.url, (), known, keep, QuickClock(), self.nursery)
        return Person(self.there, LoginWalk(self.nursery, "x", qr.walk), kept, LoginStep(number=1, kind="wait"))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with open_weixin() as there, Nursery() as nursery:
        yield Scene(there, nursery)
        assert not nursery.failures


async def test_a_scanned_and_confirmed_code_brings_credentials(scene: Scene) -> None:
    person = scene.begin()
    assert await person.sees_code() == f"https://liteapp.weixin.qq.com/q/{scene.there.codes[0]}"
    assert person.seen.until_ms > 0
    scene.there.show("scaned")
    assert (await person.sees()).kind == "scanned"
    scene.there.show("confirmed")
    step = await person.sees()
    assert (step.kind, step.text, step.fields) == ("done", DONE, {"account": BOT})
    assert person.kept == [
        Credentials(scene.there.token, BOT, scene.there.url, USER, scene.there.url.partition("://")[2])
    ]


async def test_digits_are_asked_for_until_they_are_right(scene: Scene) -> None:
    person = scene.begin()
    await person.sees_code()
    scene.there.show("need_verifycode", digits="4711")
    step = await person.sees()
    assert (step.kind, step.text, step.asks) == ("ask", DIGITS, ("code",))
    await person.walk.answer({"code": "1"})
    assert (await person.sees()).text in (CHECKING, WRONG_DIGITS)
    while person.seen.text != WRONG_DIGITS:
        await person.sees()
    await person.walk.answer({"code": " 4711 "})
    while person.seen.kind != "scanned":
        await person.sees()
    scene.there.show("confirmed")
    assert (await person.sees()).kind == "done"


async def test_too_many_wrong_digits_bring_another_code(scene: Scene) -> None:
    person = scene.begin()
    first = await person.sees_code()
    scene.there.show("need_verifycode", digits="4711")
    for _ in range(3):
        while (await person.sees()).kind != "ask":
            continue
        await person.walk.answer({"code": "1"})
    while person.seen.kind != "qr":
        await person.sees()
    assert person.seen.qr != first


async def test_nobody_who_types_the_digits_lets_the_code_expire(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_module, "CODE_SECONDS", 0.05)
    person = scene.begin()
    first = await person.sees_code()
    scene.there.show("need_verifycode", digits="4711")
    assert (await person.sees()).kind == "ask"
    assert await person.sees_code() != first


async def test_a_redirect_to_the_own_host_goes_on_there(scene: Scene) -> None:
    person = scene.begin()
    await person.sees_code()
    scene.there.show("scaned_but_redirect", redirect="127.0.0.1")
    assert (await person.sees()).kind == "scanned"
    scene.there.show("confirmed")
    assert (await person.sees()).kind == "done"


@pytest.mark.parametrize("host", ["10.0.0.7", "localhost", "a.example/x", "0x7f.1", ""])
async def test_a_redirect_elsewhere_than_to_a_name_is_not_followed(scene: Scene, host: str) -> None:
    scene.there.answers["get_qrcode_status"] = [{"status": "scaned_but_redirect", "redirect_host": host}]
    person = scene.begin()
    while not person.seen.over:
        await person.sees()
    assert (person.seen.kind, person.seen.text) == ("failed", TROUBLE)


async def test_an_expired_code_is_followed_by_at_most_two_others(scene: Scene) -> None:
    person = scene.begin()
    codes = []
    for _ in range(3):
        codes.append(await person.sees_code())
        scene.there.show("expired")
    step = await person.sees()
    assert (step.kind, step.text, step.fields, len(set(codes))) == ("failed", EXPIRED, {"times": "3"}, 3)
    assert len(scene.there.codes) == 3


async def test_an_account_that_is_bound_goes_on_with_its_old_credentials(scene: Scene) -> None:
    person = scene.begin(OLD)
    await person.sees_code()
    assert scene.there.known_tokens == [["old-token"]]
    scene.there.show("binded_redirect")
    step = await person.sees()
    assert (step.kind, step.text, person.kept) == ("done", BOUND, [OLD])


async def test_an_account_that_is_bound_without_credentials_here_is_told(scene: Scene) -> None:
    person = scene.begin()
    await person.sees_code()
    scene.there.show("binded_redirect")
    step = await person.sees()
    assert (step.kind, step.text, person.kept) == ("failed", BOUND_ELSEWHERE, [])


async def test_another_code_comes_at_once_when_somebody_asks(scene: Scene) -> None:
    person = scene.begin()
    codes = {await person.sees_code()}
    for _ in range(4):
        await person.walk.refresh()
        codes.add(await person.sees_code())
    assert len(codes) == 5


async def test_trouble_while_waiting_is_waiting(scene: Scene) -> None:
    scene.there.statuses["get_qrcode_status"] = [502, 524]
    scene.there.answers["get_qrcode_status"] = [{"status": "never heard of"}]
    person = scene.begin()
    await person.sees_code()
    scene.there.show("confirmed")
    assert (await person.sees()).kind == "done"


@pytest.mark.parametrize("given", [{"bot_token": ""}, {"ilink_bot_id": ""}, {"baseurl": "http://10.0.0.1"}])
async def test_a_confirmation_without_sound_credentials_fails(scene: Scene, given: dict[str, str]) -> None:
    whole = {"status": "confirmed", "bot_token": "t", "ilink_bot_id": BOT, "baseurl": scene.there.url}
    scene.there.answers["get_qrcode_status"] = [whole | given]
    person = scene.begin()
    while not person.seen.over:
        await person.sees()
    assert (person.seen.kind, person.seen.text, person.kept) == ("failed", TROUBLE, [])


async def test_no_code_is_told(scene: Scene) -> None:
    scene.there.answers["get_bot_qrcode"] = [{"ret": -1, "errmsg": "busy"}]
    step = await scene.begin().sees()
    assert (step.kind, step.text) == ("failed", TROUBLE)
    assert "busy" in step.fields["reason"]


async def test_a_code_is_asked_for_again_when_no_answer_comes(scene: Scene) -> None:
    scene.there.drops["get_bot_qrcode"] = 2
    await scene.begin().sees_code()


async def test_a_platform_that_never_answers_is_told(scene: Scene) -> None:
    scene.there.drops["get_bot_qrcode"] = 3
    step = await scene.begin().sees()
    assert (step.kind, step.text, scene.there.drops["get_bot_qrcode"]) == ("failed", TROUBLE, 0)


async def test_a_question_that_is_held_too_long_is_asked_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ilink_module, "HELD_SECONDS", 0.02)
    monkeypatch.setattr(ilink_module, "SLACK_SECONDS", 0.0)
    person = scene.begin()
    await person.sees_code()
    while scene.there.calls.count("get_qrcode_status") < 3:
        await asyncio.sleep(0.001)
    scene.there.show("confirmed")
    assert (await person.sees()).kind == "done"


async def test_nobody_with_a_phone_ends_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_module, "LOGIN_SECONDS", 1.0)
    scene.there.hold = 0.01
    person = scene.begin()
    await person.sees_code()
    step = await person.sees()
    assert (step.kind, step.text) == ("failed", NOBODY)


async def test_nothing_of_it_goes_on_when_it_is_given_up(scene: Scene) -> None:
    person = scene.begin()
    await person.sees_code()
    await person.walk.close()
    assert (person.walk.over, scene.nursery.names()) == (True, [])


async def test_neither_code_nor_token_is_in_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = scene.begin(OLD)
    await person.sees_code()
    scene.there.show("confirmed")
    await person.sees()
    assert not [each for each in (scene.there.codes[0], scene.there.token, "old-token") if each in caplog.text]
