"""The settings, as operators see and change them while everything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from kagami.model.ability import Ability
from kagami.model.principal import Principal
from kagami.ports.login import Login

SettingKind = Literal["bool", "int", "float", "text", "secret", "choice", "list", "table"]
# live: at once; reopen: only what it concerns is opened anew; restart: when the engine starts the next time.
Effect = Literal["live", "reopen", "restart"]


class SettingRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key of the configuration. `text` is English and a translation key, `key` is dotted (`bots.0.url`).

    The value of a secret is `{"set": bool, "changed_at_ms": int}`. `locked` says what gives a value that the file
    cannot change: the name of a variable. `above` is a bound that is itself too little.
    """

    key: str
    group: str
    kind: SettingKind
    text: str
    value: Any = None
    default: Any = None
    origin: str = "default"
    effect: Effect = "restart"
    modified: bool = False
    locked: str = ""
    least: float | None = None
    above: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


class Checked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What would come of one change; `error` names the fix."""

    key: str
    ok: bool
    effect: Effect
    error: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """`diff` is of the file, in the unified format, with secrets hidden. `version` is that of the file as it is."""

    ok: bool
    changes: list[Checked]
    diff: str
    version: str


class AppliedKey(msgspec.Struct, frozen=True):
    """What became of a changed key."""

    key: str
    result: Literal["applied", "reopened", "restart needed"]


class Applied(msgspec.Struct, frozen=True):
    """`change` is its number in the history, 0 when nothing was changed."""

    change: int
    keys: list[AppliedKey]
    version: str


class SettingChange(msgspec.Struct, frozen=True):
    """Before and after are hidden for secrets, as in `SettingRow.value`."""

    key: str
    before: Any
    after: Any


class ChangeRow(msgspec.Struct, frozen=True):
    """One change of the file. `act` is what was done: `apply`, `undo`, `bots.add` … or `edited` by hand."""

    id: int
    at_ms: int
    who: str
    act: str
    changes: list[SettingChange]
    undone: bool = False


class ConfigPlace(msgspec.Struct, frozen=True):
    """`edited`: somebody has changed the file since it was read. `version` is that of the file as it is."""

    path: str
    exists: bool
    version: str
    edited: bool


class Finding(msgspec.Struct, frozen=True):
    """What looking for mistakes found of one thing; `fix` is what to do, empty when nothing is to be done."""

    state: Literal["ok", "warn", "bad"]
    subject: str
    text: str
    fix: str = ""


class BotKind(msgspec.Struct, frozen=True):
    """A kind of `[[bots]]`, or what `[[workers]]` are, with its keys; a required one has no default."""

    kind: str
    keys: list[SettingRow]
    required: tuple[str, ...]


class Standing(msgspec.Struct, frozen=True):
    """A folder that runs an implementation beside Kagami: `command` starts it, `bot` is its table's name."""

    folder: str
    command: str
    bot: str


class Connection(msgspec.Struct, frozen=True):
    """What an operator pastes into an implementation, or an application."""

    url: str
    token: str


class Centre(Protocol):
    """Every change is checked whole, written atomically, applied, and kept in a history; else nothing changes.

    `SettingError` for what is refused, `Conflict` when the file was changed meanwhile.
    """

    def rows(self) -> list[SettingRow]: ...

    async def check(self, changes: Mapping[str, Any]) -> Verdict:
        """What `apply` would do. None gives a key back to its default."""
        ...

    async def apply(
        self, who: Principal, changes: Mapping[str, Any], *, version: str = "", act: str = "apply"
    ) -> Applied:
        """`version` is that of the file for which the changes were meant; empty: the one that was read last."""
        ...

    async def history(self, key: str = "") -> list[ChangeRow]:
        """The newest first; of one key or of everything below it, when it is given."""
        ...

    async def undo(self, who: Principal, change: int = 0) -> Applied:
        """The file as it was before that change (0: the last one), byte for byte."""
        ...

    async def reload(self, who: Principal) -> Applied:
        """Read a file that was edited by hand."""
        ...

    async def place(self) -> ConfigPlace: ...


class Applications(Protocol):
    """The tables of `[[workers]]`, each by its name; `NotFound` for an unknown one."""

    def kind(self) -> BotKind:
        """Their keys."""
        ...

    async def add(self, who: Principal, keys: Mapping[str, Any]) -> Applied:
        """With dotted keys. One that connects to the gateway gets a token where none is given."""
        ...

    async def edit(self, who: Principal, worker: str, keys: Mapping[str, Any]) -> Applied:
        """Only its connections are opened anew, where that is needed at all."""
        ...

    async def remove(self, who: Principal, worker: str) -> Applied: ...

    def connection(self, worker: str) -> Connection:
        """Where it and Kagami meet, and the token that both know."""
        ...


class Accounts(Protocol):
    """The tables of `[[bots]]`, each by its name or the id of the account that it brought.

    `NotFound` for an unknown one, `Refused` for one that connects by itself.
    """

    def kinds(self) -> list[BotKind]: ...

    async def add(self, who: Principal, keys: Mapping[str, Any]) -> Applied:
        """With `kind` and dotted keys; it is connected at once."""
        ...

    async def edit(self, who: Principal, bot: str, keys: Mapping[str, Any], *, act: str = "bots.edit") -> Applied:
        """Only this connection is opened anew, where that is needed at all."""
        ...

    async def remove(self, who: Principal, bot: str) -> Applied: ...

    async def stand(self, who: Principal) -> Standing:
        """Write a folder that runs NapCat on this machine, and add its bot. `Conflict` when there is one already."""
        ...

    async def test(self, bot: str = "", keys: Mapping[str, Any] | None = None) -> Sequence[Finding]:
        """Try a bot from outside, step after step: a configured one, or one with these keys."""
        ...

    async def reconnect(self, bot: str) -> None: ...

    def abilities(self, kind: str) -> tuple[Ability, ...]:
        """What a kind of bots can do; `NotFound` for an unknown one."""
        ...

    def login(self, bot: str) -> Login:
        """The login of a configured bot, begun when none is under way; `Refused` for a kind that has none."""
        ...

    def login_of(self, bot: str) -> Login:
        """The login that was begun last by this name, over or not; `Refused` when there was none."""
        ...
