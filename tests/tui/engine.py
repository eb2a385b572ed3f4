"""An engine made of values: answers the console's calls at once, and its feed says what a test pushes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

import msgspec

from kagami.errors import EngineAway, NotFound
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.operations.audit import ListAudit
from kagami.operations.bots import BotKinds, Disconnect, ListBots
from kagami.operations.cluster import ListNodes, ProcessRow
from kagami.operations.guard import ListGuard
from kagami.operations.logs import At, Counted, Histogram, Window, Windowed
from kagami.operations.messages import ListChats, ListMessages
from kagami.operations.people import Identity, Me
from kagami.operations.plugins import ListPlugins
from kagami.operations.routes import ListRoutes, RouteList
from kagami.operations.settings import ListSettings
from kagami.operations.system import Connect, ListAlerts, Notices, Pulses, Stop
from kagami.operations.traces import ListTraces
from kagami.operations.workers import ListWorkers
from kagami.ports import (
    AlertRow,
    AuditRow,
    BotHealth,
    BotRow,
    BotState,
    Connection,
    Feed,
    MessageRow,
    Notice,
    PluginRow,
    Pulse,
)

NOW_MS = 1_763_768_467_000  # 2025-11-21 23:41:07 UTC
STARTED_MS = NOW_MS - (6 * 86_400 + 4 * 3_600 + 12 * 60) * 1_000

Answer = Callable[[Any], Any]


class FixedClock:
    """Time that stands still until a test moves it; sleeping is real, so that waits stay short."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def wall_ms(self) -> int:
        return NOW_MS + int((self.now - 1_000.0) * 1_000)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


def bot(name: str, ident: str, adapter: str, state: BotState, **values: Any) -> BotRow:
    """One account; `since_s`, `reason`, `reconnects` and `peer` go into its health, the rest into its row."""
    health = BotHealth(
        state=state,
        reason=values.pop("reason", ""),
        since_ms=NOW_MS - values.pop("since_s", 0) * 1_000,
        last_event_ms=values.pop("last_event_ms", 0),
        reconnects=values.pop("reconnects", 0),
        peer=values.pop("peer", ""),
        rtt_ms=values.pop("rtt_ms", 0.0),
    )
    return BotRow(BotId(ident), name, adapter, health, **values)


def house() -> list[BotRow]:
    """Eight accounts in every state that matters."""
    six_days = 6 * 86_400 + 4 * 3_600
    return [
        bot(
            "shiori",
            "qq:10001000",
            "napcat",
            "online",
            since_s=six_days,
            received=98_114,
            sent=90_211,
            in_per_s=182,
            out_per_s=171,
            p95_ms=38,
            peer="127.0.0.1:53122",
            rtt_ms=3.2,
            last_event_ms=NOW_MS - 400,
            reconnects=2,
        ),
        bot(
            "小镜", "qq:10002000", "napcat", "online", since_s=six_days, received=65_000, sent=60_100, failed=61,
            in_per_s=121, out_per_s=98, p95_ms=44, peer="127.0.0.1:53130", last_event_ms=NOW_MS - 900,
        ),
        bot("wx-helper", "wechat:wxid_7", "wxbot", "online", since_s=213_000, received=900, sent=870, in_per_s=64,
            out_per_s=60, p95_ms=51),
        bot("kook-jp", "kook:3312", "kook", "online", since_s=six_days, in_per_s=31, out_per_s=29, p95_ms=29),
        bot("tg-mirror", "telegram:5510", "telegram", "silent", since_s=94_000, sent=250, failed=1, in_per_s=0.4,
            out_per_s=14, p95_ms=88, reason="no frame for 94 s, usually every 3 s"),
        bot("ding-ops", "dingtalk:ops", "dingtalk", "backoff", since_s=12, reconnects=3,
            reason="connection refused by 127.0.0.1:8080"),
        bot("feishu-hr", "feishu:hr", "feishu", "stopped"),
        bot("qq-2", "qq:10003000", "napcat", "auth_failed", since_s=240, reason="the peer refuses our token"),
    ]  # fmt: skip


def pulse(second: int = 0, **values: Any) -> Pulse:
    """The pulse of a busy second, `second` seconds after `NOW_MS`."""
    wave = math.sin(second / 23) + math.sin(second / 7) / 3
    given = {
        "cpu_percent": round(23 + 14 * wave, 1),
        "memory_bytes": int((412 + 6 * wave) * 1_048_576),
        "host_memory_bytes": 2 * 1_073_741_824,
        "online": 5,
        "troubled": 1,
        "offline": 2,
        "in_per_s": round(230 + 90 * wave),
        "out_per_s": round(182 + 70 * wave),
        "p95_ms": 41.0,
        "received": 164_014,
        "sent": 151_431,
        "log_seq": 1_204_998,
        "errors": 12,
    } | values
    return Pulse(NOW_MS + second * 1_000, STARTED_MS, "0.9.0", **given)


NOTICES = [
    Notice(
        NOW_MS - 240_000,
        "error",
        "bot.auth_failed",
        "{bot} is refused by its platform: {reason}",
        {"bot": "qq-2", "reason": "the peer refuses our token"},
    ),
    Notice(
        NOW_MS - 60_000,
        "warning",
        "plugin.load_failed",
        "Plugin {plugin} could not be loaded: {reason}",
        {"plugin": "stocks", "reason": "ModuleNotFoundError: pandas"},
    ),
]


def messages() -> list[MessageRow]:
    """A few words in and out, oldest first."""
    said: tuple[tuple[Literal["in", "out"], str, str, str, str, str, str], ...] = (
        ("in", "group:99871", "麻将部", "10007", "阿花", "/weather 东京", "handled"),
        ("out", "group:99871", "麻将部", "", "", "东京 15°C 晴れ", "sent"),
        ("in", "private:10002", "", "10002", "Tanaka", "天气 上海", "handled"),
        ("out", "private:10002", "Tanaka", "", "", "上海 17°C 小雨", "sent"),
        ("in", "group:777", "ops", "10009", "ann", "/deploy status", "handled"),
        ("out", "group:777", "ops", "", "", "nothing runs", "failed"),
    )
    return [
        MessageRow(
            id=place + 1,
            direction=direction,
            time_ms=NOW_MS - (6 - place) * 700,
            bot=BotId("qq:10001000"),
            chat=ChatId(chat),
            user=UserId(user),
            text=text,
            execution=ExecutionId(f"0193f000-0000-7000-8000-{place:012d}"),
            outcome=outcome,
            sender=sender,
            chat_name=chat_name,
        )
        for place, (direction, chat, chat_name, user, sender, text, outcome) in enumerate(said)
    ]


class FakeControl:
    """`ports.Control` without an engine. `answers` by request type; `calls` is what was asked, in order."""

    def __init__(self, *, bots: Sequence[BotRow] | None = None, notices: Sequence[Notice] = ()) -> None:
        self.bots = list(house() if bots is None else bots)
        self.notices = list(notices)
        self.plugins: list[PluginRow] = []
        self.alerts: list[AlertRow] = []
        self.processes = [ProcessRow("box", "all", "serving", 1, 5, 0, 0.0, 0.0, 412.0, "0.9.0", duty=True)]
        self.audit: list[AuditRow] = []
        self.calls: list[msgspec.Struct] = []
        self.away = False
        self.closed = False
        self._feeds: list[asyncio.Queue[Feed | None]] = []
        self.attached = asyncio.Event()
        self.answers: dict[type, Answer] = {
            ListBots: lambda _: list(self.bots),
            ListPlugins: lambda _: list(self.plugins),
            Pulses: lambda request: [pulse(second) for second in range(-request.seconds, 0)],
            Notices: lambda _: list(self.notices),
            Connect: lambda _: Connection("ws://127.0.0.1:3001/onebot/v11/ws", "k4g-7f2Q9xLmT3vWbN8sRzE1"),
            Disconnect: lambda _: None,
            Stop: lambda _: None,
            ListMessages: lambda request: messages()[-request.limit :],
            Window: lambda _: Windowed([], 0, 0, {}),
            At: lambda _: 0,
            Histogram: lambda request: Counted(0, 0, [{}] * request.buckets, whole=True),
            Me: lambda _: Identity("console", "console", ["*"], ""),
            ListChats: lambda _: [],
            ListTraces: lambda _: [],
            ListRoutes: lambda _: RouteList(1, []),
            ListWorkers: lambda _: [],
            ListGuard: lambda _: [],
            ListSettings: lambda _: [],
            BotKinds: lambda _: [],
            ListAlerts: lambda _: list(self.alerts),
            ListNodes: lambda _: list(self.processes),
            ListAudit: lambda _: list(self.audit),
        }

    async def call(self, request: msgspec.Struct) -> Any:
        if self.away:
            raise EngineAway(address="the fake socket")
        self.calls.append(request)
        if type(request) not in self.answers:
            raise NotFound(what="operation", name=type(request).__name__)  # as an engine of another version says
        answer = self.answers[type(request)](request)
        return await answer if asyncio.iscoroutine(answer) else answer

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        if self.away:
            raise EngineAway(address="the fake socket")
        queue: asyncio.Queue[Feed | None] = asyncio.Queue()
        self._feeds.append(queue)
        self.attached.set()
        try:
            yield Feed("pulse", pulse())
            while (item := await queue.get()) is not None:
                if item.topic in topics:
                    yield item
        finally:
            self._feeds.remove(queue)
        raise EngineAway(address="the fake socket")

    async def close(self) -> None:
        self.closed = True

    def push(self, topic: str, value: Any) -> None:
        """Say something to every open feed."""
        for queue in self._feeds:
            queue.put_nowait(Feed(topic, value))

    def lose(self) -> None:
        """The engine is gone: feeds end, calls fail."""
        self.away = True
        self.attached.clear()
        for queue in self._feeds:
            queue.put_nowait(None)

    def asked(self, kind: type) -> list[Any]:
        """The calls of one type so far."""
        return [each for each in self.calls if isinstance(each, kind)]
