"""An engine made of values that has something in every place: log lines, chats, messages, traces and dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kagami.core.chain import Verdict
from kagami.errors import NotFound
from kagami.log import LEVELS, LogLine, Ring, json_line, text_line
from kagami.logwords import matcher
from kagami.model import message
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, execution_id
from kagami.model.trace import Mark, Outcome, Trace
from kagami.operations.audit import ExportAudit, ListAudit, VerifyAudit
from kagami.operations.audit import Exported as AuditExported
from kagami.operations.logs import At, Counted, Export, Exported, Histogram, Window, Windowed
from kagami.operations.messages import DropDead, ListChats, ListDead, ListMessages, Replay, Say, Search
from kagami.operations.people import ListOperators
from kagami.operations.plugins import EndDialog, ListChoices, ListDialogs
from kagami.operations.sending import DeleteMessage, Done, Resend, SendMessage
from kagami.operations.traces import Exported as TracesExported
from kagami.operations.traces import ExportTraces, GetTrace, ListTraces, Traced
from kagami.operations.trying import TryMessage
from kagami.ports import AuditRow, ChatChoice, ChatRow, Deed, DialogRow, MessageRow, Open, OperatorRow, Tried
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
        Mark("frame", 120),
        Mark("lane", 180),
        Mark("guard", 240),
        Mark("route", 310, "rule 4 'weather'"),
        Mark("plugin", 330, "weather@1.4.0: canary 12.50 < 25"),
        Mark("send", 45_200),
        Mark("commit", 46_100),
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


def audit_row(seq: int, operation: str, target: dict[str, Any], **values: Any) -> AuditRow:
    given: dict[str, Any] = {"kind": "person", "name": "bob", "address": "192.0.2.7", "result": "ok"} | values
    return AuditRow(
        seq, NOW_MS + (seq - 320) * 60_000, operation=operation, target=msgspec.json.encode(target).decode(), **given
    )


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
        self.verdict = Verdict(ok=True, rows=318, first=1, last=318, anchors=2)
        self.dialogs: list[DialogRow] = []
        self.choices: list[ChatChoice] = []
        self.operators: list[OperatorRow] = []
        self.untraced = False  # traces are not written yet
        self.answers |= {
            Window: self._window,
            At: self._at,
            Histogram: self._histogram,
            Export: self._export,
            ListChats: self._chats,
            ListMessages: self._listed,
            Search: self._search,
            ListDead: lambda _: list(self.dead),
            Replay: self._replay,
            DropDead: self._drop,
            TryMessage: self._try,
            ListDialogs: lambda _: list(self.dialogs),
            EndDialog: self._end_dialog,
            ListChoices: lambda _: list(self.choices),
            ListOperators: lambda _: list(self.operators),
            SendMessage: lambda _: Done(execution(900), "sent", "8812"),
            Resend: lambda _: Done(execution(901), "unknown", reason="no answer"),
            DeleteMessage: lambda _: Done(execution(902), "failed", reason="too old"),
            Say: self._say,
            ListTraces: self._traces,
            ExportTraces: self._traces_exported,
            ListAudit: self._audit,
            VerifyAudit: lambda _: self.verdict,
            ExportAudit: lambda request: AuditExported(
                f"{len(self.audit)} rows as {request.format}\n", len(self.audit), 0
            ),
            GetTrace: self._trace,
        }

    def log(self, lines: Iterable[LogLine]) -> None:
        """Put lines into the ring as they are."""
        for each in lines:
            self.ring._lines.append(each)
            self.ring.counts[each.level] = self.ring.counts.get(each.level, 0) + 1

    def _at(self, request: At) -> int:
        lines = self.ring.lines()
        return next((each.seq for each in lines if each.time_ms >= request.time_ms), self.ring.newest)

    def _window(self, request: Window) -> Windowed:
        wanted = matcher(LEVELS[request.level], request.filter)
        if request.after:
            lines = self.ring.since(wanted=wanted, after=request.after, limit=request.limit)
        else:
            lines = self.ring.window(wanted=wanted, before=request.before, limit=request.limit)
        counts = {name: self.ring.counts.get(number, 0) for name, number in LEVELS.items()}
        return Windowed(lines, self.ring.kept, self.ring.newest, counts)

    def _histogram(self, request: Histogram) -> Counted:
        parts: list[dict[str, int]] = [{} for _ in range(request.buckets)]
        wanted, names = (
            matcher(LEVELS[request.level], request.filter),
            {number: name for name, number in LEVELS.items()},
        )
        for each in self.ring.lines():
            if request.since_ms <= each.time_ms < request.until_ms and wanted(each):
                part = parts[
                    (each.time_ms - request.since_ms) * request.buckets // (request.until_ms - request.since_ms)
                ]
                part[names[each.level]] = part.get(names[each.level], 0) + 1
        return Counted(request.since_ms, request.until_ms, parts, whole=True)

    def _export(self, request: Export) -> Exported:
        wanted, shape = (
            matcher(LEVELS[request.level], request.filter),
            json_line if request.form == "jsonl" else text_line,
        )
        lines = self.ring.since(wanted=wanted, after=request.after, limit=request.limit)
        return Exported(
            "".join(f"{shape(each)}\n" for each in lines), lines[-1].seq if lines else 0, len(lines) < request.limit
        )

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

    def _drop(self, request: DropDead) -> None:
        self.dead = [each for each in self.dead if each.event.execution != request.execution]

    def _end_dialog(self, request: EndDialog) -> DialogRow:
        found = next(each for each in self.dialogs if (each.chat, each.user) == (request.chat, request.user))
        self.dialogs.remove(found)
        return found

    def _try(self, request: TryMessage) -> Tried:
        """`/ask` asks until it is answered; the version 1.4.0 says something else."""
        marks = (
            Mark("version", 4, "com.example.weather@1.3.2: stable"),
            Mark("plugin", 90, "com.example.weather@1.3.2"),
            Mark("send", 38_900),
        )
        if request.text == "/ask" and not request.answers:
            return Tried(
                "asks", "com.example.weather@1.3.2", 300, marks, (Deed("send", "how many?", "sandbox:local", 200),)
            )
        said = f"would say: {request.answers[-1] if request.answers else request.text or request.event}"
        newer = request.version == "1.4.0"
        deeds = [Deed("http", "GET https://api.example.com/now", "not sent", 4_000)]
        deeds += [Deed("send", said + ("!" if newer else ""), f"{request.bot} {request.chat}", 38_950)]
        deeds += [Deed("store", "weather n", "1", 39_000)] * newer
        version = request.version or "1.3.2"
        return Tried(
            "handled", f"com.example.weather@{version}", 39_000, marks, tuple(deeds), number=4, reason="text ^/weather"
        )

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
            if request.outcome in {"", each.outcome}
            and each.total_us >= request.slower_us
            and request.since_ms <= each.started_ms < (request.before_ms or 1 << 60)
            and request.chat in {"", each.chat, each.chat.partition(":")[2]}
            and request.user in {"", each.user}
            and request.bot in {"", each.bot}
            and (request.text in each.text or request.text in each.error)
            and request.execution in each.execution
            and (not request.before or each.execution < request.before)
        ]
        return found[: request.limit]

    def _traces_exported(self, request: ExportTraces) -> TracesExported:
        rows = self._traces(request)
        text = "".join(msgspec.json.encode(each).decode() + "\n" for each in rows)
        return TracesExported(text, len(rows), rows[-1].execution if len(rows) == request.limit else "")

    def _audit(self, request: ListAudit) -> list[AuditRow]:
        found = [
            each
            for each in reversed(self.audit)
            if request.who in {"", each.name, each.kind, f"{each.kind}:{each.name}"}
            and each.operation.startswith(request.operation)
            and each.result.startswith(request.result)
            and request.text in each.operation + each.target
            and each.at_ms <= (request.until_ms or 1 << 60)
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
        trace_of(
            6,
            "今天天气真好",
            "ignored",
            plugin="",
            total_us=320,
            marks=(Mark("frame", 80), Mark("lane", 150), Mark("guard", 200), Mark("route", 290, "no rules")),
        ),
        trace_of(
            7, "/song 夜曲", "dead", plugin="music@1.1.4", error="TimeoutError: upstream > 800 ms", total_us=812_440
        ),
    ]
    world.audit = [
        audit_row(314, "plugins.weigh", {"plugin": "weather", "weight": 10}, name="ann"),
        audit_row(315, "bots.connect", {"bot": "qq:10001000"}, kind="console", name="console", address=""),
        audit_row(316, "plugins.weigh", {"plugin": "weather", "weight": 25}, name="ann"),
        audit_row(317, "guard.add", {"kind": "word", "value": "广告"}, kind="token", name="ci", result="denied"),
        audit_row(318, "settings.set", {"key": "pace.account_per_second", "value": -1}, result="refused: setting"),
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
