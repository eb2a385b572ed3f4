"""WeChat's iLink with its CDN on a free port: strict about what it is asked, and a phone for whoever logs in.

Everything is one account. `refused` are the requests that the real one would not take, with the reason.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from kagami.testing.weixin_cdn import Cdn

BOT = "b0t5c4n@im.bot"
USER = "0we1x1n@im.wechat"
MOST_TOKENS = 10
MOST_WRONG = 3
LONGEST_TEXT = 16_384
LONGEST_AGENT = 256
TEXT, FILE = 1, 4
LARGEST = 128 * 1024 * 1024
KINDS = {1: "text_item", 2: "image_item", 3: "voice_item", 4: "file_item", 5: "video_item"}
TOKEN_ENDED = {"ret": -14, "errcode": -14, "errmsg": "session timeout"}
_AGENT = re.compile(r"[\w.-]{1,32}/[\w.+-]{1,32}(?: \([ -'*-~]{1,64}\))?(?: [\w.-]{1,32}/[\w.+-]{1,32})*", re.ASCII)

Handler = Callable[[web.Request, dict[str, Any]], Awaitable[Mapping[str, Any]]]


class Wrong(Exception):
    """A request that the platform does not take."""


@dataclass
class Phone:
    """The phone that a code is shown to. `digits` are asked for when they are set."""

    status: str = "wait"
    digits: str = ""
    wrong: int = 0
    redirect: str = ""


@dataclass
class Weixin:
    """What the account is, and what was done with it. `hold` is how long a question is held, in seconds.

    By the name of a call: `answers` are given once each to the next ones, so many as `drops` has are done and not
    answered (and nobody can connect after that when it `stops`), `statuses` are those of answers that are not iLink's.
    """

    hold: float = 30.0
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    url: str = ""
    full_urls: bool = True
    says_ids: bool = True
    codes: list[str] = field(default_factory=list)
    known_tokens: list[list[str]] = field(default_factory=list)
    phone: Phone = field(default_factory=Phone)
    messages: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    typing: list[tuple[str, int]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    drops: dict[str, int] = field(default_factory=dict)
    stops: bool = False
    statuses: dict[str, list[int]] = field(default_factory=dict)
    logins: int = 1
    polls: int = 0
    refusals: int = 0
    polling: int = 0
    most_listening: int = 0
    acknowledged: int = 0
    cdn: Cdn = field(default_factory=Cdn)
    client_ids: set[str] = field(default_factory=set)
    connections: set[asyncio.Transport] = field(default_factory=set)
    last_poll: asyncio.Transport | None = None
    again: bool = False
    site: web.TCPSite | None = None
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    # --- the phone and the user ---

    def change(self) -> None:
        self.happened.set()
        self.happened = asyncio.Event()

    def show(self, status: str, **more: Any) -> None:
        """What the next question after the login is answered with."""
        self.phone = Phone(status, **more)
        self.change()

    def say(self, text: str = "", *, items: list[dict[str, Any]] | None = None, **more: Any) -> int:
        """A user's message; its number."""
        number = 7_450_000_000_000_000_000 + len(self.messages)
        self.messages.append(
            {
                "seq": len(self.messages) + 1,
                "message_id": number,
                "from_user_id": USER,
                "to_user_id": BOT,
                "client_id": f"phone-{number}",
                "create_time_ms": time.time_ns() // 1_000_000,
                "session_id": f"{USER}#{BOT}",
                "message_type": 1,
                "message_state": 2,
                "item_list": items if items is not None else [{"type": 1, "text_item": {"text": text}}],
                "context_token": f"context-{number}",
                **more,
            }
        )
        self.change()
        return number

    def redeliver(self) -> None:
        self.again = True
        self.change()

    def end_token(self) -> None:
        """Somebody logged in elsewhere."""
        self.token = secrets.token_hex(16)
        self.logins += 1
        self.change()

    @property
    def listening(self) -> int:
        """How many listen: also one whose last question was just answered, until it goes."""
        between = self.last_poll is not None and not self.last_poll.is_closing()
        return self.polling or int(between)

    async def stop(self) -> None:
        """Nobody can connect any more."""
        if self.site is not None:
            await self.site.stop()

    async def cut(self) -> None:
        """Every open connection breaks."""
        for each in self.connections:
            each.abort()
        self.connections.clear()
        while self.polling:
            self.ended.clear()
            await self.ended.wait()

    # --- login ---

    async def get_bot_qrcode(self, request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        _need(request.query.get("bot_type") == "3", "bot_type is not 3")
        tokens = body.get("local_token_list", [])
        _need(isinstance(tokens, list) and len(tokens) <= MOST_TOKENS, "local_token_list is none")
        self.known_tokens.append(tokens)
        self.codes.append(secrets.token_hex(16))
        self.phone = Phone()
        self.change()
        return {"qrcode": self.codes[-1], "qrcode_img_content": f"https://liteapp.weixin.qq.com/q/{self.codes[-1]}"}

    async def get_qrcode_status(self, request: web.Request, _body: dict[str, Any]) -> Mapping[str, Any]:
        if request.query.get("qrcode") != self.codes[-1]:
            return {"status": "expired"}
        if self.phone.status == "wait":
            await self._held(lambda: self.phone.status != "wait")
        phone = self.phone
        if phone.status == "need_verifycode" and (digits := request.query.get("verify_code")):
            phone.status = "scaned" if digits == phone.digits else phone.status
            phone.wrong += digits != phone.digits
            if phone.wrong >= MOST_WRONG:
                phone.status = "verify_code_blocked"
        if phone.status == "confirmed":
            given = {"bot_token": self.token, "ilink_bot_id": BOT, "baseurl": self.url, "ilink_user_id": USER}
            return {"status": "confirmed", **given}
        return {"status": phone.status} | ({"redirect_host": phone.redirect} if phone.redirect else {})

    # --- the account ---

    async def getupdates(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        login = self.logins
        cursor = body.get("get_updates_buf")
        _need(isinstance(cursor, str), "get_updates_buf is missing")
        place = int(base64.b64decode(str(cursor)) or b"0")
        self.acknowledged = max(self.acknowledged, place)
        await self._held(lambda: len(self.messages) > place or self.again or self.logins > login)
        if self.logins > login:
            return TOKEN_ENDED
        start = min(place, len(self.messages) - 1) if self.again else place
        self.again = False
        cursor = base64.b64encode(str(len(self.messages)).encode()).decode()
        held_ms = int(1000 * self.hold)
        return {"ret": 0, "msgs": self.messages[start:], "get_updates_buf": cursor, "longpolling_timeout_ms": held_ms}

    async def sendmessage(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        message = body.get("msg") or {}
        _need(message.get("from_user_id") == "", "from_user_id is not empty")
        _need(str(message.get("to_user_id")).endswith("@im.wechat"), "to_user_id is none of WeChat")
        _need(bool(message.get("client_id")), "client_id is missing")
        _need((message.get("message_type"), message.get("message_state")) == (2, 2), "not a bot's finished message")
        items = message.get("item_list") or []
        _need(len(items) == 1, f"{len(items)} items in one message")
        self._check_item(items[0])
        if message["client_id"] not in self.client_ids:
            self.client_ids.add(message["client_id"])
            self.sent.append(message)
            self.change()
        return {"ret": 0, "message_id": 8_000 + len(self.sent)} if self.says_ids else {}

    def _check_item(self, item: Mapping[str, Any]) -> None:
        told = item.get(KINDS.get(item.get("type", 0), ""))
        _need(isinstance(told, dict), "an item without what its type names")
        assert isinstance(told, dict)  # noqa: S101 - for the type checker
        if item["type"] == TEXT:
            _need(0 < len(told.get("text", "").encode()) <= LONGEST_TEXT, "a text of no or too many bytes")
            return
        media = told.get("media", {})
        _need(media.get("encrypt_query_param") in self.cdn.sealed, "a medium that was not uploaded")
        sealed = self.cdn.sealed[media["encrypt_query_param"]]
        size = {2: "mid_size", 5: "video_size"}.get(item["type"])
        _need(size is None or told.get(size) == len(sealed), "a medium with a wrong size")
        if item["type"] == FILE:
            _need(bool(told.get("file_name")), "a file without a name")
            _need(told.get("len") == str(len(self.cdn.content(item))), "a file with a wrong length")

    async def getconfig(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        _need(bool(body.get("ilink_user_id")) and "context_token" in body, "whose configuration?")
        return {"ret": 0, "typing_ticket": f"ticket-{body['ilink_user_id']}"}

    async def sendtyping(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        user = str(body.get("ilink_user_id"))
        _need(body.get("typing_ticket") == f"ticket-{user}", "not the ticket of this user")
        _need(body.get("status") in (1, 2), "status is neither 1 nor 2")
        self.typing.append((user, body["status"]))
        return {"ret": 0}

    async def notify(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        _need(set(body) == {"base_info"}, "more than base_info")
        return {"ret": 0}

    async def getuploadurl(self, _request: web.Request, body: dict[str, Any]) -> Mapping[str, Any]:
        _need(bool(body.get("to_user_id")), "to_user_id is missing")
        try:
            param, url = self.cdn.announce(body)
        except ValueError as error:
            raise Wrong(str(error)) from None
        return {"ret": 0, "upload_param": param} | ({"upload_full_url": url} if self.full_urls else {})

    # --- how it is asked ---

    async def _held(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self.hold):
                while not condition():
                    await self.happened.wait()
        except TimeoutError:
            pass

    def handle(
        self, name: str, handler: Handler, *, login: bool = False
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handled(request: web.Request) -> web.Response:
            self.calls.append(name)
            transport = request.transport
            if transport is not None:
                self.connections.add(transport)
            if name != "getupdates":
                return await self._answer(name, handler, request, login=login)
            self.polls += 1
            self.polling += 1
            self.most_listening = max(self.most_listening, self.polling)
            self.last_poll = transport
            try:
                return await self._answer(name, handler, request, login=login)
            finally:
                self.polling -= 1
                self.ended.set()

        return handled

    async def _answer(self, name: str, handler: Handler, request: web.Request, *, login: bool) -> web.Response:
        if failing := self.statuses.get(name):
            return web.Response(status=failing.pop(0), text="<html>")
        try:
            body = await _checked(request, login=login)
            if not login and request.headers.get("Authorization") != f"Bearer {self.token}":
                self.refusals += 1
                return _json(TOKEN_ENDED)
            prepared = self.answers.get(name)
            told = prepared.pop(0) if prepared else await handler(request, body)
        except Wrong as error:
            self.refused.append(f"{name}: {error}")
            return web.json_response({"ret": -1, "errmsg": str(error)}, status=400)
        if self.drops.get(name) and request.transport is not None:
            self.drops[name] -= 1
            if self.stops:
                await self.stop()
            request.transport.close()
        return _json(told)


def _json(told: Mapping[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(told), content_type="application/json")


def _need(right: bool, reason: str) -> None:
    if not right:
        raise Wrong(reason)


async def _checked(request: web.Request, *, login: bool) -> dict[str, Any]:
    """The body of a request whose headers are as they must be."""
    _need(request.headers.get("iLink-App-Id") == "bot", "iLink-App-Id is not bot")
    _need(request.headers.get("iLink-App-ClientVersion", "").isdigit(), "iLink-App-ClientVersion is no number")
    if request.method == "GET":
        return {}
    _need(request.content_type == "application/json", "the body is not called JSON")
    try:
        body = msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Wrong(str(error)) from None
    if not login:
        _need(request.headers.get("AuthorizationType") == "ilink_bot_token", "AuthorizationType is missing")
        number = base64.b64decode(request.headers.get("X-WECHAT-UIN", ""))
        _need(number.isdigit() and int(number) < 2**32, "X-WECHAT-UIN is no number")
        told = body.get("base_info") or {}
        _need(bool(told.get("channel_version")), "base_info has no channel_version")
        agent = told.get("bot_agent", "Bot/1")
        _need(len(agent) <= LONGEST_AGENT and _AGENT.fullmatch(agent) is not None, "bot_agent is none")
    return body


@asynccontextmanager
async def open_weixin(**options: Any) -> AsyncIterator[Weixin]:
    """iLink and its CDN (`<url>/c2c`), for as long as the block lasts."""
    there = Weixin(**options)
    app = web.Application(client_max_size=LARGEST)
    at = app.router
    code = there.handle("get_bot_qrcode", there.get_bot_qrcode, login=True)
    at.add_post("/ilink/bot/get_bot_qrcode", code)
    at.add_get("/ilink/bot/get_bot_qrcode", code)
    at.add_get("/ilink/bot/get_qrcode_status", there.handle("get_qrcode_status", there.get_qrcode_status, login=True))
    for name in ("getupdates", "sendmessage", "getconfig", "sendtyping", "getuploadurl"):
        handlers: dict[str, Handler] = {
            "getupdates": there.getupdates,
            "sendmessage": there.sendmessage,
            "getconfig": there.getconfig,
            "sendtyping": there.sendtyping,
            "getuploadurl": there.getuploadurl,
        }
        at.add_post(f"/ilink/bot/{name}", there.handle(name, handlers[name]))
    for name in ("notifystart", "notifystop"):
        at.add_post(f"/ilink/bot/msg/{name}", there.handle(name, there.notify))
    at.add_post("/c2c/upload", there.cdn.upload)
    at.add_get("/c2c/download", there.cdn.download)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        there.site = web.TCPSite(runner, "127.0.0.1", 0)
        await there.site.start()
        port = runner.addresses[0][1]
        there.url = f"http://127.0.0.1:{port}"
        there.cdn.url = f"{there.url}/c2c"
        yield there
    finally:
        await runner.cleanup()
