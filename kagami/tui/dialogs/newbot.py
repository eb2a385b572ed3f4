"""A new bot: which kind, its keys, a test of them, and then it is added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations.bots import AddBot, TestBot
from kagami.ports import BotKind, Finding
from kagami.tui.dialogs.botform import BotForm
from kagami.tui.dialogs.findings import Findings
from kagami.tui.kind_words import words_of
from kagami.tui.shell import Shell

NAME = "name"


class NewBot(BotForm):
    """Answers the request by which the bot was added; None when it was not. `name` is what it is called if need be."""

    def __init__(self, shell: Shell, kind: BotKind, name: str) -> None:
        super().__init__(shell, kind, shell.t(words_of(kind.kind).name))
        self._called = name

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("A new bot: {kind}")).format(kind=self.title_of), super().title_text()[1]

    def _not_appliable(self) -> str:
        """A kind that needs no key can be added as it is."""
        if self.shell.stale_s or not self.missing:
            return super()._not_appliable() if self.shell.stale_s else ""
        return self.t(mark("missing: {names}")).format(names=", ".join(self.missing))

    @property
    def missing(self) -> list[str]:
        return [each.name for each in self.form if each.required and not self.value(each)]

    def request(self, values: Mapping[str, Any]) -> AddBot:
        """A bot that logs in is asked for by its name before it has an account."""
        keys = {name: value for name, value in values.items() if value is not None}
        if words_of(self.kind).login:
            keys.setdefault(NAME, self._called)
        return AddBot(kind=self.kind, keys=keys)

    async def _apply(self) -> None:
        """Try the keys first, and show what was found."""
        request = self.request(self.changes)
        try:
            found: list[Finding] = await self.shell.control.call(TestBot(keys={"kind": self.kind, **request.keys}))
        except KagamiError as error:
            self._blame(error)
            return
        title = self.t(mark("Test of {bot}")).format(bot=self.title_of)
        if not await self.app.push_screen_wait(Findings(self.shell, title, found)):
            return
        try:
            await self.shell.control.call(request)
        except KagamiError as error:
            self._blame(error)
            return
        self.dismiss(request)
