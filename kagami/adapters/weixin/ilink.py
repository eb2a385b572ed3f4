"""The calls of iLink: https://ilinkai.weixin.qq.com. What is answered is a value; the token's end is an error."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kagami.adapters.weixin.codec import APP_HEADERS, BASE_INFO, post_headers
from kagami.adapters.weixin.wire import (
    Accepted,
    Answer,
    Code,
    Credentials,
    Shape,
    Status,
    Ticket,
    Updates,
    UploadPlace,
    decode,
)
from kagami.errors import CredentialsRefused, KagamiError, Unavailable, WireError
from kagami.net.api import Api
from kagami.net.guard import is_literal, read_host
from kagami.ports import HttpAnswer

HELD_SECONDS = 35.0
SLACK_SECONDS = 5.0
CALL_SECONDS = 15.0
SMALL_SECONDS = 10.0
TOKENS_TOLD = 10

LOGIN_ENDED = -14
LIMITED = -2
SERVER_ERROR = 500


class ILink:
    """One account's way to WeChat; without credentials only the calls of a login are of use.

    `NotReached`, `Unavailable` and `WireError` for what goes wrong on the way, `CredentialsRefused` when the token has
    ended, whatever was asked.
    """

    def __init__(self, api: Api, credentials: Credentials | None = None) -> None:
        self._api = api
        self._token = credentials.bot_token if credentials else ""
        self.base = credentials.baseurl.rstrip("/") if credentials else api.base

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc.rpartition("@")[2]

    # --- login ---

    async def code(self, known: list[str]) -> Code:
        """A QR code. `known` are tokens that were given here before, the newest first."""
        body = {"local_token_list": known[:TOKENS_TOLD]}
        return await self._post("/ilink/bot/get_bot_qrcode?bot_type=3", body, Code)

    async def status(self, base: str, code: str, digits: str = "") -> Status | None:
        """How the login stands; None when nothing happened for as long as the server holds the question."""
        params = {"qrcode": code} | ({"verify_code": digits} if digits else {})
        try:
            async with asyncio.timeout(HELD_SECONDS + SLACK_SECONDS):
                answer = await self._api.call(
                    "GET", f"{base}/ilink/bot/get_qrcode_status", params=params, seconds=2 * HELD_SECONDS
                )
        except TimeoutError:
            return None
        return self._read(answer, Status)

    # --- the account ---

    async def updates(self, cursor: str, seconds: float) -> Updates | None:
        """What came since the cursor; None when nothing came, which is no error."""
        body = {"get_updates_buf": cursor}
        try:
            async with asyncio.timeout(seconds):
                return await self.call("getupdates", body, Updates, seconds=2 * seconds)
        except TimeoutError:
            return None

    async def send(self, body: Mapping[str, Any]) -> Accepted:
        return await self.call("sendmessage", body, Accepted)

    async def upload_place(self, body: Mapping[str, Any]) -> UploadPlace:
        return await self.call("getuploadurl", body, UploadPlace)

    async def ticket(self, peer: str, token: str) -> Ticket:
        body = {"ilink_user_id": peer, "context_token": token}
        return await self.call("getconfig", body, Ticket, seconds=SMALL_SECONDS)

    async def typing(self, peer: str, ticket: str, *, on: bool) -> Answer:
        body = {"ilink_user_id": peer, "typing_ticket": ticket, "status": 1 if on else 2}
        return await self.call("sendtyping", body, Answer, seconds=SMALL_SECONDS)

    async def notify(self, what: str, seconds: float = SMALL_SECONDS) -> Answer:
        """`start` or `stop`: whether somebody listens for the account."""
        return await self.call(f"msg/notify{what}", {}, Answer, seconds=seconds)

    async def call(
        self, name: str, body: Mapping[str, Any], shape: type[Shape], *, seconds: float = CALL_SECONDS
    ) -> Shape:
        return await self._post(f"/ilink/bot/{name}", {**body, "base_info": BASE_INFO}, shape, seconds=seconds)

    async def raw(self, path: str, body: Mapping[str, Any]) -> tuple[Answer, Any]:
        """Any other call: what is said of it, and the whole answer."""
        answer = await self._ask(path, {**body, "base_info": BASE_INFO}, CALL_SECONDS)
        return self._read(answer, Answer), answer.json() if answer.body else {}

    async def _post(
        self, path: str, body: Mapping[str, Any], shape: type[Shape], *, seconds: float = CALL_SECONDS
    ) -> Shape:
        return self._read(await self._ask(path, body, seconds), shape)

    async def _ask(self, path: str, body: Mapping[str, Any], seconds: float) -> HttpAnswer:
        headers = post_headers(self._token, secrets.randbits(32))
        return await self._api.call("POST", f"{self.base}{path}", json=body, headers=headers, seconds=seconds)

    def _read(self, answer: HttpAnswer, shape: type[Shape]) -> Shape:
        try:
            told = decode(answer.body or b"{}", shape)
        except WireError as error:
            raise error if answer.ok else self._odd(answer.status) from None
        code = told.code if isinstance(told, Answer) else 0
        if code == LOGIN_ENDED:
            raise CredentialsRefused(peer="WeChat", reason="the login has ended (-14): log in again by QR")
        if not answer.ok and not code:
            raise self._odd(answer.status)
        return told

    def _odd(self, status: int) -> KagamiError:
        """What a status means that is no success: with trouble of its own a server may have done something."""
        reason = f"HTTP status {status}"
        return Unavailable(what=self.host, reason=reason) if status >= SERVER_ERROR else WireError(reason=reason)


def open_api(api_url: str, private: tuple[str, ...] = ()) -> Api:
    return Api(api_url, headers=APP_HEADERS, private=private)


def redirected(host: str, api_url: str) -> str:
    """Where a login goes on: a bare host name, or the very host of `api_url`. `WireError` for anything else.

    What a name leads to is judged when it is connected to.
    """
    mine = urlsplit(api_url)
    if host == mine.hostname:
        return api_url.rstrip("/")
    if "." not in host or host != read_host(host) or is_literal(host):
        raise WireError(reason="the login leads to what is no host name")
    return f"https://{host}"


def sound_base(url: str, api_url: str) -> str:
    """The address that a login gave for the account: `api_url` when it gave none; `WireError` for an unsafe one."""
    if not url:
        return api_url.rstrip("/")
    try:
        parts, mine = urlsplit(url), urlsplit(api_url)
    except ValueError:
        raise WireError(reason="the login gives an address that is none") from None
    if parts.scheme != "https" and (parts.scheme, parts.netloc) != (mine.scheme, mine.netloc):
        raise WireError(reason="the login gives an address that is not safe")
    if parts.hostname != mine.hostname and (parts.username or is_literal(parts.hostname or "")):
        raise WireError(reason="the login gives an address that is no host name")
    return url.rstrip("/")
