"""The HTTP half of the Feishu that tests run against: tokens, messages, files, chats, limits."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

KILOBYTE, MEGABYTE = 1024, 1024 * 1024
LARGEST = {"text": 150 * KILOBYTE, "post": 30 * KILOBYTE, "interactive": 30 * KILOBYTE}
LONGEST_UUID = 50
MESSAGES = "/open-apis/im/v1/messages"
CHATS = "/open-apis/im/v1/chats"
FILE_TYPES = ("opus", "mp4", "pdf", "doc", "xls", "ppt", "stream")
POST_TAGS = {"text", "a", "at", "img", "media", "emotion", "code_block", "hr", "md"}
ALONE = {"img", "media"}
_LOGIN = "/open-apis/auth/v3/tenant_access_token/internal"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """`receiver` is as the caller named it; empty for a reply, which has the message in `reply`."""

    message_id: str
    receiver: str
    kind: str
    content: dict[str, Any]
    reply: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next send is answered with. Without a status it is done, and the connection breaks before the answer."""

    status: int = 0
    code: int = 0
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    def __init__(self, code: int, msg: str = "refused", status: int = 400) -> None:
        super().__init__(msg)
        self.answer = web.json_response({"code": code, "msg": msg}, status=status)


class FeishuCalls:
    def __init__(self) -> None:
        self.app_id, self.app_secret = "cli_a1b2c3d4e5f60718", "the-secret-of-this-application"
        self.open_id, self.robot_name = "ou_the_robot", "Mirror"
        self.robot_code = 0
        self.user = "ou_alice"
        self.users = {"ou_alice": "Alice", "ou_bob": "Bob"}
        self.private_chats = {user: f"oc_p2p_{user}" for user in self.users}
        self.groups: dict[str, dict[str, Any]] = {
            "oc_group": {"name": "The group", "owner_id": "ou_bob", "user_manager_id_list": [], "chat_mode": "group"}
        }
        self.members = {"oc_group": ["ou_alice", "ou_bob"]}
        self.token_seconds = 7200
        self.tokens_issued = 0
        self.tokens: set[str] = set()
        self.messages: dict[str, dict[str, Any]] = {}
        self.sent: list[SentMessage] = []
        self.deleted: list[str] = []
        self.uploads: dict[str, bytes] = {}
        self.resources: dict[tuple[str, str], bytes] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.faults: deque[Fault] = deque()
        self.problems: list[str] = []
        self._uuids: dict[str, str] = {}
        self._numbers = 0

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post(_LOGIN, self._token)
        router.add_get("/open-apis/bot/v3/info", self._robot)
        router.add_post(MESSAGES, self._send)
        router.add_post(f"{MESSAGES}/{{id}}/reply", self._reply)
        router.add_delete(f"{MESSAGES}/{{id}}", self._delete)
        router.add_get(f"{MESSAGES}/{{id}}", self._message)
        router.add_get(f"{MESSAGES}/{{id}}/resources/{{key}}", self._resource)
        router.add_post("/open-apis/im/v1/images", self._image)
        router.add_post("/open-apis/im/v1/files", self._file)
        router.add_get(CHATS, self._chats)
        router.add_get(f"{CHATS}/{{id}}", self._chat)
        router.add_get(f"{CHATS}/{{id}}/members", self._members)
        router.add_get("/open-apis/contact/v3/users/{id}", self._user)
        for method, path in (
            ("DELETE", f"{CHATS}/{{id}}"),
            ("PUT", f"{CHATS}/{{id}}"),
            ("DELETE", f"{CHATS}/{{id}}/members"),
            ("PUT", f"{CHATS}/{{id}}/moderation"),
            ("POST", f"{CHATS}/{{id}}/managers/{{verb}}"),
            ("POST", f"{MESSAGES}/{{id}}/reactions"),
        ):
            router.add_route(method, path, self._done)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every call of the platform needs a token that is still good."""
        try:
            if request.path.startswith("/open-apis/") and request.path != _LOGIN:
                self._check_token(request.headers.get("Authorization", ""))
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer

    def _check_token(self, header: str) -> None:
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise Refusal(99991661, "Missing access token for authorization")
        if token not in self.tokens:
            raise Refusal(99991663, "Invalid access token for authorization")

    def knows(self, secret: object) -> bool:
        """Whether it is the application's secret."""
        return hmac.compare_digest(str(secret).encode(), self.app_secret.encode())

    def fresh(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}_{self._numbers:06d}"

    def expire(self) -> None:
        """Every token that was given is good no more."""
        self.tokens.clear()

    # --- tokens ---

    async def _token(self, request: web.Request) -> web.Response:
        given = await request.json()
        if given.get("app_id") != self.app_id:
            raise Refusal(10003, "invalid app_id", 200)
        if not self.knows(given.get("app_secret")):
            raise Refusal(10014, "app secret invalid", 200)
        token = f"t-{secrets.token_hex(12)}"
        self.tokens.add(token)
        self.tokens_issued += 1
        return web.json_response({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": self.token_seconds})

    async def _robot(self, _request: web.Request) -> web.Response:
        if self.robot_code:
            raise Refusal(self.robot_code)
        bot = {"activate_status": 2, "app_name": self.robot_name, "avatar_url": "", "open_id": self.open_id}
        return web.json_response({"code": 0, "msg": "ok", "bot": bot})

    # --- messages ---

    async def _send(self, request: web.Request) -> web.Response:
        given = await request.json()
        receiver = str(given.get("receive_id", ""))
        kind = request.query.get("receive_id_type", "")
        known = {
            "open_id": self.users.keys(),
            "chat_id": self.groups.keys() | set(self.private_chats.values()),
        }
        if kind not in known:
            raise Refusal(230001, f"receive_id_type {kind!r}")
        if receiver not in known[kind]:
            raise Refusal(230002 if kind == "chat_id" else 230013, "Bot/User can NOT be found")
        return self._accept(request, given, receiver, "")

    async def _reply(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.messages:
            raise Refusal(230001, "no such message")
        return self._accept(request, await request.json(), "", request.match_info["id"])

    def _accept(self, request: web.Request, given: dict[str, Any], receiver: str, reply: str) -> web.Response:
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault.status:
            body = {"code": fault.code, "msg": "scripted"}
            return web.json_response(body, status=fault.status, headers=dict(fault.headers))
        number = self._make(given, receiver, reply)
        if fault is not None and request.transport is not None:
            request.transport.close()
        return web.json_response({"code": 0, "msg": "success", "data": {"message_id": number}})

    def _make(self, given: dict[str, Any], receiver: str, reply: str) -> str:
        uuid = str(given.get("uuid", ""))
        if len(uuid) > LONGEST_UUID:
            raise Refusal(230001, "uuid is too long")
        if uuid in self._uuids:
            return self._uuids[uuid]
        kind, content = str(given.get("msg_type")), self._content(given)
        number = self.fresh("om")
        self.sent.append(SentMessage(number, receiver, kind, content, reply, uuid))
        sender = {"id": self.app_id, "sender_type": "app"}
        place = {"chat_id": receiver if receiver.startswith("oc_") else ""}
        self.messages[number] = {"message_type": kind, "content": given["content"], "sender": sender} | place
        if uuid:
            self._uuids[uuid] = number
        return number

    def _content(self, given: dict[str, Any]) -> dict[str, Any]:
        kind, written = given.get("msg_type"), given.get("content")
        if not isinstance(written, str):
            raise Refusal(230001, "content is no string")
        if len(written.encode()) > LARGEST.get(str(kind), 150 * KILOBYTE):
            raise Refusal(230025, "too long")
        try:
            content = json.loads(written)
        except ValueError:
            raise Refusal(230001, "content is no JSON") from None
        if not isinstance(content, dict) or not self._sound(str(kind), content):
            raise Refusal(230001, f"wrong content of {kind}")
        return content

    def _sound(self, kind: str, content: dict[str, Any]) -> bool:
        match kind:
            case "text":
                return isinstance(content.get("text"), str) and bool(content["text"])
            case "image":
                return content.get("image_key") in self.uploads
            case "file" | "audio" | "media":
                return content.get("file_key") in self.uploads
            case "post":
                return all(self._sound_line(line) for each in content.values() for line in each["content"])
        return kind in ("interactive", "share_chat", "share_user", "sticker")

    def _sound_line(self, line: list[dict[str, Any]]) -> bool:
        tags = {tag["tag"] for tag in line}
        alone = len(line) == 1 or not tags & ALONE
        there = all(tag["image_key"] in self.uploads for tag in line if tag["tag"] == "img")
        return bool(line) and tags <= POST_TAGS and alone and there

    async def _delete(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in {each.message_id for each in self.sent}:
            raise Refusal(230017, "not the owner")
        if number in self.deleted:
            raise Refusal(230011, "message was recalled")
        self.deleted.append(number)
        return _success({})

    async def _message(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in self.messages:
            raise Refusal(230001, "no such message")
        message = self.messages[number]
        item = {
            "message_id": number,
            "msg_type": message["message_type"],
            "create_time": message.get("create_time", "1700000000000"),
            "chat_id": message.get("chat_id", ""),
            "sender": message["sender"],
            "body": {"content": message["content"]},
            "mentions": [],
        }
        return _success({"items": [item]})

    # --- files ---

    async def _resource(self, request: web.Request) -> web.Response:
        number, key = request.match_info["id"], request.match_info["key"]
        if request.query.get("type") != ("image" if key.startswith("img_") else "file"):
            raise Refusal(230001, "wrong type")
        if (number, key) not in self.resources:
            raise Refusal(234003, "file not in message")
        return web.Response(body=self.resources[number, key], content_type="application/octet-stream")

    async def _image(self, request: web.Request) -> web.Response:
        form = await _form(request)
        image = form.get("image", b"")
        if form.get("image_type") != b"message" or not 0 < len(image) <= 10 * MEGABYTE:
            raise Refusal(234001, "invalid image")
        key = self.fresh("img_v2")
        self.uploads[key] = image
        return _success({"image_key": key})

    async def _file(self, request: web.Request) -> web.Response:
        form = await _form(request)
        content = form.get("file", b"")
        sound = form.get("file_type", b"").decode() in FILE_TYPES and form.get("file_name")
        if not sound or not 0 < len(content) <= 30 * MEGABYTE:
            raise Refusal(234001, "invalid file")
        key = self.fresh("file_v2")
        self.uploads[key] = content
        return _success({"file_key": key})

    # --- chats, people ---

    async def _chats(self, request: web.Request) -> web.Response:
        """One chat a page, so that clients turn them."""
        place = int(request.query.get("page_token") or 0)
        found = [{"chat_id": number, **about} for number, about in self.groups.items()]
        more = place + 1 < len(found)
        page = {"items": found[place : place + 1], "has_more": more, "page_token": str(place + 1) if more else ""}
        return _success(page)

    async def _chat(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in self.groups:
            raise Refusal(232006, "invalid chat id")
        return _success(self.groups[number] | {"user_count": str(len(self.members[number])), "bot_count": "1"})

    async def _members(self, request: web.Request) -> web.Response:
        found = self.members.get(request.match_info["id"], [])
        items = [{"member_id_type": "open_id", "member_id": user, "name": self.users[user]} for user in found]
        return _success({"items": items, "has_more": False, "member_total": len(items)})

    async def _user(self, request: web.Request) -> web.Response:
        user = request.match_info["id"]
        if user not in self.users:
            raise Refusal(41050, "no user authority error")
        return _success({"user": {"open_id": user, "name": self.users[user], "gender": 2}})

    async def _done(self, request: web.Request) -> web.Response:
        """What is only written down, in `calls`."""
        text = await request.text()
        path = re.sub(r"^/open-apis/im/v1", "", request.path)
        self.calls.append((request.method, path, json.loads(text) if text else None))
        return _success({})


def _success(result: dict[str, Any]) -> web.Response:
    return web.json_response({"code": 0, "msg": "success", "data": result})


async def _form(request: web.Request) -> dict[str, bytes]:
    if not request.content_type.startswith("multipart/"):
        raise Refusal(234001, "no form")
    found: dict[str, bytes] = {}
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name:
            found[part.name] = bytes(await part.read())
    return found
