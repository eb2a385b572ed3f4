"""A NapCat that was put beside Kagami: how to start it, and waiting until it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.errors import EngineAway, KagamiError
from kagami.i18n import mark
from kagami.operations.bots import TestBot
from kagami.ports import Finding, Standing
from kagami.reasons.say import say
from kagami.tui.acting import Verb
from kagami.tui.dialogs.findings import finding_sign
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.figures import clock
from kagami.tui.format import fold, visible
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

AGAIN_S = 5.0


class StandDialog(Overlay[bool]):
    """Answers True as soon as its WebUI lets us in. Leaving it changes nothing: the bot and the folder stay."""

    WIDTH: ClassVar[int] = 92
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("stand.copy", ("y",), mark("copy the command"), mark("Copy the command that starts it")),
        Action("stand.again", ("r",), mark("try now"), mark("Try again at once"), changes=True),
        Action("stand.leave", ("escape",), mark("go back"), mark("Leave this: it can be started later")),
    )

    def __init__(self, shell: Shell, standing: Standing) -> None:
        self.standing = standing
        self.found: Sequence[Finding] = ()
        self.tried_ms = 0
        self.trouble = ""
        super().__init__(shell)

    def on_mount(self) -> None:
        super().on_mount()
        self._begin()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "stand.copy": lambda: self.shell.copy(self.standing.command),
            "stand.again": self._begin,
            "stand.leave": self._leave,
        }

    # Waiting.

    def _begin(self) -> None:
        self.run_worker(later(self._follow), group="follow", exclusive=True)

    async def _follow(self) -> None:
        """Try it until it answers."""
        while not await self._answers():
            self.repaint()
            await self.shell.clock.sleep(AGAIN_S)
        self.dismiss(True)

    async def _answers(self) -> bool:
        try:
            self.found = await self.shell.control.call(TestBot(bot=self.standing.bot))
        except EngineAway as error:
            self.trouble = error.text(self.t)
            return False
        except KagamiError as error:
            self.trouble, self.found = error.text(self.t), ()
            return False
        self.tried_ms, self.trouble = self.shell.clock.wall_ms(), ""
        return any(each.state == "ok" for each in self.found)

    def _leave(self) -> None:
        self.shell.say(
            self.t(mark("{bot} waits for its NapCat")).format(bot=visible(self.standing.bot)),
            self.t(mark("once it runs: l logs in")),
        )
        self.dismiss(False)

    # Painting.

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("NapCat beside Kagami")), ""

    def tall(self, height: int) -> int:
        return min(height - 4, max(16, len(self._lines(min(self.WIDTH, self.size.width - 2) - 4)) + 2))

    def rows(self, width: int, height: int) -> Sequence[Line]:
        return self._lines(width)[:height]

    def _lines(self, width: int) -> list[Line]:
        t = self.t
        rows: list[Line] = [[]]
        written = t(mark("1  The bot {bot} is added, and its files are written. They are in"))
        rows += self._folded(written.format(bot=self.standing.bot), "text", width)
        rows += [*self._folded(f"   {self.standing.folder}", "dim", width), []]
        rows += self._folded(t(mark("2  Start it on that machine (Docker is needed; y copies this)")), "text", width)
        rows += [*self._folded(f"   {self.standing.command}", "strong", width), []]
        rows += self._folded(t(mark("3  Log in: the QR code comes here as soon as NapCat answers")), "text", width)
        rows.append([])
        if self.trouble:
            return [*rows, *self._folded(self.trouble, "warn", width)]
        told = t(mark("tried at {time}")).format(time=clock(self.tried_ms)) if self.tried_ms else t(mark("One moment…"))
        rows += self._folded(told, "dim", width)
        for each in self.found:
            rows += self._folded(f"{finding_sign(self.shell, each)} {say(each.text, t)}", "warn", width)
            rows += self._folded(f"  {say(each.fix, t)}", "text", width) if each.fix else []
        return rows

    def _folded(self, text: str, role: str, width: int) -> list[Line]:
        """Foreign text, gone on below itself."""
        shown = visible(text, self.shell.looks.text)
        bare = shown.lstrip(" ")
        indent = " " * (len(shown) - len(bare) + 1)
        return [[Span(f"{indent}{piece}", role)] for piece in fold(bare, width - len(indent) - 1)]
