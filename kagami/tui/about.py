"""What the palette tells about the link, the engine and this console, and longer answers of the help."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version

from kagami import __version__
from kagami.i18n import mark
from kagami.operations.system import Status
from kagami.tui import commands, figures
from kagami.tui.acting import Verb
from kagami.tui.desk import Desk
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.shell import Leave
from kagami.tui.told import ACTIONS

_RESTART = (
    mark("The console in front of its own engine: q, then stop the bots, then start `kagami` again."),
    mark("As a service: `systemctl --user restart kagami`, or without --user when the system runs it."),
    mark("A container: `docker compose restart`."),
    mark("Messages that were accepted wait in the store meanwhile. Settings marked as live need no restart."),
)
_ATTACH = (
    mark("On this machine: `kagami` or `kagami attach` opens another console on the running engine."),
    mark("On another: `kagami attach https://host:port --token-file FILE`, or `ssh host kagami`."),
    mark("In a browser: the web console at the engine's own address, after logging in."),
)
QR_HELP = (
    mark("The code has to fit whole: make the window larger or the letters smaller; z shows nothing else."),
    mark("Gaps between its rows: lower the line spacing of the terminal, or press b for plain characters."),
    mark("Dark where it should be light, in a terminal without colours: i inverts it."),
    mark("A phone that does not see it: try another theme, or turn the screen's brightness up."),
    mark("y copies the link that is in the code, and s writes it as a picture: open that on another screen."),
)
_WIDTH = (
    mark("Frames that do not meet, or rows that shift: the terminal draws some signs two cells wide."),
    mark("Start with --glyphs safe or KAGAMI_GLYPHS=safe; KAGAMI_WIDE=1 says it once and for all."),
    mark("Terminals without UTF-8 get --glyphs ascii by themselves."),
)


class About:
    """The verbs of one console."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "link.stats": self.link,
            "link.attach": partial(self._texts, "link.attach", _ATTACH),
            "link.detach": partial(self.desk.exit, Leave.DETACH),
            "engine.status": self.status,
            "engine.restart": partial(self._texts, "engine.restart", _RESTART),
            "help.qr": partial(self._texts, "help.qr", QR_HELP),
            "help.width": partial(self._texts, "help.width", _WIDTH),
            "help.about": self.about,
        }

    async def link(self) -> None:
        desk, t = self.desk, self.desk.t
        driver = desk.own_driver
        line = figures.ms(desk.link_s * 1000) if desk.link_s else t(mark("the terminal does not tell"))
        await self._show(
            "link.stats",
            {
                t(mark("engine")): t(mark("{seconds} s since its last word")).format(seconds=round(desk.feed.silent_s)),
                t(mark("tries")): str(desk.feed.tries),
                t(mark("terminal")): line,
                t(mark("driver")): type(driver).__name__ if driver else "-",
                t(mark("over SSH")): t(mark("yes")) if os.environ.get("SSH_CONNECTION") else t(mark("no")),
            },
        )

    async def status(self) -> None:
        rows = commands.answer_rows(await self.desk.control.call(Status()))
        await self.desk.push_screen_wait(AnswerReader(self.desk, "system.status", rows))

    async def about(self) -> None:
        desk, t = self.desk, self.desk.t
        size = desk.size
        await self._show(
            "help.about",
            {
                t(mark("console")): f"kagami {__version__}",
                t(mark("engine")): desk.pulse.version if desk.pulse else "-",
                "Python": platform.python_version(),
                "Textual": version("textual"),
                t(mark("terminal")): f"{os.environ.get('TERM', '-')}  {size.width}x{size.height}",
                t(mark("theme")): f"{desk.looks.theme}  {desk.looks.glyphs.tier}",
                t(mark("times")): figures.zone(t),
            },
        )

    async def _show(self, action: str, facts: Mapping[str, str]) -> None:
        await self.desk.push_screen_wait(
            AnswerReader(self.desk, self._title(action), [f"{name:<14} {value}" for name, value in facts.items()])
        )

    async def _texts(self, action: str, texts: Sequence[str]) -> None:
        rows = [row for text in texts for row in (self.desk.t(text), "")]
        await self.desk.push_screen_wait(AnswerReader(self.desk, self._title(action), rows[:-1]))

    def _title(self, action: str) -> str:
        return self.desk.t(next(each.text for each in ACTIONS if each.id == action))
