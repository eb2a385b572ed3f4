"""An engine with settings, people, tokens, sessions and backups, all of it values that a test may change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from textual.pilot import Pilot

from kagami.core.privacy.span import Span
from kagami.operations.audit import ListAudit
from kagami.operations.backup import DeleteBackup, ListBackups, MakeBackup, VerifyBackup
from kagami.operations.people import (
    Add,
    Disable,
    Enable,
    EndSession,
    Identity,
    ListPeople,
    ListSessions,
    ListTokens,
    MakeToken,
    Me,
    NewPassword,
    NewToken,
    Remove,
    RevokeToken,
    SetPassword,
    SetRole,
)
from kagami.operations.privacy import Mask, Masked
from kagami.operations.settings import (
    ApplySettings,
    CheckSettings,
    ListSettings,
    ReloadSettings,
    SettingsFile,
    SettingsHistory,
    UndoSettings,
)
from kagami.ports import (
    Applied,
    AppliedKey,
    AuditRow,
    ChangeRow,
    Checked,
    ConfigPlace,
    PersonRow,
    SessionRow,
    SettingChange,
    SettingRow,
    TokenRow,
    Verdict,
)
from kagami.ports.backups import BackupRow
from kagami.tui.app import Console
from kagami.tui.screens.settings import Settings
from kagami.tui.shell import Leave
from tests.tui.engine import NOW_MS, FakeControl
from tests.tui.pilot import Size, press, run_console, settled
from tests.tui.world import World

HOUR = 3_600_000
DAY = 24 * HOUR
RESULTS: dict[str, Any] = {"live": "applied", "reopen": "reopened", "restart": "restart needed"}


def row(key: str, kind: Any, value: Any, default: Any, text: str, effect: Any = "live", **values: Any) -> SettingRow:
    group = key.partition(".")[0] if "." in key else "general"
    modified = values.pop("modified", value != default)
    origin = values.pop("origin", "kagami.toml:12" if modified else "default")
    return SettingRow(key, group, kind, text, value, default, origin=origin, effect=effect, modified=modified, **values)


def settings() -> list[SettingRow]:
    """One of every kind, a locked one among them."""
    levels = ("debug", "info", "warning", "error")
    return [
        row("language", "choice", "", "", "Language of everything that Kagami says; empty follows the environment.",
            choices=("", "en", "zh")),
        row("prefix", "text", "/", "/", "What a command begins with in a chat."),
        row("admins", "list", ["qq:10001", "telegram:42"], [],
            "Super admins as platform:user id, such as qq:10001; their # commands may do everything."),
        row("gateway.host", "text", "127.0.0.1", "127.0.0.1",
            "Address on which implementations may connect; 127.0.0.1 is this machine alone.", "reopen"),
        row("gateway.port", "int", 3001, 3001, "Port on which implementations connect; 0 takes any free one.", "reopen",
            least=0, most=65_535, locked="environment WS_PORT", origin="environment WS_PORT", modified=True),
        row("gateway.token", "secret", {"set": True, "changed_at_ms": 0}, None,
            "What an implementation must know to connect; a strong one is generated.", "reopen",
            origin="secrets/gateway_token", modified=False),
        row("gateway.query_token", "bool", False, False,
            "Accept the token in the address too, where proxies may log it.", "reopen"),
        row("hub.running", "int", 200, 64, "How many handlers may run at once.", least=1, most=10_000),
        row("hub.drain", "float", 10.0, 10.0, "Seconds that running handlers have when Kagami stops.", least=0),
        row("hub.retry_after", "list", [5.0, 30.0], [5.0, 30.0], "Seconds before each further try."),
        row("pace.chat_per_second", "float", None, None,
            "Sends a second to one chat; 0 sets no limit, empty is the platform's own.", optional=True, least=0),
        row("privacy.enabled", "bool", True, False,
            "Hide phone numbers, names and the like in logs, traces, exports and what plugins are told."),
        row("privacy.kinds", "list", ["id", "phone"], ["id", "phone", "mail"],
            "What is hidden: id, card, phone, mail, ip, name.", choices=("id", "card", "phone", "mail", "ip", "name")),
        row("privacy.patterns", "table", {}, {},
            "Further expressions that are hidden, by the name that takes their place."),
        row("store.keep_days", "float", 90.0, 90.0,
            "Messages and traces that are older are removed; 0 keeps them for ever.", least=0),
        row("backup.hours", "float", 24.0, 24.0, "Hours from one backup to the next; 0 makes none by itself.", least=0),
        row("backup.keep_newest", "int", 3, 3, "How many of the newest backups are kept.", least=1),
        row("log.level", "choice", "info", "info", "The least serious lines that are kept.", choices=levels),
        row("log.keep_mb", "float", 256.0, 256.0,
            "Megabytes of log files that are kept; 0 keeps lines in memory alone.", "restart", least=0),
    ]  # fmt: skip


def people() -> list[PersonRow]:
    return [
        PersonRow("ann", "admin", ["*"], created_ms=NOW_MS - 90 * DAY, login_ms=NOW_MS - 2 * HOUR),
        PersonRow("bob", "operator", ["*:read", "bots:write"], created_ms=NOW_MS - 9 * DAY),
        PersonRow("小明", "viewer", ["*:read"], disabled=True, created_ms=NOW_MS - DAY),
    ]


class Configured(World):
    """`wrong` are reasons of the engine by key; `applied` and `undone` are what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = {each.key: each for each in settings()}
        self.people = people()
        self.sessions = [SessionRow("s1", "ann", "203.0.113.9", NOW_MS - 3 * HOUR, NOW_MS - 60_000, NOW_MS + DAY)]
        self.tokens = [
            TokenRow("t1", "ci", "ann", ["bots:read", "messages:*"], NOW_MS - DAY, NOW_MS + 30 * DAY, NOW_MS - HOUR),
            TokenRow("t2", "grafana", "", ["*:read"], NOW_MS - DAY),
        ]
        self.backups = [
            BackupRow("kagami-20251121-030000.zip", 41_000_000, NOW_MS - 20 * HOUR, "0.9.0", 7, 120_311, "scheduled"),
            BackupRow("kagami-20251120-030000.zip", 39_000_000, trouble="The hash of kagami.db is another one."),
        ]
        self.history = [
            ChangeRow(2, NOW_MS - HOUR, "person ann", "apply", [SettingChange("hub.running", 100, 200)]),
            ChangeRow(1, NOW_MS - 9 * DAY, "console", "apply", [SettingChange("hub.running", 64, 100)]),
        ]
        self.reveals = [
            AuditRow(9, NOW_MS - DAY, "person", "ann", "203.0.113.9", "messages.reveal", '{"message":41}', "ok")
        ]
        self.wrong: dict[str, str] = {}
        self.scopes = ["*"]
        self.answers |= {
            Me: lambda _: Identity("console", "console", self.scopes, ""),
            ListSettings: lambda _: list(self.settings.values()),
            CheckSettings: self._check,
            ApplySettings: self._apply,
            UndoSettings: lambda _: Applied(3, [AppliedKey("hub.running", "applied")], "v2"),
            ReloadSettings: lambda _: Applied(0, [], "v1"),
            SettingsHistory: self._history,
            SettingsFile: lambda _: ConfigPlace("/srv/kagami/kagami.toml", True, "v1", False),
            ListPeople: lambda _: list(self.people),
            ListSessions: lambda _: list(self.sessions),
            ListTokens: lambda _: list(self.tokens),
            Add: self._add,
            SetRole: lambda _: None,
            SetPassword: lambda request: NewPassword(request.name, "correct horse battery"),
            Disable: lambda request: self._switch(request.name, off=True),
            Enable: lambda request: self._switch(request.name, off=False),
            Remove: self._remove,
            MakeToken: self._make_token,
            RevokeToken: lambda request: self._lose(self.tokens, request.id),
            EndSession: lambda request: self._lose(self.sessions, request.id),
            ListAudit: lambda _: list(self.reveals),
            Mask: lambda request: _masked(request.text),
            ListBackups: lambda _: list(self.backups),
            MakeBackup: self._back_up,
            VerifyBackup: lambda request: next(each for each in self.backups if each.name == request.name),
            DeleteBackup: self._delete_backup,
        }

    def _check(self, request: CheckSettings) -> Verdict:
        checked = [
            Checked(key, key not in self.wrong, self.settings[key].effect, self.wrong.get(key, ""))
            for key in request.changes
        ]
        diff = "--- kagami.toml\n+++ kagami.toml\n@@ -1,3 +1,3 @@\n [hub]\n-running = 200 # many\n+running = 100 # many"
        return Verdict(not self.wrong, checked, diff, "v1")

    def _apply(self, request: ApplySettings) -> Applied:
        keys = []
        for key, value in request.changes.items():
            before = self.settings[key]
            now = before.default if value is None else value
            self.settings[key] = msgspec.structs.replace(before, value=now, modified=value is not None)
            keys.append(AppliedKey(key, RESULTS[before.effect]))
        return Applied(7, keys, "v2")

    def _history(self, request: SettingsHistory) -> list[ChangeRow]:
        return [each for each in self.history if not request.key or each.changes[0].key == request.key]

    def _add(self, request: Add) -> NewPassword:
        self.people.append(PersonRow(request.name, request.role, request.scopes))
        return NewPassword(request.name, "correct horse battery")

    def _switch(self, name: str, *, off: bool) -> None:
        self.people = [
            msgspec.structs.replace(each, disabled=off) if each.name == name else each for each in self.people
        ]

    def _remove(self, request: Remove) -> None:
        self.people = [each for each in self.people if each.name != request.name]

    def _make_token(self, request: MakeToken) -> NewToken:
        made = TokenRow("t9", request.name, "", request.scopes, NOW_MS)
        self.tokens.append(made)
        return NewToken("kgm_0123456789abcdefghijklmnopqrstuvwxyz", made)

    def _lose(self, rows: list[Any], ident: str) -> None:
        rows[:] = [each for each in rows if each.id != ident]

    def _back_up(self, _: MakeBackup) -> BackupRow:
        made = BackupRow("kagami-20251121-234107.zip", 42_000_000, NOW_MS, "0.9.0", 7, 120_400, "asked")
        self.backups.insert(0, made)
        return made

    def _delete_backup(self, request: DeleteBackup) -> None:
        self.backups = [each for each in self.backups if each.name != request.name]


def _masked(text: str) -> Masked:
    """Knows one telephone number."""
    number = "13800138000"
    place = text.find(number)
    found = [Span("phone", place, place + len(number))] if place >= 0 else []
    return Masked(text.replace(number, "[phone-1]"), found)


Opened = tuple[Settings, Console, Pilot[Leave]]


@asynccontextmanager
async def opened(
    control: FakeControl | None = None, size: Size = (80, 24), *, language: str = "en", tab: str = ""
) -> AsyncIterator[Opened]:
    """The settings place; `tab` is the key of one of its tabs."""
    async with run_console(size, language=language, control=control or Configured()) as (console, pilot):
        await press(console, pilot, "9", *([tab] if tab else []))
        place = console.stage.current
        assert isinstance(place, Settings)
        yield place, console, pilot


async def go(place: Settings, console: Console, pilot: Pilot[Leave], key: str) -> None:
    """Mark one setting of the form."""
    assert place.all.open(key)
    await settled(console, pilot)
