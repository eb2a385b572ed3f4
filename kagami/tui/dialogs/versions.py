"""The versions of one plugin, and what can be done with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from kagami.i18n import mark
from kagami.ports import PluginRow, VersionRow
from kagami.reasons.say import say
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.keys import Action
from kagami.tui.plugin_page import last_line, version_line
from kagami.tui.plugin_rows import title
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span


class Wish(NamedTuple):
    """What shall be done with a version: `use`, `pin`, `canary` or `remove`."""

    act: str
    version: str


class VersionList(Overlay[Wish | None]):
    """Answers a wish; the keys act on the row under the cursor."""

    WIDTH: ClassVar[int] = 90
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("version.up", ("up", "k"), mark("move"), mark("One row up"), hint=False),
        Action("version.down", ("down", "j"), mark("move"), mark("One row down")),
        Action("version.use", ("u", "enter"), mark("use"), mark("Serve this version")),
        Action("version.pin", ("p",), mark("pin"), mark("Serve this version and keep updates away")),
        Action("version.canary", ("c",), mark("canary"), mark("Give this version a share of the chats")),
        Action("version.remove", ("x",), mark("remove"), mark("Delete this version from the disk")),
        CLOSE,
    )

    def __init__(self, shell: Shell, plugin: PluginRow) -> None:
        self.plugin = plugin
        self.chosen = 0
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "version.up": lambda: self._move(-1),
            "version.down": lambda: self._move(1),
            "version.use": lambda: self._end("use"),
            "version.pin": lambda: self._end("pin"),
            "version.canary": lambda: self._end("canary"),
            "version.remove": lambda: self._end("remove"),
            "overlay.close": lambda: self._end(""),
        }

    @property
    def version(self) -> VersionRow:
        return self.plugin.versions[self.chosen]

    def refusal(self, action: Action) -> str:
        """Why this cannot be done with the version under the cursor."""
        if action.id not in ("version.use", "version.pin", "version.canary", "version.remove"):
            return ""
        if self.shell.stale_s:
            return self.t(mark("the engine does not answer"))
        return self._reason(action.id)

    def _reason(self, act: str) -> str:
        serves, state = self.version.version == self.plugin.version, self.version.state
        if act == "version.remove" and state in ("active", "canary", "draining"):
            return self.t(mark("it serves now"))
        if act in ("version.use", "version.canary") and serves and state == "active":
            return self.t(mark("it is the stable version already"))
        if act == "version.pin" and serves and self.plugin.pinned:
            return self.t(mark("it is pinned already"))
        if act != "version.remove" and state == "recalled":
            return self.t(mark("the market has recalled it"))
        return ""

    def title_text(self) -> tuple[str, str]:
        pinned = self.t(mark("pinned")) if self.plugin.pinned else ""
        return f"{title(self.plugin)}: {self.t(mark('versions'))}", pinned

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.plugin.versions) + 4)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        top, room = self._top(height), height - 2
        shown = range(top, min(len(self.plugin.versions), top + room))
        rows: list[Line] = [self._row(place, width) for place in shown]
        rows += [()] * (room - len(rows) + 1)
        told = self.version.error or self.version.taken_back
        why = say(last_line(told), self.t) or "  ".join(self.version.survivors)
        return [*rows, [Span(f" {why}", "bad" if self.version.error else "warn")]]

    def _row(self, place: int, width: int) -> Line:
        sign = self.shell.looks.glyphs.row if place == self.chosen else " "
        line = version_line(self.shell, self.plugin.versions[place], width - 3)
        return [Span(f" {sign}", "accent"), *(span._replace(action=f"screen.pick({place})") for span in line)]

    def ground(self, row: int) -> str:
        return "cursor" if row + self._top(self.sheet.size.height) == self.chosen else ""

    def _top(self, height: int) -> int:
        return max(0, self.chosen - (height - 2) + 1)

    def _move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.plugin.versions)
        self.sheet.repaint()

    def action_pick(self, place: int) -> None:
        self.chosen = place
        self.sheet.repaint()

    def _end(self, act: str) -> None:
        self.dismiss(Wish(act, self.version.version) if act else None)
