"""DingTalk's HTTP interfaces: connections, tokens, calls, files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import msgspec

from kagami import __version__
from kagami.adapters.dingtalk.answers import HTTP_OK, Outcome, read_outcome
from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.wire import BOT_TOPIC, Opened, Token
from kagami.clock import Clock
from kagami.errors import CredentialsRefused, NotReached, Refused, Unavailable
from kagami.net.api import Api, Part

if TYPE_CHECKING:
    from kagami.adapters.dingtalk.compose import Kind

OAPI = "https://oapi.dingtalk.com"
OFFICIAL = "api.dingtalk.com"
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - the name of a header
TOKEN_MARGIN_S = 300.0
LONGEST_WAIT_S = 60.0
FIRST_WAIT_S = 1.0
UPLOAD_S = 120.0
REFUSALS = frozenset({400, 401, 403})
SUBSCRIPTIONS = ({"type": "EVENT", "topic": "*"}, {"type": "CALLBACK", "topic": BOT_TOPIC})
FIX = "check client_id and client_secret (no blanks around them), and that Stream mode is on"
HIDDEN = "***"


class Robot:
    """One application. `ask` obeys limits and renews the token; what it returns may be refused or unclear all the same.

    The older interface lives on another host; where `api_url` is not DingTalk's own, that one speaks for both.
    """

    def __init__(self, config: DingTalkConfig, api: Api, clock: Clock) -> None:
        self._id = config.client_id.strip()
        self._secret = config.client_secret.reveal().strip()
        self._api = api
        self._clock = clock
        self._peer = urlsplit(config.api_url).hostname or ""
        self._older = OAPI if self._peer == OFFICIAL else api.base
        self._token = ""
        self._token_until = 0.0
        self._refreshing = asyncio.Lock()

    @property
    def code(self) -> str:
        """How calls name the robot: an application's own robot has its id."""
        return self._id

    async def open(self) -> str:
        """The address of one connection, with its ticket. `CredentialsRefused`, or `Unavailable` for another time."""
        body = {
            "clientId": self._id,
            "clientSecret": self._secret,
            "subscriptions": SUBSCRIPTIONS,
            "ua": f"kagami/{__version__}",
            "localIp": "127.0.0.1",
        }
        opened = await self._trusted("/v1.0/gateway/connections/open", body, Opened)
        if not is_stream(opened.endpoint, secure=self._api.base.startswith("https:")):
            raise Unavailable(what=self._peer, reason="it leads to no WebSocket address that is safe")
        return f"{opened.endpoint}?ticket={quote_plus(opened.ticket)}"

    async def token(self) -> str:
        """The present one; whoever comes while it is fetched waits for the same."""
        async with self._refreshing:
            if not self._token or self._clock.monotonic() >= self._token_until:
                body = {"appKey": self._id, "appSecret": self._secret}
                told = await self._trusted("/v1.0/oauth2/accessToken", body, Token)
                self._token = told.access_token
                self._token_until = self._clock.monotonic() + max(0.0, told.expire_in - TOKEN_MARGIN_S)
            return self._token

    async def _trusted(self, path: str, body: Mapping[str, Any], kind: type[Any]) -> Any:
        """A call that shows the credentials."""
        answer = await self._api.call("POST", path, json=body, headers={"Accept": "application/json"})
        if answer.status not in HTTP_OK:
            reason = self.clean(read_outcome(answer.status, answer.body, answer.headers).reason)
            if answer.status in REFUSALS:
                raise CredentialsRefused(peer=self._peer, reason=f"{reason}; {FIX}")
            raise Unavailable(what=self._peer, reason=reason)
        try:
            return answer.json(kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unavailable(what=self._peer, reason="its answer is not understood") from None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        form: Sequence[Part] = (),
    ) -> Outcome:
        """One call with the token; the same again when it was certainly not done and may be soon."""
        renewed, waited, pause = False, 0.0, FIRST_WAIT_S
        while True:
            token = await self._token_for_call()
            outcome = await self._once(method, path, token, json, params, form)
            if outcome.state == "stale" and not renewed:
                renewed = True
                if self._token is token:  # nobody else has renewed it meanwhile
                    self._token = ""
                continue
            wait = outcome.seconds or pause
            if outcome.state != "limited" or waited + wait > LONGEST_WAIT_S:
                return outcome._replace(reason=self.clean(outcome.reason))
            await self._clock.sleep(wait)
            waited, pause = waited + wait, pause * 2

    async def _token_for_call(self) -> str:
        try:
            return await self.token()
        except Unavailable as error:  # of the call itself nothing went out
            raise NotReached(what=self._peer, reason=error.details["reason"]) from None

    async def _once(
        self,
        method: str,
        path: str,
        token: str,
        json: Any,
        params: Mapping[str, str] | None,
        form: Sequence[Part],
    ) -> Outcome:
        newer = path.startswith("/v")
        answer = await self._api.call(
            method,
            path if newer else f"{self._older}{path}",
            json=json,
            form=form,
            params={**(params or {}), **({} if newer else {"access_token": token})},
            headers={TOKEN_HEADER: token} if newer else None,
            seconds=UPLOAD_S if form else None,
        )
        return read_outcome(answer.status, answer.body, answer.headers)

    async def post(self, url: str, body: Mapping[str, Any]) -> Outcome:
        """To a session webhook, which needs no token."""
        answer = await self._api.call("POST", url, json=body)
        return read_outcome(answer.status, answer.body, answer.headers)

    async def upload(self, kind: Kind, content: bytes, name: str) -> str:
        """The media id of a file that may be sent from now on; `Refused` when DingTalk does not take it."""
        part = Part("media", content, name)
        outcome = await self.ask("POST", "/media/upload", params={"type": kind}, form=[part])
        media = outcome.body.get("media_id") if isinstance(outcome.body, dict) else None
        if outcome.state != "done" or not isinstance(media, str):
            raise Refused(reason=f"{name} was not taken: {outcome.reason or 'no media_id came'}")
        return media

    async def download(self, code: str, *, largest: int) -> bytes:
        """A file of a message. `Refused` when DingTalk does not know it any more."""
        body = {"robotCode": self.code, "downloadCode": code}
        outcome = await self.ask("POST", "/v1.0/robot/messageFiles/download", json=body)
        url = outcome.body.get("downloadUrl") if isinstance(outcome.body, dict) else None
        if outcome.state != "done" or not isinstance(url, str):
            raise Refused(reason=f"DingTalk does not give the file: {outcome.reason or 'no address came'}")
        return await self._api.fetch(url, largest=largest)

    def clean(self, text: str) -> str:
        """Without what is secret, should DingTalk repeat it."""
        for secret in (self._secret, self._token):
            text = text.replace(secret, HIDDEN) if secret else text
        return text


def is_stream(endpoint: str, *, secure: bool) -> bool:
    """Whether the ticket may go there: in the clear only where everything does."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return False
    return parts.scheme in (("wss",) if secure else ("ws", "wss")) and bool(parts.hostname)
