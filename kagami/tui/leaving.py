"""Ways out: `q`, which asks what shall become of the bots when this process holds them, and ^C twice."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.desk import Desk
from kagami.tui.dialogs.ask import Ask
from kagami.tui.shell import Leave, Question

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
