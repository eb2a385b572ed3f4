"""QQ's login, step after step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from kagami.adapters.login import LoginWalk
from kagami.adapters.napcat.login import LOGIN_SECONDS, ONLINE_SECONDS, QqLogin
from kagami.adapters.napcat.webui import RATE_SECONDS, WebUi
from kagami.adapters.napcat.wire import LoggedIn
from kagami.errors import Refused
from kagami.net.supervise import Nursery
from kagami.ports import LoginStep
from kagami.testing.clock import FakeClock
from kagami.testing.napcat import CAPTCHA, NapCatHost

pytestmark = pytest.mark.usefixtures("quick")

QUICK = [{"uin": "10001", "nickName": "Mira", "isQuickLogin": True, "faceUrl": ""}, {"uin": "2", "isQuickLogin": False}]


class Person:
    """Whoever logs in; `connected` are the accounts for which the network was to be set."""

    def __init__(self, nursery: Nursery, webui: WebUi, clock: FakeClock) -> None:
        self.connected: list[LoggedIn] = []
        self.refusal = ""
        self.alive = False
        self.walk = LoginWalk(nursery, "qq", QqLogin(webui, clock, self._connect, lambda: self.alive).walk)

    async def _connect(self, account: LoggedIn) -> None:
        if self.refusal:
            raise Refused(reason=self.refusal)
        self.connected.append(account)

    async def sees(self, kind: str, *, unlike: str = "") -> LoginStep:
        """The next step of a kind."""
        async with asyncio.timeout(5):
            step = await self.walk.step()
            while step.kind != kind or (unlike and step.qr == unlike):
                assert not step.over, step
                step = await self.walk.step(step.number, 5)
        return step

    async def chooses(self, key: str) -> LoginStep:
        step = await self.sees("choose")
        await self.walk.answer({"choice": key})
        return step


@pytest.fixture
async def person(webui: WebUi, clock: FakeClock) -> AsyncIterator[Person]:
    async with Nursery() as nursery:
        yield Person(nursery, webui, clock)


async def test_by_a_code_that_is_scanned(napcat: NapCatHost, person: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await person.chooses("qr")
    step = await person.sees("qr")
    assert step.qr == napcat.code
    napcat.scan()
    done = await person.sees("done")
    assert done.fields == {"name": "bot 10001", "uin": "10001"}
    assert [each.uin for each in person.connected] == ["10001"]
    assert step.qr not in caplog.text


async def test_an_account_that_is_known_needs_no_code(napcat: NapCatHost, person: Person) -> None:
    napcat.quick = QUICK
    step = await person.chooses("quick:10001")
    assert (step.choices[0].key, step.choices[0].label) == ("quick:10001", "Mira (10001)")
    assert [each.key for each in step.choices[1:]] == ["qr", "password"]
    await person.sees("done")
    assert ("/QQLogin/SetQuickLogin", {"uin": "10001"}) in napcat.asked


async def test_another_code_comes_when_somebody_asks(napcat: NapCatHost, person: Person) -> None:
    await person.chooses("qr")
    first = await person.sees("qr")
    await person.walk.refresh()
    second = await person.sees("qr", unlike=first.qr)
    assert second.qr == napcat.code != first.qr


async def test_a_code_that_has_expired_is_replaced(napcat: NapCatHost, person: Person) -> None:
    await person.chooses("qr")
    first = await person.sees("qr")
    napcat.expire()
    second = await person.sees("qr", unlike=first.qr)
    napcat.scan()
    await person.sees("done")
    assert second.qr != first.qr


async def test_who_is_logged_in_only_gets_the_connection(napcat: NapCatHost, person: Person) -> None:
    napcat.scan()
    await person.sees("done")
    assert len(person.connected) == 1


async def test_a_live_connection_is_believed_more_than_the_webui(person: Person) -> None:
    await person.chooses("qr")
    await person.sees("qr")
    person.alive = True
    await person.sees("done")


async def test_a_connection_that_cannot_be_set_is_said_at_the_end(napcat: NapCatHost, person: Person) -> None:
    person.refusal = "no"
    napcat.scan()
    assert (await person.sees("done")).fields["reason"] == "no"


async def test_by_password_with_a_captcha_and_a_new_device(napcat: NapCatHost, person: Person) -> None:
    napcat.password, napcat.wants = "p4ss", ["captcha", "device"]
    await person.chooses("password")
    step = await person.sees("ask")
    assert (step.asks, step.secret) == (("uin", "password"), ("password",))
    await person.walk.answer({"uin": "7007", "password": "p4ss"})
    async with asyncio.timeout(5):
        while (captcha := await person.sees("ask")).asks != ("ticket", "randstr"):
            await asyncio.sleep(0)
    assert captcha.link == CAPTCHA.format("7007")
    await person.walk.answer({"ticket": " t-good ", "randstr": "r-good"})
    assert (await person.sees("qr")).qr == "https://qr.example/device"
    napcat.device_status = 3
    await person.sees("scanned")
    napcat.device_status = 1
    assert (await person.sees("done")).fields["uin"] == "7007"
    assert "p4ss" not in str(napcat.asked)


async def test_a_wrong_password_leads_back_to_the_choices(napcat: NapCatHost, person: Person) -> None:
    napcat.password = "right"
    await person.chooses("password")
    await person.sees("ask")
    await person.walk.answer({"uin": "1", "password": "wrong"})
    assert (await person.sees("choose")).fields == {"reason": "账号或密码错误"}


async def test_the_code_of_a_second_factor_is_asked_for_until_it_is_right(napcat: NapCatHost, person: Person) -> None:
    napcat.totp = "123456"
    for code in ("1", "2", "123456"):
        before = await person.sees("ask")
        await person.walk.answer({"code": code})
        async with asyncio.timeout(5):
            await person.walk.step(before.number, 5)
    await person.sees("choose")


async def test_too_many_log_ins_are_waited_for(napcat: NapCatHost, person: Person, clock: FakeClock) -> None:
    napcat.rate = 0
    await clock.asleep()
    assert (await person.walk.step()).kind == "wait"
    napcat.rate = 10
    await clock.advance(RATE_SECONDS)
    await person.sees("choose")


async def test_a_session_that_was_ended_elsewhere_may_be_restarted(napcat: NapCatHost, person: Person) -> None:
    napcat.kick()
    step = await person.chooses("restart")
    assert [each.key for each in step.choices] == ["qr", "password", "restart"]
    await person.sees("done")
    assert napcat.restarts == 1


async def test_a_code_that_nobody_scans_ends_it(person: Person, clock: FakeClock) -> None:
    await person.chooses("qr")
    await person.sees("qr")
    await clock.advance(LOGIN_SECONDS)
    assert "nobody scanned" in (await person.sees("failed")).fields["reason"]


async def test_an_account_that_does_not_come_online_leads_back_to_the_choices(
    napcat: NapCatHost, person: Person, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    napcat.quick = QUICK
    monkeypatch.setattr(napcat, "scan", lambda: None)
    before = await person.chooses("quick:10001")
    await person.walk.step(before.number, 5)
    while not any(route == "/QQLogin/SetQuickLogin" for route, _ in napcat.asked):
        await asyncio.sleep(0.001)
    count = len(napcat.asked)
    while len(napcat.asked) < count + 2:
        await asyncio.sleep(0.001)
    await clock.advance(ONLINE_SECONDS)
    assert "within a minute" in (await person.sees("choose")).fields["reason"]


async def test_a_token_that_is_wrong_is_the_reason(napcat: NapCatHost, person: Person) -> None:
    napcat.token = "another"
    assert "correct bots.webui_token" in (await person.sees("failed")).fields["reason"]
