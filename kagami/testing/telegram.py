"""A server of the Telegram Bot API with one bot, on loopback. It refuses what the real one refuses.

async with open_telegram() as there:
    there.say("hello")                        # somebody writes to the bot
    there.sent                                # what the bot has sent

https://core.telegram.org/bots/api; the clients aiogram and python-telegram-bot take it for the real one. It answers at
once where the real one slows hasty pollers down.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hmac import compare_digest
from itertools import count
from typing import Any

from aiohttp import web

from kagami.testing.telegram_checks import MEDIA, Call, Refusal, check_send, file_of

TOKEN = "4711:AAH-a_token-that-only-this-server-knows"  # noqa: S105 - of a server that lives for one test
BOT = 4711
USERNAME = "KagamiTestBot"
USER = 1001
GROUP = -1_001_234_567_890
CHANNEL = -1_009_876_543_210
TOPIC = 77
NOW = 1_760_000_000
_LARGEST_BODY = 64 * 1024 * 1024
_DEFAULT_OFF = ("chat_member", "message_reaction", "message_reaction_count")

_CLASH = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class TelegramServer:
    """`calls` is everything that was asked with the token, `sent` the messages that came of it. `refused` counts what
    was asked with another one.
    """

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.url = ""
        self.calls: list[Call] = []
        self.sent: list[dict[str, Any]] = []
        self.deleted: list[tuple[int, int]] = []
        self.files: dict[str, bytes] = {}
        self.webhook = ""
        self.offset = 0
        self.refused = 0
        self.most_listening = 0
        self.chats: dict[int, dict[str, Any]] = {
            USER: {"id": USER, "type": "private", "first_name": "Ada", "last_name": "L."},
            GROUP: {"id": GROUP, "type": "supergroup", "title": "Friends", "is_forum": True},
            CHANNEL: {"id": CHANNEL, "type": "channel", "title": "News"},
        }
        self.moved: dict[int, int] = {}
        self.faults: list[tuple[str, Refusal]] = []
        self._numbers = count(1)
        self._update_ids = count(1000)
        self._pending: list[tuple[int, bytes]] = []
        self._known: set[tuple[int, int]] = set()
        self._came = asyncio.Event()
        self._polled = asyncio.Event()
        self._polls: dict[asyncio.Event, web.Request] = {}
        self._last: asyncio.BaseTransport | None = None
        self._allowed: list[str] = []
        self._newest = (0, b"")
        self._asked: dict[str, Callable[[Call], Any]] = {
            "getme": lambda _: self.me | _ABOUT_ME,
            "deletewebhook": lambda _: self._hook(""),
            "setwebhook": lambda call: self._hook(str(call.params.get("url", ""))),
            "getwebhookinfo": lambda _: {"url": self.webhook, "pending_update_count": len(self._pending)},
            "answercallbackquery": lambda _: True,
            "getfile": self._get_file,
            "deletemessage": self._delete,
            "editmessagetext": self._edit,
            "getchat": lambda call: self._chat(call) | _ABOUT_CHAT,
            "getchatmembercount": lambda call: len(self._chat(call)),
            "getchatmember": self._member,
            "getchatadministrators": lambda call: [self._member(call)],
        }

    # --- what happens there ---

    def update(self, kind: str, what: dict[str, Any] | bytes) -> int:
        """Something happened; the number of its update. Bytes are sent as they are, with that number in front."""
        number = next(self._update_ids)
        if (kind not in self._allowed) if self._allowed else (kind in _DEFAULT_OFF):
            return number
        content = what if isinstance(what, bytes) else json.dumps(what, ensure_ascii=False).encode()
        self._pending.append((number, b'{"update_id":%d,"%s":%s}' % (number, kind.encode(), content)))
        self._came.set()
        return number

    def say(self, text: str = "", *, chat: int = USER, user: int = USER, **more: Any) -> str:
        """Somebody writes; the number of the message as `<chat>/<number>`."""
        message = self.message(text, chat=chat, user=user, **more)
        self.update("channel_post" if self.chats[chat]["type"] == "channel" else "message", message)
        return f"{chat}/{message['message_id']}"

    def message(self, text: str = "", *, chat: int = USER, user: int = USER, **more: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._known.add((chat, number))
        speaker: dict[str, Any] = {"sender_chat": self.chats[chat]}
        if self.chats[chat]["type"] != "channel":
            speaker = {"from": {"id": user, "is_bot": False, "first_name": "Ada", "last_name": "L."}}
        words = {"text": text} if text else {}
        return {"message_id": number, "date": NOW, "chat": self.chats[chat]} | speaker | words | more

    def keep(self, content: bytes) -> dict[str, Any]:
        """A file that somebody has sent, as fields of a medium."""
        file_id = f"AgACAgIAAxkBAAEB{len(self.files):04d}"
        self.files[file_id] = content
        return {"file_id": file_id, "file_unique_id": f"U{len(self.files)}", "file_size": len(content)}

    def again(self) -> None:
        """The newest update comes once more: its confirmation was lost."""
        self._pending.append(self._newest)
        self._pending.sort()
        self.offset = min(self.offset, self._newest[0])
        self._came.set()

    def fail(self, description: str, code: int, *, method: str = "send", **parameters: Any) -> None:
        """The next call of a method that begins so is refused."""
        self.faults.append((method.lower(), Refusal(description, code, **parameters)))

    def limit(self, seconds: float) -> None:
        wait = int(-(-seconds // 1))
        self.fail(f"Too Many Requests: retry after {wait}", 429, retry_after=wait)

    async def cut(self) -> None:
        """The open poll breaks, as soon as there is one."""
        while not self._polls:
            self._polled.clear()
            await self._polled.wait()
        for request in list(self._polls.values()):
            if request.transport is not None:
                request.transport.abort()

    def clash(self) -> None:
        """Another program polls with the same token."""
        for gone in self._polls:
            gone.set()

    @property
    def listening(self) -> int:
        """Who polls; between two polls whoever was there last and has not hung up."""
        return len(self._polls) or int(self._last is not None and not self._last.is_closing())

    @property
    def waiting(self) -> list[int]:
        """Updates that nobody has confirmed."""
        return [number for number, _ in self._pending]

    # --- HTTP ---

    async def answer(self, request: web.Request) -> web.Response:
        if not compare_digest(request.match_info["token"], self.token):
            self.refused += 1
            malformed = not request.match_info["token"].partition(":")[0].isdigit()
            return _told(Refusal("Not Found", 404) if malformed else Refusal("Unauthorized", 401))
        call = await Call.read(request)
        self.calls.append(call)
        method = call.method.lower()
        for fault in self.faults:
            if method.startswith(fault[0]):
                self.faults.remove(fault)
                return _told(fault[1])
        try:
            if method == "getupdates":
                return await self._updates(call, request)
            return web.json_response({"ok": True, "result": self._perform(method, call)})
        except Refusal as refusal:
            return _told(refusal)

    async def file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["path"].removeprefix("files/"))
        if not compare_digest(request.match_info["token"], self.token) or content is None:
            return _told(Refusal("Not Found", 404))
        return web.Response(body=content)

    async def _updates(self, call: Call, request: web.Request) -> web.Response:
        if self.webhook:
            raise Refusal(_HOOKED, 409)
        self._settle(call)
        self.clash()
        gone = asyncio.Event()
        self._polls[gone] = request
        self._polled.set()
        self._last = request.transport
        self.most_listening = max(self.most_listening, len([each for each in self._polls if not each.is_set()]))
        try:
            return await self._wait(
                min(50, int(call.params.get("timeout", 0))), int(call.params.get("limit", 100)), gone
            )
        finally:
            del self._polls[gone]

    def _settle(self, call: Call) -> None:
        offset = int(call.params.get("offset", 0))
        if offset < 0:
            self._pending = self._pending[offset:]
        elif offset:
            self._pending = [each for each in self._pending if each[0] >= offset]
            self.offset = max(self.offset, offset)
        if "allowed_updates" in call.params:
            self._allowed = list(call.params["allowed_updates"])

    async def _wait(self, seconds: int, limit: int, gone: asyncio.Event) -> web.Response:
        try:
            async with asyncio.timeout(seconds):
                while not self._pending and not gone.is_set():
                    self._came.clear()
                    await _either(self._came, gone)
        except TimeoutError:
            pass
        if gone.is_set():
            raise Refusal(_CLASH, 409)
        brought = self._pending[:limit]
        if brought:
            self._newest = brought[-1]
        body = b'{"ok":true,"result":[%s]}' % b",".join(content for _, content in brought)
        return web.Response(body=body, content_type="application/json")

    # --- methods ---

    def _perform(self, method: str, call: Call) -> Any:
        if method in _DONE:
            return bool(self._chat(call))
        if method in self._asked:
            return self._asked[method](call)
        if method.startswith("send"):
            return self._send(call)
        raise Refusal("Not Found: method not found", 404)

    def _send(self, call: Call) -> Any:
        chat = self._chat(call)
        parts = check_send(call, self._known, chat["id"])
        sent = [self._record(call, chat, part) for part in parts]
        return sent if call.method.lower() == "sendmediagroup" else sent[0]

    def _record(self, call: Call, chat: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
        message = self.message(chat=chat["id"]) | {"from": self.me, "date": NOW}
        message |= {key: part[key] for key in _SHOWN if part.get(key)}
        medium = next((key for key in MEDIA if key in part), "")
        content = file_of(call, part[medium], self.files) if medium else None
        if medium and content is not None:
            kept = self.keep(content) | {"width": 1, "height": 1, "duration": 1}
            message[medium] = [kept] if medium == "photo" else kept
        if topic := call.params.get("message_thread_id"):
            message |= {"message_thread_id": int(topic), "is_topic_message": True}
        quoted = part.get("reply_parameters", {}).get("message_id")
        self.sent.append(message | {"content": content, "quoted": f"{chat['id']}/{quoted}" if quoted else ""})
        return message

    def _chat(self, call: Call) -> dict[str, Any]:
        given = str(call.params.get("chat_id", ""))
        number = int(given) if given.lstrip("-").isdigit() else 0
        if number in self.moved:
            new = self.moved[number]
            why = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(why, 400, migrate_to_chat_id=new)
        if number not in self.chats:
            raise Refusal("Bad Request: chat not found", 400)
        topic = int(call.params.get("message_thread_id", 0))
        if topic not in (0, TOPIC):
            raise Refusal("Bad Request: message thread not found", 400)
        return self.chats[number]

    @property
    def me(self) -> dict[str, Any]:
        return {"id": BOT, "is_bot": True, "first_name": "Kagami", "username": USERNAME}

    def _delete(self, call: Call) -> bool:
        place = (self._chat(call)["id"], int(call.params.get("message_id", 0)))
        if place not in self._known:
            raise Refusal("Bad Request: message to delete not found", 400)
        self._known.remove(place)
        self.deleted.append(place)
        return True

    def _edit(self, call: Call) -> Any:
        chat = self._chat(call)
        number = int(call.params.get("message_id", 0))
        if (chat["id"], number) not in self._known:
            raise Refusal("Bad Request: message to edit not found", 400)
        check_send(call, self._known, chat["id"])
        edited = {"message_id": number, "date": NOW, "edit_date": NOW + 1, "chat": chat, "from": self.me}
        return edited | {"text": call.params["text"]}

    def _get_file(self, call: Call) -> Any:
        file_id = str(call.params.get("file_id", ""))
        if file_id not in self.files:
            raise Refusal("Bad Request: invalid file_id", 400)
        about = {"file_id": file_id, "file_unique_id": file_id[-4:], "file_size": len(self.files[file_id])}
        return about | {"file_path": f"files/{file_id}"}

    def _hook(self, url: str) -> bool:
        self.webhook = url
        return True

    def _member(self, call: Call) -> Any:
        self._chat(call)
        number = int(call.params.get("user_id", BOT))
        user = {"id": number, "is_bot": number == BOT, "first_name": "Ada"}
        return {"status": "creator", "user": user, "is_anonymous": False, "custom_title": "boss"}


_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)
_SHOWN = ("text", "caption", "entities", "caption_entities", "reply_markup")
_ABOUT_CHAT = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}
_ABOUT_ME = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
# They are only checked for their chat.
_DONE = (
    "banchatmember",
    "unbanchatmember",
    "restrictchatmember",
    "promotechatmember",
    "setchatpermissions",
    "setchattitle",
    "setchatadministratorcustomtitle",
    "leavechat",
    "approvechatjoinrequest",
    "declinechatjoinrequest",
    "sendchataction",
)


def _told(refusal: Refusal) -> web.Response:
    answer: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        answer["parameters"] = refusal.parameters
    wait = refusal.parameters.get("retry_after")
    return web.json_response(answer, status=refusal.code, headers={"Retry-After": str(wait)} if wait else None)


async def _either(*events: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.wait()) for each in events]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def open_telegram(*, token: str = TOKEN) -> AsyncIterator[TelegramServer]:
    """A server on a free port while the block runs."""
    server = TelegramServer(token=token)
    application = web.Application(client_max_size=_LARGEST_BODY)
    application.router.add_route("*", "/bot{token}/{method}", server.answer)
    application.router.add_get("/file/bot{token}/{path:.+}", server.file)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
