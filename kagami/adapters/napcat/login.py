"""QQ's login through NapCat's WebUI: a known account, a QR code, or a password with whatever QQ asks then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from kagami.adapters.login import LoginWalk
from kagami.adapters.napcat.codec import captcha_sid, password_hash
from kagami.adapters.napcat.webui import RATE_SECONDS, WebUi
from kagami.adapters.napcat.wire import LoggedIn, LoginStatus, PasswordOutcome
from kagami.clock import Clock
from kagami.errors import CodeNeeded, KagamiError, Refused, Throttled, Unavailable
from kagami.i18n import mark
from kagami.ports import Choice

POLL_SECONDS = 2.5
# QQ decides how long a code is good; NapCat fetches the next one. So long somebody may look for a phone.
LOGIN_SECONDS = 600.0
ONLINE_SECONDS = 60.0
ROUNDS = 6
SCANNED, CONFIRMED = 3, 1
LONGEST = 64

_WAIT = mark("One moment…")
_SCAN = mark("Scan this code with QQ on the phone of the account.")
_AGAIN = mark("NapCat says: {reason} Scan this code with QQ on the phone of the account.")
_DONE = mark("{name} ({uin}) is logged in.")
_DONE_BUT = mark("{name} ({uin}) is logged in, but NapCat's connection to Kagami could not be set: {reason}")
_HOW = mark("How shall QQ log in?")
_HOW_NOW = mark("That did not do: {reason} How shall QQ log in?")

Connect = Callable[[LoggedIn], Awaitable[None]]


class QqLogin:
    """`walk` is for a `LoginWalk`. `connect` sets NapCat's connection to Kagami when an account is there.

    `alive` says that the account's OneBot connection is up: then QQ is logged in, whatever the WebUI believes.
    """

    def __init__(self, webui: WebUi, clock: Clock, connect: Connect, alive: Callable[[], bool] = lambda: False) -> None:
        self._alive = alive
        self._webui = webui
        self._clock = clock
        self._connect = connect

    async def walk(self, page: LoginWalk) -> None:
        try:
            await self._enter(page)
            status = await self._webui.status()
            if not self._is_in(status):
                await self._choose(page, status)
            await self._finish(page)
        except KagamiError as error:
            page.show("failed", mark("The login failed: {reason}"), fields={"reason": error.text()})

    async def _enter(self, page: LoginWalk) -> None:
        """Into the WebUI itself."""
        code = ""
        while True:
            try:
                return await self._webui.log_in(code)
            except CodeNeeded as needed:
                fields = {"reason": str(needed.details["reason"])}
                text = mark("NapCat's WebUI wants the code of its second factor: {reason}")
                code = (await self._ask(page, text, fields=fields, asks=("code",)))["code"].strip()
            except Throttled:
                page.show("wait", mark("NapCat lets nobody in for a minute after too many tries."))
                await self._clock.sleep(RATE_SECONDS)

    async def _ask(self, page: LoginWalk, text: str, **more: Any) -> dict[str, str]:
        words = await page.answered("ask", text, **more)
        page.show("wait", _WAIT)  # the same question asked again is another step
        return words

    async def _choose(self, page: LoginWalk, status: LoginStatus) -> None:
        said = status.loginError or ""
        while True:
            choices = [
                *(
                    Choice(f"quick:{each.uin}", f"{(each.nickName or '')[:LONGEST]} ({each.uin})".strip())
                    for each in await self._webui.quick_accounts()
                ),
                Choice("qr", mark("Scan a QR code"), known=True),
                Choice("password", mark("Log in with a password"), known=True),
            ]
            if status.isOffline:
                choices.append(Choice("restart", mark("Restart NapCat"), known=True))
            fields = {"reason": said} if said else {}
            chosen = await page.answered("choose", _HOW_NOW if said else _HOW, fields=fields, choices=tuple(choices))
            page.show("wait", _WAIT)
            try:
                return await self._by(page, chosen["choice"])
            except Refused as refused:
                said = refused.text()

    async def _by(self, page: LoginWalk, choice: str) -> None:
        if choice == "qr":
            return await self._by_code(page)
        if choice == "password":
            return await self._by_password(page)
        if choice == "restart":
            await self._webui.restart()
            page.show("wait", mark("NapCat is starting again."))
        else:
            await self._webui.quick_login(choice.partition(":")[2])
        return await self._online(page)

    async def _online(self, page: LoginWalk) -> None:
        """Wait for QQ to be online, which takes NapCat some seconds."""
        deadline = self._clock.monotonic() + ONLINE_SECONDS
        said = ""
        while self._clock.monotonic() < deadline:
            status = await self._look()
            if self._is_in(status):
                return
            said = (status.loginError if status is not None else "") or said
            await page.refreshed(POLL_SECONDS)
        raise Refused(reason=said or mark("QQ did not come online within a minute."))

    def _is_in(self, status: LoginStatus | None) -> bool:
        return (status is not None and status.isLogin) or self._alive()

    async def _look(self) -> LoginStatus | None:
        """None while NapCat does not answer: it may be starting."""
        try:
            return await self._webui.status()
        except Unavailable:
            return None

    async def _by_code(self, page: LoginWalk) -> None:
        deadline = self._clock.monotonic() + LOGIN_SECONDS
        replaced = ""
        while self._clock.monotonic() < deadline:
            status = await self._look()
            if self._is_in(status):
                return
            code = await self._show_code(page, status)
            expired = status is not None and bool(status.loginError) and code not in ("", replaced)
            if await page.refreshed(POLL_SECONDS) or expired:
                replaced = code
                with suppress(Refused, Unavailable):  # the next look says why, or that QQ is in meanwhile
                    await self._webui.refresh_qr_code()
        raise Unavailable(what="QQ", reason="nobody scanned the code within ten minutes")

    async def _show_code(self, page: LoginWalk, status: LoginStatus | None) -> str:
        """The code that is on the screen now; empty when there is none."""
        code = (status.qrcodeurl if status is not None else "") or ""
        if status is None:
            page.show("wait", mark("NapCat's WebUI does not answer."))
            return ""
        with suppress(Unavailable):
            code = code or await self._webui.qr_code()
        if code:
            reason = (status.loginError or "")[:200]
            page.show("qr", _AGAIN if reason else _SCAN, qr=code, fields={"reason": reason} if reason else {})
        else:
            page.show("wait", mark("NapCat is fetching a code."))
        return code

    # --- password ---

    async def _by_password(self, page: LoginWalk) -> None:
        text = mark("The number of the account, and its password: NapCat gets only its hash.")
        words = await self._ask(page, text, asks=("uin", "password"), secret=("password",))
        uin, password = words["uin"].strip(), password_hash(words["password"])
        outcome = await self._webui.password_login(uin, password)
        for _ in range(ROUNDS):
            if outcome.needCaptcha:
                outcome = await self._captcha(page, uin, password, _link(outcome.proofWaterUrl))
            elif outcome.needNewDevice:
                outcome = await self._new_device(page, uin, password, outcome)
            else:
                return await self._online(page)
        raise Refused(reason=mark("QQ asks for the same again and again."))

    async def _captcha(self, page: LoginWalk, uin: str, password: str, link: str) -> PasswordOutcome:
        text = mark(
            "QQ wants a captcha: open this page, solve it, and give the ticket and the randstr that it returns."
        )
        words = await self._ask(page, text, link=link, asks=("ticket", "randstr"))
        given = {name: words[name].strip() for name in ("ticket", "randstr")}
        return await self._webui.password_login(uin, password, **given, sid=captcha_sid(link))

    async def _new_device(self, page: LoginWalk, uin: str, password: str, before: PasswordOutcome) -> PasswordOutcome:
        deadline = self._clock.monotonic() + LOGIN_SECONDS
        code = await self._webui.device_qr(uin, before.jumpUrl)
        while self._clock.monotonic() < deadline:
            status = await self._webui.device_status(uin, code.bytes_token)
            if status.uint32_guarantee_status == CONFIRMED:
                signature = status.str_nt_succ_token or before.newDevicePullQrCodeSig
                return await self._webui.password_login(uin, password, newDevicePullQrCodeSig=signature)
            if status.uint32_guarantee_status == SCANNED:
                page.show("scanned", mark("Confirm the new device on the phone."))
            else:
                text = mark("QQ does not know this device: scan this code with QQ on the phone of the account.")
                page.show("qr", text, qr=code.str_url)
            if await page.refreshed(POLL_SECONDS):
                code = await self._webui.device_qr(uin, before.jumpUrl)
        raise Unavailable(what="QQ", reason="nobody scanned the code within ten minutes")

    # --- done ---

    async def _finish(self, page: LoginWalk) -> None:
        account = await self._webui.account()
        page.show("wait", mark("Logged in. NapCat is being connected to Kagami."))
        told = {"name": (account.nick or str(account.uin))[:LONGEST], "uin": str(account.uin)}
        try:
            await self._connect(account)
        except KagamiError as error:
            page.show("done", _DONE_BUT, fields=told | {"reason": error.text()})
        else:
            page.show("done", _DONE, fields=told)


def _link(url: str) -> str:
    """An address for a person to open."""
    if not url.startswith(("https://", "http://")) or not url.isprintable():
        raise Refused(reason=mark("QQ gives no address for its captcha."))
    return url
