"""Feishu's calls by HTTP: with the tenant's token, within its limits, and with its refusals in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from kagami.adapters.feishu.wire import Answer, Token, shaped
from kagami.clock import Clock
from kagami.core.secrets import Secret
from kagami.errors import CredentialsRefused, Declined, NotReached, Unavailable, WireError
from kagami.net.api import Api, Part
from kagami.ports import HttpAnswer

SECONDS = 10.0
LONGEST_WAIT_S = 60.0
RENEW_S = 600.0
# For how long Feishu knows the `uuid` of a send, with some time for the way.
KEYED_S = 3_300.0
TOO_MANY = 429
SERVER_TROUBLE = 500
WRONG_CREDENTIALS = frozenset({10003, 10013, 10014, 10015})
STALE_TOKEN = frozenset({99991661, 99991663, 99991664})
# 230020 is of one chat, the others are of the whole application.
CHAT_LIMIT = 230020
LIMITS = frozenset({CHAT_LIMIT, 11232, 99991400})
REASONS = {
    230002: "the bot is not in this chat",
    230006: "the application's bot is not enabled",
    230011: "the message was taken back",
    230013: "the user is outside the range of the application",
    230017: "this belongs to somebody else",
    230025: "it is too long",
    230027: "a permission is missing",
    230028: "the organisation's data protection holds it back",
    230031: "the message is older than 14 days",
}

Shape = TypeVar("Shape")


class Rest:
    """`Declined` when the platform says no, `NotReached` when nothing was done, `Unavailable` when it may have been."""

    def __init__(self, api: Api, app_id: str, app_secret: Secret, clock: Clock) -> None:
        self._api = api
        self._app_id = app_id
        self._secret = app_secret
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._asking = asyncio.Lock()
        self._closed_until: dict[str, float] = {}

    async def ask(
        self,
        method: str,
        path: str,
        shape: type[Shape],
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Sequence[Part] = (),
        lane: str = "",
        seconds: float = SECONDS,
    ) -> Shape:
        """The `data` of the answer. `lane` names the chat, whose limit is its own."""
        answer = await self._obeying(method, path, lane, params=params, json=json, form=form, seconds=seconds)
        try:
            return shaped(shaped(answer.body, Answer).data, shape)
        except WireError as error:
            raise Unavailable(what="Feishu", reason=error.text()) from None

    async def whole(self, method: str, path: str, shape: type[Shape], *, seconds: float = SECONDS) -> Shape:
        """An answer that does not keep what it has in `data`."""
        answer = await self._obeying(method, path, "", seconds=seconds)
        try:
            return shaped(answer.body, shape)
        except WireError as error:
            raise Unavailable(what="Feishu", reason=error.text()) from None

    async def download(self, path: str, params: Mapping[str, str], *, largest: int, seconds: float) -> bytes:
        answer = await self._obeying("GET", path, "", params=params, largest=largest, seconds=seconds)
        return answer.body

    async def endpoint(self) -> HttpAnswer:
        """Where the long connection is: the only call that takes the credentials themselves."""
        given = {"AppID": self._app_id, "AppSecret": self._secret.reveal()}
        return await self._api.call(
            "POST", "/callback/ws/endpoint", json=given, headers={"locale": "zh"}, seconds=SECONDS
        )

    # --- limits ---

    async def _obeying(self, method: str, path: str, lane: str, **what: Any) -> HttpAnswer:
        """One call, as often as it is only put off: the limits say when, a token that has gone stale says once."""
        waited, tries, renewed = 0.0, 0, False
        while True:
            waited += await self._turn(lane, LONGEST_WAIT_S - waited)
            token = await self._valid_token()
            answer = await self._api.call(method, path, headers={"Authorization": f"Bearer {token}"}, **what)
            told = _verdict(answer)
            if told.code in STALE_TOKEN and not renewed:
                renewed = True
                self._forget(token)
            elif told.code in LIMITS or answer.status == TOO_MANY:
                self._close(lane if told.code == CHAT_LIMIT else "", _pause(answer, tries))
                tries += 1
            else:
                _check(answer, told)
                return answer

    async def _turn(self, lane: str, patience: float) -> float:
        """Wait until the platform takes calls again; the seconds that it took."""
        now = self._clock.monotonic()
        self._closed_until = {key: until for key, until in self._closed_until.items() if until > now}
        seconds = max(self._closed_until.get("", now), self._closed_until.get(lane, now)) - now
        if seconds > patience:
            raise Declined(
                what="Feishu", reason=f"too many calls; come again in {seconds:.0f} s", number="rate_limited"
            )
        if seconds > 0:
            await self._clock.sleep(seconds)
        return seconds

    def _close(self, lane: str, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        self._closed_until[lane] = max(until, self._closed_until.get(lane, 0.0))

    # --- token ---

    async def _valid_token(self) -> str:
        """The tenant's, asked for by one caller at a time. Nothing of the call itself is on its way while it is."""
        async with self._asking:
            if not self._token or self._clock.monotonic() >= self._renew_at:
                try:
                    await self._renew()
                except Unavailable as error:
                    raise NotReached(**error.details) from None
            return self._token

    async def _renew(self) -> None:
        given = {"app_id": self._app_id, "app_secret": self._secret.reveal()}
        answer = await self._api.call(
            "POST", "/open-apis/auth/v3/tenant_access_token/internal", json=given, seconds=SECONDS
        )
        try:
            token = shaped(answer.body, Token)
        except WireError:
            raise Unavailable(what="Feishu", reason=f"no token (HTTP {answer.status})") from None
        if token.code in WRONG_CREDENTIALS:
            raise CredentialsRefused(peer="Feishu", reason=f"app_id or app_secret is wrong (code {token.code})")
        if token.code or not token.tenant_access_token:
            raise Unavailable(what="Feishu", reason=f"no token (code {token.code})")
        self._token = token.tenant_access_token
        self._renew_at = self._clock.monotonic() + max(token.expire - RENEW_S, token.expire / 2)

    def _forget(self, token: str) -> None:
        if token is self._token:  # else somebody has a newer one already
            self._token = ""


class _Verdict(msgspec.Struct, frozen=True):
    code: int = 0
    msg: str = ""


def _verdict(answer: HttpAnswer) -> _Verdict:
    if answer.ok and "json" not in answer.headers.get("content-type", ""):
        return _Verdict()  # a file
    try:
        return shaped(answer.body, _Verdict)
    except WireError:
        return _Verdict(answer.status if not answer.ok else -1, "its answer is no JSON")


def _check(answer: HttpAnswer, told: _Verdict) -> None:
    if answer.status >= SERVER_TROUBLE or told.code == -1:
        raise Unavailable(what="Feishu", reason=f"HTTP {answer.status}: {told.msg[:200]}")
    if told.code:
        reason = REASONS.get(told.code) or told.msg[:300] or "it does not say why"
        raise Declined(what="Feishu", reason=f"{reason} (code {told.code})", number=str(told.code))


def _pause(answer: HttpAnswer, tries: int) -> float:
    """What the platform says; without a word, 1, 2, 4 … s."""
    try:
        told = float(answer.headers.get("x-ogw-ratelimit-reset", ""))
    except ValueError:
        told = 0.0
    return told if 0 < told <= LONGEST_WAIT_S * 60 else 2.0 ** min(tries, 5)
