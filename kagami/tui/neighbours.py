"""The messages around one in the same chat."""

from __future__ import annotations

from kagami.model.trace import Trace
from kagami.operations.traces import ListTraces
from kagami.tui.shell import Shell
from kagami.tui.trace_rows import NEAR_COLUMNS, near_row
from kagami.tui.widgets.table import LiveTable

EACH_WAY = 6
# What comes after is looked for in longer and longer times: the engine lists the newest first.
SPANS_MS = (600_000, 86_400_000)
MOST = 1_000


class Neighbours:
    """`table` lists them, the oldest first, with the one in the middle marked."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._rows: list[Trace] = []
        self._middle: str = ""
        self.table = LiveTable(shell, NEAR_COLUMNS, id="trace-near")

    async def read(self, trace: Trace) -> None:
        call, bot, chat = self._shell.control.call, trace.bot, trace.chat
        earlier: list[Trace] = []
        later: list[Trace] = []
        if chat:
            earlier = await call(ListTraces(bot=bot, chat=chat, before=trace.execution, limit=EACH_WAY))
        for span in SPANS_MS if chat else ():
            until = trace.started_ms + span
            found: list[Trace] = await call(
                ListTraces(bot=bot, chat=chat, since_ms=trace.started_ms, before_ms=until, limit=MOST)
            )
            later = [each for each in found if each.execution > trace.execution]
            if later:
                break
        self._rows = [*reversed(earlier), trace, *reversed(later[-EACH_WAY:])]
        self._middle = trace.execution
        self.relabel()
        self.table.select(trace.execution)

    def relabel(self) -> None:
        """The language has changed, or the rows have."""
        self.table.show([near_row(self._shell, each) for each in self._rows])

    def beside(self, step: int) -> str:
        """Execution of the message before (-1) or after (1); empty when none is known."""
        shown: list[str] = [each.execution for each in self._rows]
        place = shown.index(self._middle) + step if self._middle in shown else -1
        return shown[place] if 0 <= place < len(shown) else ""
