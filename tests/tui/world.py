"""An engine made of values that has something in every place: log lines, chats, messages, traces and dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from kagami.errors import NotFound
from kagami.log import LEVELS, LogLine, Ring
from kagami.model import message
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, execution_id
from kagami.model.trace import Mark, Outcome, Trace
from kagami.operations.logs import Window, Windowed, matcher
from kagami.operations.messages import ListChats, ListDead, ListMessages, Replay, Say, Search
from kagami.operations.traces import GetTrace, ListTraces, Traced
from kagami.ports import ChatRow, MessageRow, Open
from tests.tui.engine import NOW_MS, FakeControl

BOT = BotId("qq:10001000")
SANDBOX = BotId("sandbox:1")
INFO, WARNING, ERROR, DEBUG = LEVELS["info"], LEVELS["warning"], LEVELS["error"], LEVELS["debug"]


def execution(number: int) -> ExecutionId:
    return execution_id(NOW_MS, number * 0x9E3779B97F4A7C15 & (1 << 74) - 1)


def line(seq: int, text: str, *, level: int = INFO, source: str = "hub", time_ms: int = 0, **fields: str) -> LogLine:
    return LogLine(seq, time_ms or NOW_MS + seq * 10, level, source, text, fields)


def message_row(number: int, direction: Any, text: str, **values: Any) -> MessageRow:
    given: dict[str, Any] = {
        "time_ms": NOW_MS + number * 1_000,
        "bot": BOT,
        "chat": ChatId("group:123456"),
        "user": UserId("10001"),
        "execution": execution(number),
        "outcome": "handled" if direction == "in" else "sent",
        "sender": "小明" if direction == "in" else "",
        "chat_name": "天气群",
    } | values
    return MessageRow(number, direction, text=text, **given)


def trace_of(number: int, text: str, outcome: Outcome = "handled", **values: Any) -> Trace:
    marks = (
        Mark("lane", 180),
        Mark("route", 310, "builtin: no rule matched"),
        Mark("send", 45_200),
        Mark("receipt", 48_400, "sent"),
    )
    given: dict[str, Any] = {
        "bot": BOT,
        "chat": ChatId("group:123456"),
        "user": UserId("10001"),
        "started_ms": NOW_MS + number * 1_000,
        "total_us": 48_900,
        "marks": marks,
        "plugin": "weather@1.4.0",
        "text": text,
    } | values
    return Trace(execution=execution(number), outcome=outcome, **given)


def dead_of(number: int, text: str, error: str, name: str = "阿花") -> Open:
    event = Event(
        execution(number), BOT, "message", "group", ChatId("group:99871"), UserId("10002"), NOW_MS + number * 1_000,
        str(number), message.text(text), sender=Sender(name),
    )  # fmt: skip
    return Open(event, NOW_MS, 5, error=error)


class World(FakeControl):
    """Everything is public and may be changed by a test; answers follow at once."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(100_000)
        self.messages: list[MessageRow] = []
        self.traces: list[Trace] = []
        self.dead: list[Open] = []
        self.untraced = False  # traces are not written yet
        self.answers |= {
            Window: self._window,
            ListChats: self._chats,
            ListMessages: self._listed,
            Search: self._search,
            ListDead: lambda _: list(self.dead),
            Replay: self._replay,
            Say: self._say,
            ListTraces: self._traces,
            GetTrace: self._trace,
        }

    def log(self, lines: Iterable[LogLine]) -> None:
        """Put lines into the ring as they are."""
        for each in lines:
            self.ring._lines.append(each)
            self.ring.counts[each.level] = self.ring.counts.get(each.level, 0) + 1

    def _window(self, request: Window) -> Windowed:
        wanted = matcher(LEVELS[request.level], request.filter)
        if request.after:
            lines = self.ring.since(wanted=wanted, after=request.after, limit=request.limit)
        else:
            lines = self.ring.window(wanted=wanted, before=request.before, limit=request.limit)
        counts = {name: self.ring.counts.get(number, 0) for name, number in LEVELS.items()}
        return Windowed(lines, self.ring.kept, self.ring.newest, counts)

    def _chats(self, request: ListChats) -> list[ChatRow]:
        rows: dict[str, ChatRow] = {}
        for each in self.messages:
            rows.pop(f"{each.bot}|{each.chat}", None)
            rows[f"{each.bot}|{each.chat}"] = ChatRow(
                each.bot, each.chat, each.chat_name, each.time_ms, each.text, each.sender or each.user, 1
            )
        return [row for row in reversed(rows.values()) if request.contains in row.chat_name + row.chat]

    def _listed(self, request: ListMessages) -> list[MessageRow]:
        rows = [each for each in self.messages if request.bot in {"", each.bot} and request.chat in {"", each.chat}]
        return rows[-request.limit :]

    def _search(self, request: Search) -> list[MessageRow]:
        return [each for each in reversed(self.messages) if request.text in each.text][: request.limit]

    def _replay(self, request: Replay) -> None:
        self.dead = [each for each in self.dead if each.event.execution != request.execution]

    def _say(self, request: Say) -> ExecutionId:
        number = 500 + len(self.messages)
        place: dict[str, Any] = {"bot": SANDBOX, "chat": ChatId(request.chat), "user": UserId(request.user)}
        came = message_row(number, "in", request.text, sender=request.name, chat_name="", **place)
        answer = message_row(
            number + 1, "out", f"echo: {request.text}", execution=came.execution, chat_name="", **place
        )
        self.messages += [came, answer]
        marks = (Mark("lane", 90), Mark("route", 140), Mark("send", 700), Mark("receipt", 1_100, "sent"))
        self.traces.append(trace_of(number, request.text, plugin="echo@1.0.0", total_us=1_204, marks=marks, **place))
        return came.execution

    def _traces(self, request: ListTraces) -> list[Trace]:
        found = [
            each
            for each in reversed(self.traces)
            if request.outcome in {"", each.outcome} and each.total_us >= request.slower_us
        ]
        return found[: request.limit]

    def _trace(self, request: GetTrace) -> Traced:
        for each in [] if self.untraced else self.traces:
            if each.execution == request.execution:
                sends = [row for row in self.messages if row.execution == each.execution and row.direction == "out"]
                return Traced(each, sends)
        raise NotFound(what="trace", name=request.execution)


def busy_world() -> World:
    """What the mock-ups of the design show."""
    world = World()
    world.log(_log_lines())
    world.messages = [
        message_row(1, "in", "/weather 北京"),
        message_row(2, "out", "北京 12°C 多云", execution=execution(1), message_id="8812"),
        message_row(3, "in", "天气 上海", bot=BotId("qq:10002000"), chat=ChatId("private:10002"), sender="Tanaka",
                    chat_name=""),
        message_row(4, "out", "上海 17°C 小雨", bot=BotId("qq:10002000"), chat=ChatId("private:10002"), chat_name=""),
        message_row(5, "in", "/roll 3d6", chat=ChatId("group:99871"), chat_name="麻将部", sender="阿花"),
        message_row(6, "out", "3d6 → 4+2+6 = 12", chat=ChatId("group:99871"), chat_name="麻将部"),
        message_row(7, "in", "/roll 100d100", chat=ChatId("group:99871"), chat_name="麻将部", sender="阿花"),
        message_row(8, "out", "100 dice is a lot. Roll anyway? (y/n)", chat=ChatId("group:99871"), chat_name="麻将部",
                    outcome="unknown", reason="no answer within 10 s"),
        message_row(9, "in", "y", chat=ChatId("group:99871"), chat_name="麻将部", sender="阿花", outcome="answer"),
    ]  # fmt: skip
    world.traces = [
        trace_of(1, "/weather 北京"),
        trace_of(3, "天气 上海", bot=BotId("qq:10002000"), chat=ChatId("private:10002"), total_us=41_020),
        trace_of(5, "/roll 3d6", chat=ChatId("group:99871"), plugin="dice@0.9.0", total_us=1_204),
        trace_of(6, "今天天气真好", "ignored", plugin="", total_us=320, marks=(Mark("lane", 150), Mark("route", 290))),
        trace_of(
            7, "/song 夜曲", "dead", plugin="music@1.1.4", error="TimeoutError: upstream > 800 ms", total_us=812_440
        ),
    ]
    world.dead = [dead_of(7, "/song 夜曲", "TimeoutError: upstream > 800 ms")]
    return world


def _log_lines() -> list[LogLine]:
    said: Sequence[tuple[int, str, str, dict[str, str]]] = (
        (INFO, "shiori", "recv", {"chat": "group:123456", "user": "小明", "text": "/weather 北京"}),
        (DEBUG, "route", "rule 4 'weather' matched", {"us": "2"}),
        (INFO, "weather", "GET api/now?q=北京", {"version": "1.4.0"}),
        (INFO, "weather", "reply “北京 12°C 多云”", {"ms": "45"}),
        (INFO, "shiori", "sent", {"chat": "group:123456", "message": "8812"}),
        (WARNING, "weather", "retry 1/3", {"upstream": "504"}),
        (ERROR, "weather", "TimeoutError: upstream > 800 ms", {
            "execution": execution(7), "plugin": "weather@1.4.0", "bot": "qq:10001000",
            "traceback": 'Traceback (most recent call last):\n  File "weather/main.py", line 31, in on_cmd\n'
            '    data = await now(city)\n  File "weather/api.py", line 88, in now\n    r = await http.get(url,\n'
            "        timeout=0.8)\nTimeoutError: upstream > 800 ms",
        }),
        (INFO, "小镜", "recv", {"chat": "private:10002", "text": "天气 上海"}),
    )  # fmt: skip
    return [
        LogLine(seq, NOW_MS + seq * 97, level, source, text, fields)
        for seq in range(1, 401)
        for level, source, text, fields in [said[seq % len(said)]]
    ]


async def feeding(world: World, per_second: int) -> None:
    """Keep writing log lines, in blocks of a hundredth of a second."""
    seq = world.ring.newest
    while True:
        count = max(1, per_second // 100)
        world.log(line(seq + each, f"recv message {seq + each} 天气 北京") for each in range(1, count + 1))
        seq += count
        await asyncio.sleep(0.01)
