"""NapCat's WebUI: one log-in for many requests, and what its routes mean."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kagami.adapters.napcat import codec
from kagami.adapters.napcat.wire import (
    DebugPlace,
    DeviceQr,
    DeviceStatus,
    Envelope,
    LoggedIn,
    LoginStatus,
    PasswordOutcome,
    QrCode,
    QuickAccount,
)
from kagami.clock import Clock
from kagami.errors import CodeNeeded, CredentialsRefused, KagamiError, Refused, Throttled, Unavailable, WireError
from kagami.net.api import Api

RENEW_SECONDS = 55 * 60.0
RATE_SECONDS = 60.0
SECONDS = 15.0
BLOCKED = 403

_RATE = "login rate limit"
_UNAUTHORIZED = "Unauthorized"
_WRONG_CODE = "Invalid or expired code"
_WRONG_TOKEN = ("token is empty", "token is invalid")
LOGGED_IN = "QQ Is Logined"


@dataclass(slots=True)
class Credential:
    """What one log-in brought, for as long as it counts; and until when there may be no other one."""

    text: str = ""
    renew_at: float = 0.0
    closed_until: float = 0.0


class WebUi:
    """`async with WebUi(...)`. Every call logs in first when it has to, and once more when NapCat has been restarted.

    `CredentialsRefused` for a wrong token, `CodeNeeded` when a code of the second factor is wanted (`log_in` with it),
    `Throttled` for a minute after too many log-ins, `Refused` with NapCat's own word, `Unavailable` and `NotReached`.
    `held` is the credential of an earlier one of the same process: NapCat counts log-ins.
    """

    def __init__(self, api: Api, token: str, clock: Clock, held: Credential | None = None) -> None:
        self._api = api
        self._token = token
        self._clock = clock
        self._host = urlsplit(api.base).netloc
        self._held = held or Credential()
        self._turn = asyncio.Lock()

    # --- speaking ---

    async def log_in(self, code: str = "") -> None:
        """Be logged in, with the code of the second factor where there is one."""
        async with self._turn:
            if code or not self._fresh:
                await self._log_in(code)

    @property
    def _fresh(self) -> bool:
        return bool(self._held.text) and self._clock.monotonic() < self._held.renew_at

    async def _log_in(self, code: str) -> None:
        if (wait := self._held.closed_until - self._clock.monotonic()) > 0:
            raise Throttled(seconds=f"{wait:.0f}")
        body = {"hash": codec.login_hash(self._token)} | ({"totpCode": code} if code else {})
        answer = await self._post("/api/auth/login", body, "")
        if answer.code != 0:
            self._held.text = ""
            raise self._refusal(answer.message[:200])
        told = answer.data if isinstance(answer.data, dict) else {}
        credential = told.get("Credential")
        if not isinstance(credential, str) or not credential:
            if told.get("require2FA"):
                raise CodeNeeded(peer=self._host, reason="its second factor asks for a code")
            raise Unavailable(what=self._host, reason="it gives no credential")
        self._held.text, self._held.renew_at = credential, self._clock.monotonic() + RENEW_SECONDS

    def _refusal(self, said: str) -> KagamiError:
        if _RATE in said:
            self._held.closed_until = self._clock.monotonic() + RATE_SECONDS
            return Throttled(seconds=f"{RATE_SECONDS:.0f}")
        if _WRONG_CODE in said:
            return CodeNeeded(peer=self._host, reason=said)
        if said in _WRONG_TOKEN:
            return CredentialsRefused(peer=self._host, reason=f"{said}: correct bots.webui_token")
        return Unavailable(what=self._host, reason=said)

    async def call(self, route: str, body: dict[str, Any] | None = None) -> Any:
        """The `data` of an answer; routes are below `/api`."""
        await self.log_in()
        used = self._held.text
        answer = await self._post(f"/api{route}", body or {}, used)
        if answer.code != 0 and answer.message == _UNAUTHORIZED:
            if self._held.text == used:
                self._held.text = ""
            await self.log_in()
            answer = await self._post(f"/api{route}", body or {}, self._held.text)
            if answer.code != 0 and answer.message == _UNAUTHORIZED:
                raise CredentialsRefused(peer=self._host, reason="it does not take the credential that it gave")
        if answer.code != 0:
            raise Refused(reason=answer.message[:200] or "NapCat says no more than that it failed.")
        return answer.data

    async def _post(self, path: str, body: dict[str, Any], credential: str) -> Envelope:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        answer = await self._api.call("POST", path, json=body, headers=headers, seconds=SECONDS)
        if answer.status == BLOCKED:
            raise CredentialsRefused(peer=self._host, reason="it blocks this address: see its access control")
        if not answer.ok:
            raise Unavailable(what=self._host, reason=f"it answers with HTTP {answer.status}")
        try:
            return codec.read_answer(answer.body)
        except WireError:
            raise Unavailable(what=self._host, reason="it does not answer as NapCat's WebUI does") from None

    async def _ask(self, route: str, kind: type[codec.T], body: dict[str, Any] | None = None) -> codec.T:
        try:
            return codec.read_data(await self.call(route, body), kind)
        except WireError as error:
            raise Unavailable(what=self._host, reason=error.text()) from None

    # --- QQ's login ---

    async def status(self) -> LoginStatus:
        return await self._ask("/QQLogin/CheckLoginStatus", LoginStatus)

    async def account(self) -> LoggedIn:
        return await self._ask("/QQLogin/GetQQLoginInfo", LoggedIn)

    async def qr_code(self) -> str:
        """The text to draw; empty when NapCat has none yet."""
        try:
            return (await self._ask("/QQLogin/GetQQLoginQrcode", QrCode)).qrcode
        except Refused:
            return ""

    async def refresh_qr_code(self) -> None:
        """Ask for another one; `status` shows it when it is there."""
        await self.call("/QQLogin/RefreshQRcode")

    async def quick_accounts(self) -> list[QuickAccount]:
        """Whom this NapCat can log in without a code."""
        try:
            found = await self._ask("/QQLogin/GetQuickLoginListNew", list[QuickAccount])
        except Refused:
            return []
        return [each for each in found if each.isQuickLogin and each.uin]

    async def quick_login(self, uin: str) -> None:
        try:
            await self.call("/QQLogin/SetQuickLogin", {"uin": uin})
        except Refused as refused:
            if LOGGED_IN not in refused.text():
                raise

    async def password_login(self, uin: str, password_md5: str, **more: str) -> PasswordOutcome:
        """With nothing more the password alone; `ticket`, `randstr` and `sid` of a captcha; or the signature of a
        device that was confirmed.
        """
        route = "CaptchaLogin" if "ticket" in more else "NewDeviceLogin" if more else "PasswordLogin"
        body = {"uin": uin, "passwordMd5": password_md5, **more}
        return await self._ask(f"/QQLogin/{route}", PasswordOutcome, body)

    async def device_qr(self, uin: str, jump_url: str) -> DeviceQr:
        return await self._ask("/QQLogin/GetNewDeviceQRCode", DeviceQr, {"uin": uin, "jumpUrl": jump_url})

    async def device_status(self, uin: str, token: str) -> DeviceStatus:
        return await self._ask("/QQLogin/PollNewDeviceQR", DeviceStatus, {"uin": uin, "bytesToken": token})

    async def restart(self) -> None:
        """NapCat begins anew; it does not answer for a while, and wants to be logged in to again."""
        await self.call("/QQLogin/RestartNapCat")
        self._held.text = ""

    # --- OneBot ---

    async def network(self) -> dict[str, Any]:
        """The OneBot configuration; `Refused` before QQ is logged in."""
        found: dict[str, Any] = await self._ask("/OB11Config/GetConfig", dict)
        return found

    async def set_network(self, config: dict[str, Any]) -> None:
        await self.call("/OB11Config/SetConfig", {"config": codec.write_config(config)})

    async def debug_url(self) -> str:
        """A fresh address of the WebUI's own OneBot connection."""
        return codec.debug_url(self._api.base, await self._ask("/Debug/create", DebugPlace))
