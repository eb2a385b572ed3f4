"""An engine made of values whose rules are judged by the real router and whose guard lists by the real lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.pilot import Pilot

from kagami.core.guard import GuardEntry, Lists, sound
from kagami.core.routing import Decision, Judged, Router, Rule
from kagami.errors import Conflict
from kagami.operations.guard import (
    AddGuard,
    Checked,
    CheckGuard,
    GuardRow,
    Imported,
    ImportGuard,
    ListGuard,
    RemoveGuard,
)
from kagami.operations.imagined import imagined
from kagami.operations.routes import (
    Explained,
    ExplainRoute,
    JudgedRow,
    ListRoutes,
    MovedRow,
    ReplaceRoutes,
    RouteList,
    RouteRow,
    Tested,
    TryRoutes,
)
from kagami.operations.settings import ListSettings
from kagami.operations.workers import (
    AddWorker,
    Drain,
    EditWorker,
    ListWorkers,
    RemoveWorker,
    Resume,
    WeighWorker,
    WorkerConnection,
    WorkerForm,
)
from kagami.ports import Applied, BotKind, Connection, FeedRow, SettingRow, WorkerRow
from kagami.tui.app import Console
from kagami.tui.shell import Leave
from tests.tui.engine import NOW_MS
from tests.tui.pilot import settled
from tests.tui.world import World, busy_world

AWAY = ("ocr",)
GATEWAY = "ws://127.0.0.1:3001/"
RULES = (
    Rule("text:/help*", "plugin:help"),
    Rule("user:10066", "drop", note="sells things"),
    Rule("chat:group:777 & text:/deploy*", "ops-1", exclusive=True),
    Rule("text:/weather*", "plugin:weather"),
    Rule("text:/song*", "plugin:music", enabled=False),
    Rule("platform:qq & chat:private:*", "ai"),
    Rule("text:*图片*", "ocr"),
    Rule("platform:wechat", "plugins"),
)
HITS = (41, 3, 12, 412, 0, 87, 12, 9_120)
WORKERS = (
    WorkerRow("plugins", "live"),
    WorkerRow("ai-1", "live", "ai", 1.0, 14, 2, 8_120, 3, 812.0),
    WorkerRow("ai-2", "drained", "ai", 2.0, 6, 0, 4_022, 0, 640.0),
    WorkerRow("ops-1", "live", chats=1, handled=77, mean_ms=12.0),
    WorkerRow("ocr", "away"),
    WorkerRow(
        "nonebot",
        "live",
        chats=3,
        busy=1,
        handled=9_120,
        mean_ms=240.0,
        feed=FeedRow("in", ("127.0.0.1:50312", "127.0.0.1:50314"), cursor=88_120, behind_s=12.4, late=214),
    ),
    WorkerRow(
        "koishi",
        "away",
        mean_ms=88.0,
        feed=FeedRow(
            "out",
            reason="connection refused by 127.0.0.1:5140: is the application running?",
            late=12,
            cursor=88_001,
            skipped=3,
        ),
    ),
)
TABLES: tuple[dict[str, Any], ...] = (
    {"name": "nonebot", "url": "", "token": {"set": True}, "bots": [], "chats": ["group:*"], "enabled": True},
    {"name": "koishi", "url": "ws://127.0.0.1:5140/onebot", "token": {"set": True}, "bots": ["qq:*"], "enabled": True},
)
FORM = BotKind(
    "application",
    [
        SettingRow("name", "workers", "text", "What rules, lists and logs call the worker."),
        SettingRow("token", "workers", "secret", "What the application must know to connect.", default={"set": False}),
        SettingRow("url", "workers", "text", "WebSocket address of an application to which Kagami connects."),
        SettingRow("bots", "workers", "list", "Bots whose events it gets; empty is all.", default=[]),
        SettingRow("enabled", "workers", "bool", "Whether it may connect and gets events.", default=True),
    ],
    ("name",),
)
SECRET = "9f2c61d0b7e84a53"
GUARD = (
    GuardEntry("user", "qq:10066", until_ms=NOW_MS + 86_400_000, note="spam"),
    GuardEntry("word", "敏感词", action="warn"),
    GuardEntry("link", "example.com", where="chat:group:777"),
    GuardEntry("user", "qq:10001", act="allow"),
)


async def typed(console: Console, pilot: Pilot[Leave], *keys: str) -> None:
    """Press keys as fast as a person who knows the way; what they do is waited for once."""
    await pilot.press(*keys)
    await settled(console, pilot)


def live(target: str) -> bool:
    return target not in AWAY


class Routed(World):
    """`rules`, `version`, `workers` and `entries` are what it has; `busy` fills the other places too."""

    def __init__(self, rules: Sequence[Rule] = RULES, *, busy: bool = False) -> None:
        super().__init__()
        if busy:
            full = busy_world()
            self.messages, self.traces, self.dead, self.ring = full.messages, full.traces, full.dead, full.ring
        self.rules = list(rules)
        self.version = 7
        self.workers = {row.name: row for row in WORKERS}
        self.tables = {table["name"]: dict(table) for table in TABLES}
        self.entries = {entry.key: entry for entry in GUARD}
        self.answers |= {
            ListRoutes: lambda _: self.route_list(),
            ReplaceRoutes: self._replace,
            ExplainRoute: self._explain,
            TryRoutes: self._test,
            ListWorkers: lambda _: list(self.workers.values()),
            Drain: lambda request: self._wish(request.worker, state="drained"),
            Resume: lambda request: self._wish(request.worker, state="live"),
            WeighWorker: lambda request: self._wish(request.worker, weight=request.weight),
            WorkerForm: lambda _: FORM,
            WorkerConnection: lambda request: Connection(
                self.tables.get(request.worker, TABLES[0])["url"] or GATEWAY, SECRET
            ),
            AddWorker: lambda _: Applied(1, [], "v"),
            EditWorker: self._edit_worker,
            RemoveWorker: self._remove_worker,
            ListSettings: lambda _: [SettingRow("workers", "workers", "table", "", value=list(self.tables.values()))],
            ListGuard: lambda request: [row(each) for each in self.entries.values() if request.contains in each.value],
            AddGuard: self._add,
            RemoveGuard: self._remove,
            ImportGuard: self._import,
            CheckGuard: self.guard_check,
        }

    def route_list(self) -> RouteList:
        rows = [
            RouteRow(
                number, rule.match, rule.to, rule.exclusive, rule.enabled, rule.note, hits, NOW_MS - number * 61_000
            )
            if (hits := dict(zip(RULES, HITS, strict=True)).get(rule, 0))
            else RouteRow(number, rule.match, rule.to, rule.exclusive, rule.enabled, rule.note)
            for number, rule in enumerate(self.rules, 1)
        ]
        return RouteList(self.version, rows)

    def _replace(self, request: ReplaceRoutes) -> RouteList:
        if request.version != self.version:
            raise Conflict(reason="The rules were changed meanwhile. Read them again.")
        self.rules, self.version = list(request.rules), self.version + 1
        return self.route_list()

    def judged(self, request: ExplainRoute) -> tuple[Decision, list[Judged]]:
        """By the real router."""
        event = imagined(
            user=request.user, chat=request.chat, bot=request.bot, platform=request.platform, text=request.text
        )
        return Router(request.rules if request.unsaved else self.rules).explain(event, live)

    def _explain(self, request: ExplainRoute) -> Explained:
        decision, judged = self.judged(request)
        checked = self.guard_check(CheckGuard(request.text, request.user, request.chat, request.bot, request.platform))
        takers = (
            [] if decision.to in ("", "drop") else ["weather", "echo"] if decision.to == "plugins" else [decision.to]
        )
        rows = [JudgedRow(each.number, each.rule.match, each.rule.to, each.verdict, each.reason) for each in judged]
        return Explained(decision.to, decision.number, decision.reason, takers, rows, checked.reason)

    def _test(self, request: TryRoutes) -> Tested:
        came = [each for each in self.messages[-request.last :] if each.direction == "in"]
        moved = []
        for each in came:
            event = imagined(user=each.user, chat=each.chat, bot=each.bot, platform="", text=each.text)
            before, after = Router(self.rules).decide(event, live), Router(request.rules).decide(event, live)
            if before.to != after.to:
                moved.append(
                    MovedRow(each.execution, each.time_ms, each.bot, each.chat, each.user, each.text, before.to,
                             before.number, after.to, after.number)
                )  # fmt: skip
        return Tested(len(came), moved)

    def _wish(self, worker: str, **changes: object) -> None:
        old = self.workers[worker]
        values = {name: getattr(old, name) for name in old.__struct_fields__}
        self.workers[worker] = WorkerRow(**values | changes)

    def _edit_worker(self, request: EditWorker) -> Applied:
        changed = {name: True if value is None else value for name, value in request.given().items()}
        self.tables[request.worker] |= changed
        return Applied(1, [], "v")

    def _remove_worker(self, request: RemoveWorker) -> Applied:
        del self.tables[request.worker], self.workers[request.worker]
        return Applied(1, [], "v")

    def _add(self, request: AddGuard) -> GuardRow:
        until_ms = NOW_MS + int(request.hours * 3_600_000) if request.hours else 0
        entry = sound(
            GuardEntry(request.kind, request.value, request.act, request.action, request.where, until_ms, request.note)
        )
        self.entries[entry.key] = entry
        return row(entry)

    def _remove(self, request: RemoveGuard) -> None:
        del self.entries[GuardEntry(request.kind, request.value, where=request.where).key]

    def _import(self, request: ImportGuard) -> Imported:
        refused = []
        for value in request.lines.splitlines():
            try:
                entry = sound(GuardEntry(request.kind, value, request.act, request.action, request.where))
            except ValueError as error:
                refused.append((value, str(error)))
            else:
                self.entries[entry.key] = entry
        return Imported(len(request.lines.splitlines()) - len(refused), 0, refused)

    def guard_check(self, request: CheckGuard) -> Checked:
        event = imagined(
            user=request.user, chat=request.chat, bot=request.bot, platform=request.platform, text=request.text
        )
        caught = Lists(self.entries.values()).judge(event, NOW_MS)
        return Checked(True, caught.reason, row(caught.entry)) if caught else Checked(False)


def row(entry: GuardEntry) -> GuardRow:
    return GuardRow(entry.kind, entry.value, entry.act, entry.action, entry.where, entry.until_ms, entry.note)
