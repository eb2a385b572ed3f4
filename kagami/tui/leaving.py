"""Ways out: `q`, which asks what shall become of the bots when this process holds them, and ^C twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from kagami import log
from kagami.i18n import Translate, mark
from kagami.tui.desk import Desk
from kagami.tui.dialogs.ask import Ask
from kagami.tui.shell import Leave, Question
from kagami.tui.state import state_path

REPORT = "console-crash.txt"
INTERRUPT_S = 2.0
"""Seconds within which a second ^C means it."""


class Leaving:
    """`owned`: this process holds the engine."""

    def __init__(self, desk: Desk, *, owned: bool) -> None:
        self.desk = desk
        self.owned = owned
        self._interrupted = float("-inf")

    async def leave(self) -> None:
        """An attached console goes at once; the one that holds the engine asks."""
        desk = self.desk
        if not await desk.stage.lets_go():
            return
        if not self.owned:
            desk.exit(Leave.DETACH)
            return
        question = self._question()
        buttons = (question.keep, desk.t(mark("Leave them running")), question.go)
        chosen = await desk.choose(question, buttons)
        if chosen:
            desk.exit(Leave.DETACH if chosen == 1 else Leave.STOP)

    async def interrupt(self) -> None:
        """^C: twice is `q`; while a question is open it is the last word."""
        desk = self.desk
        now = desk.clock.monotonic()
        last, self._interrupted = self._interrupted, now
        if isinstance(desk.screen, Ask):
            desk.exit(Leave.STOP if self.owned else Leave.DETACH)
        elif now - last <= INTERRUPT_S:
            await self.leave()
        else:
            desk.say(desk.t(mark("Press ^C again to leave")))

    def _question(self) -> Question:
        t, pulse = self.desk.t, self.desk.pulse
        waiting = t(mark("{count} events; stopping waits for them")).format(count=pulse.open_events if pulse else 0)
        return Question(
            t(mark("Leave the console?")),
            (
                (t(mark("Bots online")), str(pulse.online if pulse else 0)),
                (t(mark("In flight")), waiting),
                (t(mark("Leave running")), t(mark("the bots go on without a console; `kagami` attaches again"))),
                (t(mark("Stop")), t(mark("no message is answered until `kagami` is started again"))),
            ),
            keep=t(mark("Stay")),
            go=t(mark("Stop the bots")),
        )


def report(error: Exception, t: Translate, environ: Mapping[str, str]) -> Path:
    """Write what broke the console where only this user reads it, and say so on the terminal, which is free again."""
    path = state_path(environ).with_name(REPORT)
    text = log.traceback_text(error)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        where = str(path)
    except OSError:
        where = text
    words = t(mark("The console broke; the engine goes on. Report: {where}")).format(where=where)
    sys.stderr.write(f"{words}\n")
    return path
