"""NapCat for tests: its WebUI with QQ's login behind it, and its OneBot connections as they are configured there.

    async with open_napcat() as napcat:
        napcat.scan()                  # the code on the phone: QQ is online, the network entries start
        await napcat.say("hi", group="42")

Facts: NapCat 4.18. It is as strict as the real one: a wrong hash, a credential of before a restart, a network
configuration that is no text, actions before the login are refused in its words.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
from aiohttp import WSMsgType, web
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, WebSocketException

from kagami.clock import SystemClock
from kagami.net.supervise import Nursery
from kagami.testing.onebot import ACCOUNT, Peer, connect_implementation, listen_as_implementation
from kagami.testing.qq import Chats

WEBUI_TOKEN = "tok12345"  # noqa: S105 - of a server that lives for one test
# So many log-ins of one address in so many seconds.
RATE, RATE_SECONDS = 10, 60.0
VALID_SECONDS = 3600
UNAUTHORIZED = {"code": -1, "message": "Unauthorized"}
EXPIRED = "二维码已过期，请刷新"
CAPTCHA = "https://captcha.example/verify?aid=2081081773&sid=s-1&uin={}"
JUMP = "https://accounts.qq.com/safe/verify?uin-token=u1"

Route = Callable[[dict[str, Any]], Any]


class NotSo(Exception):
    """An answer with code -1."""


def new_network() -> dict[str, Any]:
    kinds = ("httpServers", "httpSseServers", "httpClients", "websocketServers", "websocketClients", "plugins")
    return {"network": {kind: [] for kind in kinds}, "musicSignUrl": "", "enableLocalFile2Url": False}


class NapCatHost:
    """`asked` are all requests, `(route, body)`, the oldest first; `peers` all OneBot connections there ever were."""

    def __init__(self, nursery: Nursery, token: str, account: str) -> None:
        self._nursery = nursery
        self.token = token
        self.account = account
        self.nick = f"bot {account}"
        self.url = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.log_ins = 0
        self.rate = RATE
        self._recent: deque[float] = deque()
        self.totp = ""
        self.logged_in = self.offline = False
        self.login_error = ""
        self.codes = 1
        self.quick: list[dict[str, Any]] = []
        self.password = ""
        self.wants: list[str] = []  # what a password login asks for: captcha, device
        self.device_status = 0
        self.config = new_network()
        self.refuses_config = ""
        self.reconnect_s = 0.02
        self.restarts = 0
        self.chats = Chats(account)
        self.peers: list[Peer] = []
        self.debug_lines = 0
        self._key = secrets.token_bytes(32)
        self._debug_token = ""
        self._running: dict[str, tuple[dict[str, Any], Any]] = {}

    # --- what happens on a phone, and at QQ ---

    def scan(self) -> None:
        """QQ is online; the network starts."""
        self.logged_in, self.offline, self.login_error = True, False, ""
        self._reload()

    def kick(self) -> None:
        """QQ's session is ended by somebody else."""
        self.logged_in, self.offline = False, True

    def expire(self) -> None:
        """The code on the screen is none any more; NapCat fetches the next one by itself."""
        self.codes += 1
        self.login_error = EXPIRED

    def restart(self) -> None:
        """Every credential is void."""
        self._key = secrets.token_bytes(32)
        self.restarts += 1
        if self.offline:
            self.scan()

    @property
    def code(self) -> str:
        """The text of the present QR code."""
        return f"https://txz.qq.com/p?k=code-{self.codes}&f=1600001602"

    @property
    def open(self) -> list[Peer]:
        return [peer for peer in self.peers if peer.open]

    async def say(self, text: str, *, group: str | None = None) -> str:
        """A person writes; every live connection hears it, and it is in the history."""
        frame = self.chats.say(text, group=group)
        for peer in self.open:
            await peer.send(frame)
        return str(frame["message_id"])

    # --- the WebUI ---

    async def handle(self, request: web.Request) -> web.StreamResponse:
        route = request.path.removeprefix("/api")
        if route == "/Debug/ws":
            return await self._debug(request)
        body = msgspec.json.decode(await request.read() or b"{}")
        self.asked.append((route, body))
        if route == "/auth/login":
            return web.json_response(self._log_in(body))
        if not self._knows(request.headers.get("Authorization", "")):
            return web.json_response(UNAUTHORIZED)
        answer = self._routes.get(route)
        if answer is None:
            return web.Response(status=404)
        try:
            return web.json_response({"code": 0, "message": "success", "data": answer(body)})
        except NotSo as reason:
            return web.json_response({"code": -1, "message": str(reason)})

    def _log_in(self, body: dict[str, Any]) -> dict[str, Any]:
        self.log_ins += 1
        if self._too_many():
            return {"code": -1, "message": "login rate limit"}
        wanted = hashlib.sha256(f"{self.token}.napcat".encode()).hexdigest()
        if not body.get("hash"):
            return {"code": -1, "message": "token is empty"}
        if body["hash"] != wanted:
            return {"code": -1, "message": "token is invalid"}
        if self.totp and not body.get("totpCode"):
            return {"code": 0, "message": "success", "data": {"require2FA": True}}
        if self.totp and body["totpCode"] != self.totp:
            return {"code": -1, "message": "Invalid or expired code"}
        data = {"CreatedTime": int(time.time()), "HashEncoded": wanted}
        credential = {"Data": data, "Hmac": self._sign(data)}
        text = base64.b64encode(msgspec.json.encode(credential)).decode()
        return {"code": 0, "message": "success", "data": {"Credential": text}}

    def _too_many(self) -> bool:
        now = time.monotonic()
        self._recent.append(now)
        while self._recent[0] <= now - RATE_SECONDS:
            self._recent.popleft()
        return len(self._recent) > self.rate

    def _sign(self, data: Any) -> str:
        return hmac.new(self._key, msgspec.json.encode(data), hashlib.sha256).hexdigest()

    def _knows(self, header: str) -> bool:
        try:
            credential = msgspec.json.decode(base64.b64decode(header.removeprefix("Bearer ")))
            data = credential["Data"]
            fresh = time.time() - data["CreatedTime"] < VALID_SECONDS
            return fresh and hmac.compare_digest(credential["Hmac"], self._sign(data))
        except (ValueError, KeyError, TypeError, msgspec.DecodeError):
            return False

    @property
    def _routes(self) -> dict[str, Route]:
        return {
            "/QQLogin/CheckLoginStatus": self._status,
            "/QQLogin/GetQQLoginQrcode": self._qr_code,
            "/QQLogin/RefreshQRcode": self._refresh,
            "/QQLogin/GetQuickLoginListNew": lambda _: self.quick,
            "/QQLogin/GetQuickLoginList": lambda _: [each["uin"] for each in self.quick],
            "/QQLogin/SetQuickLogin": self._quick_login,
            "/QQLogin/GetQQLoginInfo": self._info,
            "/QQLogin/PasswordLogin": self._password_login,
            "/QQLogin/CaptchaLogin": self._captcha_login,
            "/QQLogin/NewDeviceLogin": self._device_login,
            "/QQLogin/GetNewDeviceQRCode": self._device_code,
            "/QQLogin/PollNewDeviceQR": self._device_poll,
            "/QQLogin/RestartNapCat": lambda _: self.restart(),
            "/OB11Config/GetConfig": self._get_config,
            "/OB11Config/SetConfig": self._set_config,
            "/Debug/create": self._create_debug,
        }

    def _status(self, _body: dict[str, Any]) -> Any:
        code = "" if self.logged_in else self.code
        said = {"qrcodeurl": code, "loginError": self.login_error}
        return {"isLogin": self.logged_in, "isOffline": self.offline} | said

    def _away(self) -> None:
        if self.logged_in:
            raise NotSo("QQ Is Logined")

    def _qr_code(self, _body: dict[str, Any]) -> Any:
        self._away()
        return {"qrcode": self.code}

    def _refresh(self, _body: dict[str, Any]) -> None:
        self._away()
        self.codes += 1
        self.login_error = ""

    def _quick_login(self, body: dict[str, Any]) -> None:
        self._away()
        if body.get("uin") not in [each["uin"] for each in self.quick]:
            raise NotSo("快速登录失败")
        self.account = body["uin"]
        self.scan()

    def _info(self, _body: dict[str, Any]) -> Any:
        return {"uid": "u_1", "uin": self.account, "nick": self.nick, "online": self.logged_in, "avatarUrl": ""}

    def _password_login(self, body: dict[str, Any]) -> Any:
        self._away()
        if body["passwordMd5"] != hashlib.md5(self.password.encode(), usedforsecurity=False).hexdigest():
            raise NotSo("账号或密码错误")
        if self.wants and self.wants[0] == "captcha":
            return {"needCaptcha": True, "proofWaterUrl": CAPTCHA.format(body["uin"])}
        if self.wants and self.wants[0] == "device":
            return {"needNewDevice": True, "jumpUrl": JUMP, "newDevicePullQrCodeSig": "sig-1"}
        self.account = body["uin"]
        self.scan()
        return None

    def _captcha_login(self, body: dict[str, Any]) -> Any:
        if (body.get("ticket"), body.get("randstr"), body.get("sid")) == ("t-good", "r-good", "s-1"):
            self.wants.remove("captcha")
        return self._password_login(body)

    def _device_login(self, body: dict[str, Any]) -> Any:
        if body.get("newDevicePullQrCodeSig") == "succ-1":
            self.wants.remove("device")
        return self._password_login(body)

    def _device_code(self, body: dict[str, Any]) -> Any:
        if body.get("jumpUrl") != JUMP:
            raise NotSo("jumpUrl is wrong")
        return {"str_url": "https://qr.example/device", "bytes_token": "dev-1"}

    def _device_poll(self, body: dict[str, Any]) -> Any:
        if body.get("bytesToken") != "dev-1":
            raise NotSo("bytesToken is wrong")
        confirmed = {"str_nt_succ_token": "succ-1"} if self.device_status == 1 else {}
        return {"uint32_guarantee_status": self.device_status} | confirmed

    def _get_config(self, _body: dict[str, Any]) -> Any:
        if not self.logged_in:
            raise NotSo("Not Login")
        return self.config

    def _set_config(self, body: dict[str, Any]) -> None:
        if not self.logged_in:
            raise NotSo("Not Login")
        if self.refuses_config:
            raise NotSo(self.refuses_config)
        if not isinstance(body.get("config"), str):
            raise NotSo("config is not a string")
        self.config = msgspec.json.decode(body["config"])
        self._reload()

    # --- OneBot ---

    def entries(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.config["network"][kind]
        return found

    def _reload(self) -> None:
        """As the real one: an entry goes on as it is unless its name, its address or whether it is on has changed."""
        wanted = {
            f"{kind} {each['name']}": each
            for kind in ("websocketClients", "websocketServers")
            for each in self.entries(kind)
            if each["enable"]
        }
        for name in list(self._running):
            before, task = self._running[name]
            if not _same_place(before, wanted.get(name)):
                task.cancel()
                del self._running[name]
        for name, each in wanted.items():
            if name not in self._running:
                self._running[name] = (each, self._nursery.start(name, self._speak(each)))

    async def _speak(self, entry: dict[str, Any]) -> None:
        await (self._dial(entry) if "url" in entry else self._listen(entry))

    async def _dial(self, entry: dict[str, Any]) -> None:
        clock = SystemClock()
        while True:
            try:
                async with connect_implementation(
                    entry["url"], token=entry["token"], account=self.account, answers=self.chats.answers
                ) as peer:
                    self.peers.append(peer)
                    await peer.closed()
            except (OSError, WebSocketException):
                pass
            await clock.sleep(self.reconnect_s)

    async def _listen(self, entry: dict[str, Any]) -> None:
        async with listen_as_implementation(
            account=self.account,
            token=entry["token"],
            refusing="napcat",
            answers=self.chats.answers,
            host=entry["host"],
            port=entry["port"],
        ) as listening:
            while True:
                self.peers.append(await listening.accepted())

    def _create_debug(self, _body: dict[str, Any]) -> Any:
        self._debug_token = secrets.token_urlsafe(16)
        return {"adapterName": "debug-primary", "token": self._debug_token}

    async def _debug(self, request: web.Request) -> web.StreamResponse:
        place = (request.query.get("adapterName"), request.query.get("token"))
        if not self._debug_token or place != ("debug-primary", self._debug_token) or not self.logged_in:
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.debug_lines += 1
        peer = Peer(cast("Connection", _DebugSocket(socket)), account=self.account, answers=self.chats.answers)
        self.peers.append(peer)
        await peer.greet()
        await peer.listen()
        return socket


class _DebugSocket:
    """What a `Peer` needs of a connection, over aiohttp's."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    @property
    def state(self) -> int:
        return 3 if self._socket.closed else 1

    async def send(self, frame: bytes | str, *, text: bool = True) -> None:
        content = frame.encode() if isinstance(frame, str) else frame
        try:
            await (self._socket.send_str(content.decode()) if text else self._socket.send_bytes(content))
        except ConnectionError:
            raise ConnectionClosed(None, None) from None

    async def close(self) -> None:
        await self._socket.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for message in self._socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                yield message.data if isinstance(message.data, bytes) else message.data.encode()


def _same_place(before: dict[str, Any], now: dict[str, Any] | None) -> bool:
    return now is not None and all(before.get(key) == now.get(key) for key in ("url", "host", "port"))


@asynccontextmanager
async def open_napcat(*, token: str = WEBUI_TOKEN, account: str = ACCOUNT) -> AsyncIterator[NapCatHost]:
    """Its WebUI listens on loopback while the block runs; nobody is logged in."""
    async with Nursery(SystemClock()) as nursery:
        napcat = NapCatHost(nursery, token, account)
        app = web.Application()
        app.router.add_route("*", "/api/{route:.*}", napcat.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        napcat.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield napcat
        finally:
            await runner.cleanup()
