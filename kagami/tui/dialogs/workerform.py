"""The keys of an application outside as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from kagami.i18n import mark
from kagami.operations.workers import AddWorker, EditWorker
from kagami.ports import BotKind, SettingRow
from kagami.tui.dialogs.botform import BotForm
from kagami.tui.shell import Shell

NAME = "name"


class WorkerKeys(BotForm):
    """Answers the request by which it was added or changed, None when it was not. `worker` is empty for a new one."""

    TABLE: ClassVar[str] = "workers"

    def __init__(self, shell: Shell, kind: BotKind, worker: str = "", values: Mapping[str, Any] = {}) -> None:
        super().__init__(shell, kind, worker or shell.t(mark("A new application")), worker, values)

    @staticmethod
    def ordered(kind: BotKind) -> list[SettingRow]:
        return kind.keys

    @property
    def missing(self) -> list[str]:
        return [each.name for each in self.form if each.required and not self.value(each)]

    def _not_appliable(self) -> str:
        if self.missing and not self.shell.stale_s:
            return self.t(mark("missing: {names}")).format(names=", ".join(self.missing))
        return super()._not_appliable()

    def request(self, values: Mapping[str, Any]) -> msgspec.Struct:
        if self.bot:
            return EditWorker(worker=self.bot, keys=dict(values))
        keys = {key: value for key, value in values.items() if value is not None and key != NAME}
        return AddWorker(name=str(values[NAME]), keys=keys)
