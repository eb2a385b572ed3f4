"""The login by QR code, from the first code to the credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from kagami.adapters.login import LoginWalk
from kagami.adapters.table import host_of
from kagami.adapters.weixin.ilink import ILink, open_api, redirected, sound_base
from kagami.adapters.weixin.wire import Code, Credentials, Status
from kagami.clock import Clock
from kagami.errors import CredentialsRefused, Refused, Unavailable, WireError
from kagami.i18n import mark
from kagami.net.supervise import Nursery

LOGIN_SECONDS = 480.0
CODE_SECONDS = 300.0
MOST_CODES = 3
TRIES = 3
BETWEEN_SECONDS = 1.0
TROUBLE_SECONDS = 2.0

Turn = Literal["over", "expired", "renew"]
Keep = Callable[[Credentials], Awaitable[None]]

SCAN = mark("Scan the code with WeChat on your phone.")
CONFIRM = mark("Confirm the login on your phone.")
DIGITS = mark("Type the digits that your phone shows.")
WRONG_DIGITS = mark("Those were not the digits. Type what your phone shows now.")
CHECKING = mark("The digits are being checked…")
DONE = mark("Logged in as {account}.")
BOUND = mark("This account was logged in here already: {account} goes on.")
BOUND_ELSEWHERE = mark(
    "WeChat takes this account for logged in here, but its credentials are gone. Remove the bot in WeChat."
)
EXPIRED = mark("The code expired {times} times. Begin again.")
NOBODY = mark("Nobody confirmed the login in time. Begin again.")
TROUBLE = mark("WeChat cannot be asked: {reason}")


@dataclass(slots=True)
class Asking:
    """One code and where it is asked about; `digits` are what a person typed, `wrong` once some were refused."""

    code: Code
    base: str
    until_ms: int
    digits: str = ""


class QrLogin:
    """`walk` is for a `LoginWalk`. `known` are earlier credentials, `keep` takes the new ones."""

    def __init__(
        self,
        api_url: str,
        private: tuple[str, ...],
        known: Credentials | None,
        keep: Keep,
        clock: Clock,
        nursery: Nursery,
    ) -> None:
        self._api_url = api_url
        self._private = private
        self._known = known
        self._keep = keep
        self._clock = clock
        self._nursery = nursery

    async def walk(self, shown: LoginWalk) -> None:
        async with open_api(self._api_url, self._private) as api:
            ilink = ILink(api)
            codes = 0
            deadline = self._clock.monotonic() + LOGIN_SECONDS
            while codes < MOST_CODES:
                codes += 1
                turn = await self._unless_renewed(shown, ilink, deadline)
                if turn == "over":
                    return
                if turn == "renew":
                    codes, deadline = 0, self._clock.monotonic() + LOGIN_SECONDS
        shown.show("failed", EXPIRED, fields={"times": str(MOST_CODES)})

    async def _unless_renewed(self, shown: LoginWalk, ilink: ILink, deadline: float) -> Turn:
        """What becomes of a code, unless somebody asks for another before."""

        async def renewed() -> Turn:
            while not await shown.refreshed(LOGIN_SECONDS):
                continue
            return "renew"

        tasks = [
            self._nursery.start("code of WeChat", self._told(shown, ilink, deadline)),
            self._nursery.start("another code of WeChat", renewed()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(each.result() for each in tasks if each.done())
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)

    async def _told(self, shown: LoginWalk, ilink: ILink, deadline: float) -> Turn:
        try:
            return await self._one(shown, ilink, deadline)
        except (Unavailable, Refused, WireError, CredentialsRefused) as error:
            shown.show("failed", TROUBLE, fields={"reason": error.text()})
            return "over"

    async def _one(self, shown: LoginWalk, ilink: ILink, deadline: float) -> Turn:
        """One code until it is used or worth nothing."""
        code = await self._code(ilink)
        asking = Asking(code, ilink.base, self._clock.wall_ms() + int(1000 * CODE_SECONDS))
        shown.show("qr", SCAN, qr=code.qrcode_img_content or "", until_ms=asking.until_ms)
        while self._clock.monotonic() < deadline:
            status = await self._status(ilink, asking)
            match status.status:
                case "confirmed":
                    return await self._confirmed(shown, status)
                case "binded_redirect":
                    return await self._bound(shown)
                case "expired" | "verify_code_blocked":
                    return "expired"
                case "need_verifycode":
                    if not await self._ask_digits(shown, asking):
                        return "expired"
                    continue
                case "scaned" | "scaned_but_redirect":
                    self._scanned(shown, status, asking)
            await self._clock.sleep(BETWEEN_SECONDS)
        shown.show("failed", NOBODY)
        return "over"

    async def _code(self, ilink: ILink) -> Code:
        known = [self._known.bot_token] if self._known else []
        for left in reversed(range(TRIES)):
            try:
                code = await ilink.code(known)
            except Unavailable:
                if not left:
                    raise
                await self._clock.sleep(TROUBLE_SECONDS)
                continue
            if code.code or not code.qrcode or not code.qrcode_img_content:
                raise WireError(reason=f"it gives no code ({code.code}) {code.errmsg or ''}".rstrip())
            return code
        raise AssertionError("the last try raises")

    async def _status(self, ilink: ILink, asking: Asking) -> Status:
        """Whatever goes wrong on the way means that nothing is known yet; `Refused` for a host that must not be."""
        try:
            return await ilink.status(asking.base, asking.code.qrcode or "", asking.digits) or Status()
        except (Unavailable, WireError):
            return Status()

    def _scanned(self, shown: LoginWalk, status: Status, asking: Asking) -> None:
        """Digits that were typed were right, then; another host may go on with it."""
        asking.digits = ""
        if status.status == "scaned_but_redirect":
            asking.base = redirected(status.redirect_host or "", self._api_url)
        shown.show("scanned", CONFIRM, until_ms=asking.until_ms)

    async def _ask_digits(self, shown: LoginWalk, asking: Asking) -> bool:
        """False when nobody types them while the code is good."""
        text = WRONG_DIGITS if asking.digits else DIGITS
        left = (asking.until_ms - self._clock.wall_ms()) / 1000
        try:
            async with asyncio.timeout(left):
                words = await shown.answered("ask", text, asks=("code",), until_ms=asking.until_ms)
        except TimeoutError:
            return False
        asking.digits = words["code"].strip()
        shown.show("wait", CHECKING)
        return True

    async def _confirmed(self, shown: LoginWalk, status: Status) -> Turn:
        if not status.bot_token or not status.ilink_bot_id:
            raise WireError(reason="it confirms the login and gives no credentials")
        base = sound_base(status.baseurl or "", self._api_url)
        user, home = status.ilink_user_id or "", host_of(self._api_url)
        credentials = Credentials(status.bot_token, status.ilink_bot_id, base, user, home)
        await self._keep(credentials)
        shown.show("done", DONE, fields={"account": credentials.ilink_bot_id})
        return "over"

    async def _bound(self, shown: LoginWalk) -> Turn:
        if self._known is None:
            shown.show("failed", BOUND_ELSEWHERE)
            return "over"
        await self._keep(self._known)
        shown.show("done", BOUND, fields={"account": self._known.ilink_bot_id})
        return "over"
