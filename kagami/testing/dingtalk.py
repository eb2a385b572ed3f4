"""A DingTalk for tests: the stream gateway, the robot API, session webhooks, tokens and files of one application.

    async with open_dingtalk() as dingtalk:
        number = await dingtalk.say("hi", user="staff1", group="cidA==")
        await dingtalk.acked(number)

As strict as the real one: a ticket is good once, `Accept` is needed, tokens and webhooks expire, and what is not
acknowledged can be brought again. Sources: `connections/open`, frames and acknowledgements as in DingTalk's published
stream protocol; answers and error codes as in the documentation of its server API.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any, NamedTuple

import msgspec
from aiohttp import WSMsgType, web

CLIENT_ID = "dingabcdefgh12345678"
CLIENT_SECRET = "the-secret-of-this-application"  # noqa: S105 - of a server that lives for one test
STAFF = "staff1001"
GROUP = "cidGroupOne+/x=="
ROBOT = "$:LWCP_v1:$robot"
BOT_TOPIC = "/v1.0/im/bot/messages/get"
WEBHOOK_MS = 90 * 60_000
TAKEN = 200
TEMPLATES = {
    "sampleText": {"content"},
    "sampleMarkdown": {"title", "text"},
    "sampleImageMsg": {"photoURL"},
    "sampleLink": {"title", "text", "picUrl", "messageUrl"},
    "sampleFile": {"mediaId", "fileName", "fileType"},
    "sampleAudio": {"mediaId", "duration"},
    "sampleVideo": {"duration", "videoMediaId", "videoType", "picMediaId"},
    "sampleActionCard": {"title", "text", "singleTitle", "singleURL"},
    "sampleActionCard2": {"title", "text", "actionTitle1", "actionURL1", "actionTitle2", "actionURL2"},
}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Heard(NamedTuple):
    """What the robot said. `chat` is `group:…` or `private:…`, `kind` the msgKey or the webhook's msgtype."""

    chat: str
    kind: str
    body: dict[str, Any]
    key: str = ""


class FakeDingTalk:
    """What happened is in `heard`, `recalled`, `acks` (by the frame's id) and `uploads` (by media id)."""

    def __init__(self) -> None:
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.url = ""
        self.attempts = self.tokens_given = self.most_listening = 0
        self.heard: list[Heard] = []
        self.recalled: list[str] = []
        self.acks: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.files: dict[str, bytes] = {}
        self.frames: list[dict[str, Any]] = []
        self.subscribed: list[dict[str, str]] = []
        self.names = {STAFF: "Mira"}
        self.forbidden = ""  # a permission that the application lacks
        self.broken = 0  # how many calls end with a server's error
        self.left_out = ""  # the list in which a receiver stands that is not told
        self.stale = 0  # how many tickets are too old when they come
        self.flowing = asyncio.Event()  # files come while it is set
        self.flowing.set()
        self._throttles: list[float] = []
        self._webhooks: dict[str, tuple[str, int]] = {}
        self._tickets: set[str] = set()
        self._tokens: set[str] = set()
        self._sockets: list[tuple[web.WebSocketResponse, web.Request]] = []
        self._numbers = count(1)
        self._changed = asyncio.Event()

    # --- what a test does ---

    async def say(self, text: str = "", *, user: str = STAFF, group: str = "", **more: Any) -> str:
        """A message to the robot; `more` are further fields of its body. Returns its msgId."""
        number = f"msg{next(self._numbers)}=="
        self.frames.append(self.callback(self.message(number, text, user=user, group=group) | more))
        await self.push(self.frames[-1])
        return number

    async def show(self, content: bytes, *, msgtype: str = "picture", user: str = STAFF, group: str = "") -> str:
        """A file to the robot; returns the message's id."""
        code = f"code{secrets.token_hex(4)}"
        self.files[code] = content
        body = {"downloadCode": code} | ({"fileName": "report.pdf"} if msgtype == "file" else {})
        return await self.say(user=user, group=group, msgtype=msgtype, content=body)

    def message(self, number: str, text: str, *, user: str, group: str) -> dict[str, Any]:
        """The body of a message as DingTalk writes it."""
        chat = f"group:{group}" if group else f"private:{user}"
        session = secrets.token_hex(16)
        until_ms = int(time.time() * 1000) + WEBHOOK_MS
        self._webhooks[session] = (chat, until_ms)
        place = {"conversationTitle": "Team", "isInAtList": True} if group else {}
        return {
            "conversationId": group or f"cidOf{user}",
            "conversationType": "2" if group else "1",
            "msgId": number,
            "createAt": int(time.time() * 1000),
            "senderId": f"$:LWCP_v1:${user}",
            "senderNick": self.names.get(user, user),
            "senderStaffId": user,
            "senderCorpId": "dingcorp",
            "isAdmin": True,
            "chatbotUserId": ROBOT,
            "chatbotCorpId": "dingcorp",
            "robotCode": self.client_id,
            "atUsers": [{"dingtalkId": ROBOT}] if group else [],
            "sessionWebhook": f"{self.url}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": until_ms,
            "msgtype": "text",
            "text": {"content": f" {text} "},
        } | place

    def callback(self, body: dict[str, Any], topic: str = BOT_TOPIC) -> dict[str, Any]:
        return self.frame("CALLBACK", topic, body)

    def frame(self, kind: str, topic: str, data: Any, **headers: str) -> dict[str, Any]:
        number = f"f{next(self._numbers)}"
        told = {"topic": topic, "messageId": number, "contentType": "application/json", "time": "1760000000000"}
        text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
        return {"specVersion": "1.0", "type": kind, "headers": told | headers, "data": text}

    async def push(self, frame: dict[str, Any] | bytes) -> None:
        """A frame to whoever listened last."""
        while not self._sockets:
            await self.change()
        text = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
        await self._sockets[-1][0].send_str(text.decode())

    async def redeliver(self) -> None:
        """The newest message once more, as after an acknowledgement that was lost."""
        await self.push(self.frames[-1])

    def acknowledged(self, number: str) -> bool:
        return any(
            self.acks.get(each["headers"]["messageId"], {}).get("code") == TAKEN
            for each in self.frames
            if msgspec.json.decode(each["data"]).get("msgId") == number
        )

    async def answered(self, frame: dict[str, Any]) -> dict[str, Any]:
        """The acknowledgement of a frame, as soon as it is there."""
        while frame["headers"]["messageId"] not in self.acks:
            await self.change()
        return self.acks[frame["headers"]["messageId"]]

    async def acked(self, number: str) -> None:
        while not self.acknowledged(number):
            await self.change()

    async def change(self) -> None:
        """Wait until something happens here."""
        self._changed.clear()
        await self._changed.wait()

    def cut(self) -> None:
        """Every stream breaks."""
        for _, request in self._sockets:
            if request.transport is not None:
                request.transport.abort()

    def throttle(self, *seconds: float) -> None:
        """The next sends by the robot API are too many; webhooks are, as long as one of these is left."""
        self._throttles.extend(seconds)

    def revoke(self) -> None:
        """No token that was given is good any more."""
        self._tokens.clear()

    def expire(self) -> None:
        """No webhook that was given is good any more."""
        self._webhooks.clear()

    @property
    def listening(self) -> int:
        return len(self._sockets)

    def _happened(self) -> None:
        self._changed.set()

    # --- the stream ---

    async def open(self, request: web.Request) -> web.Response:
        self.attempts += 1
        if "application/json" not in request.headers.get("Accept", ""):
            return _refused(400, "invalidParameter", "Accept is missing")
        asked = await request.json()
        if (asked.get("clientId"), asked.get("clientSecret")) != (self.client_id, self.client_secret):
            return _refused(401, "authFailed", "鉴权失败")
        subscriptions = asked.get("subscriptions")
        if not subscriptions or any(each.get("type") not in ("EVENT", "CALLBACK") for each in subscriptions):
            return _refused(400, "invalidParameter", "subscriptions")
        self.subscribed = subscriptions
        ticket = f"{secrets.token_hex(4)}+/= {secrets.token_hex(4)}"  # it has to be quoted
        self._tickets.add(ticket)
        return web.json_response({"endpoint": f"{self.url.replace('http', 'ws', 1)}/connect", "ticket": ticket})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return _refused(401, "invalidTicket", "ticket")
        self._tickets.remove(ticket)
        if self.stale:
            self.stale -= 1
            return _refused(401, "invalidTicket", "ticket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        seat = (socket, request)
        self._sockets.append(seat)
        self.most_listening = max(self.most_listening, len(self._sockets))
        self._happened()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._ack(message.data)
        finally:
            self._sockets.remove(seat)
            self._happened()
        return socket

    def _ack(self, text: str) -> None:
        ack = msgspec.json.decode(text)
        if set(ack) != {"code", "headers", "message", "data"} or not isinstance(ack["data"], str):
            raise AssertionError(f"this is no acknowledgement: {text}")
        self.acks[ack["headers"]["messageId"]] = ack
        self._happened()

    # --- tokens ---

    async def token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if (asked.get("appKey"), asked.get("appSecret")) != (self.client_id, self.client_secret):
            return _refused(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        token = secrets.token_hex(16)
        self._tokens.add(token)
        self.tokens_given += 1
        return web.json_response({"accessToken": token, "expireIn": 7200})

    def _guarded(self, work: Handler) -> Handler:
        """Only with a token, and with the permission."""

        async def answer(request: web.Request) -> web.Response:
            if request.headers.get("x-acs-dingtalk-access-token") not in self._tokens:
                return _refused(401, "InvalidAuthentication", "不合法的access_token")
            if self.forbidden:
                return _refused(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", self.forbidden)
            if self.broken:
                self.broken -= 1
                return _refused(500, "ServiceUnavailable", "try later")
            return await work(request)

        return answer

    # --- robot API ---

    def _said(self, chat: str, asked: dict[str, Any]) -> web.Response:
        if self._throttles:
            seconds = self._throttles.pop(0)
            headers = {"Retry-After": f"{seconds:.0f}"} if seconds else {}
            return _refused(429, "Forbidden.AccessDenied.QpsLimitForApi", "too many", headers)
        key, param = asked.get("msgKey", ""), asked.get("msgParam")
        if asked.get("robotCode") != self.client_id or key not in TEMPLATES or not isinstance(param, str):
            return _refused(400, "invalidParameter", "robotCode, msgKey or msgParam")
        told = msgspec.json.decode(param)
        medium = next((told[each] for each in ("mediaId", "videoMediaId", "photoURL") if each in told), None)
        if set(told) != TEMPLATES[key] or (medium and medium not in self.uploads):
            return _refused(400, "invalidParameter", "msgParam")
        query_key = f"pqk{next(self._numbers)}+/=="
        self.heard.append(Heard(chat, key, told, query_key))
        self._happened()
        return web.json_response({"processQueryKey": query_key})

    async def to_group(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return self._said(f"group:{asked['openConversationId']}", asked)

    async def to_people(self, request: web.Request) -> web.Response:
        asked = await request.json()
        users = asked["userIds"]
        if len(users) != 1 or users[0] not in self.names:
            return web.json_response({"processQueryKey": "none", "invalidStaffIdList": users})
        if self.left_out:
            return web.json_response({"processQueryKey": "none", self.left_out: users})
        return self._said(f"private:{users[0]}", asked)

    async def recall(self, request: web.Request) -> web.Response:
        asked = await request.json()
        known = {each.key for each in self.heard if each.chat.startswith("group:") == ("openConversationId" in asked)}
        good = [each for each in asked["processQueryKeys"] if each in known]
        self.recalled += good
        bad = {each: "not found" for each in asked["processQueryKeys"] if each not in known}
        return web.json_response({"successResult": good, "failedResult": bad})

    async def locate(self, request: web.Request) -> web.Response:
        code = (await request.json())["downloadCode"]
        if code not in self.files:
            return _refused(400, "invalidDownloadCode", "downloadCode")
        return web.json_response({"downloadUrl": f"{self.url}/files/{code}"})

    async def file(self, request: web.Request) -> web.Response:
        await self.flowing.wait()
        return web.Response(body=self.files[request.match_info["code"]])

    # --- the older interface ---

    async def upload(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") not in self._tokens:
            return web.json_response({"errcode": 40014, "errmsg": "不合法的access_token"})
        form = await request.post()
        kind, media = request.query.get("type") or form.get("type"), form.get("media")
        if kind not in ("image", "voice", "video", "file") or not isinstance(media, web.FileField):
            return web.json_response({"errcode": 40035, "errmsg": "不合法的参数"})
        number = f"@media{next(self._numbers)}"
        self.uploads[number] = (str(kind), media.file.read())
        return web.json_response({"errcode": 0, "errmsg": "ok", "media_id": number, "type": kind})

    async def person(self, request: web.Request) -> web.Response:
        user = (await request.json())["userid"]
        if request.query.get("access_token") not in self._tokens:
            return web.json_response({"errcode": 42001, "errmsg": "access_token超时"})
        if user not in self.names:
            return web.json_response({"errcode": 60121, "errmsg": "找不到该用户"})
        return web.json_response({"errcode": 0, "errmsg": "ok", "result": {"userid": user, "name": self.names[user]}})

    async def webhook(self, request: web.Request) -> web.Response:
        chat, until_ms = self._webhooks.get(request.query.get("session", ""), ("", 0))
        if until_ms <= time.time() * 1000:
            return web.json_response({"errcode": 300001, "errmsg": "session 不存在"})
        if self._throttles:
            return web.json_response({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})
        if self.broken:
            self.broken -= 1
            return web.Response(status=502, text="<html>")
        asked = await request.json()
        kind = asked.get("msgtype")
        if kind not in ("text", "markdown") or not isinstance(asked.get(kind), dict):
            return web.json_response({"errcode": 310000, "errmsg": "msgtype"})
        self.heard.append(Heard(chat, kind, asked))
        self._happened()
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def app(self) -> web.Application:
        app, guard = web.Application(client_max_size=64 * 1024 * 1024), self._guarded
        app.router.add_post("/v1.0/gateway/connections/open", self.open)
        app.router.add_get("/connect", self.connect)
        app.router.add_post("/v1.0/oauth2/accessToken", self.token)
        app.router.add_post("/v1.0/robot/groupMessages/send", guard(self.to_group))
        app.router.add_post("/v1.0/robot/oToMessages/batchSend", guard(self.to_people))
        app.router.add_post("/v1.0/robot/groupMessages/recall", guard(self.recall))
        app.router.add_post("/v1.0/robot/otoMessages/batchRecall", guard(self.recall))
        app.router.add_post("/v1.0/robot/messageFiles/download", guard(self.locate))
        app.router.add_get("/files/{code}", self.file)
        app.router.add_post("/media/upload", self.upload)
        app.router.add_post("/topapi/v2/user/get", self.person)
        app.router.add_post("/robot/sendBySession", self.webhook)
        return app


def _refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"requestid": secrets.token_hex(8), "code": code, "message": message}
    return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def open_dingtalk() -> AsyncIterator[FakeDingTalk]:
    """On a free port of this machine."""
    dingtalk = FakeDingTalk()
    runner = web.AppRunner(dingtalk.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        dingtalk.url = f"http://{host}:{port}"
        yield dingtalk
    finally:
        with suppress(ConnectionError):
            dingtalk.cut()
        await runner.cleanup()
