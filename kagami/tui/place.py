"""A place of the console: one digit, one list of actions, and figures that are read only while it is seen."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.widget import Widget

from kagami.errors import EngineAway, KagamiError
from kagami.i18n import mark
from kagami.ports import Control
from kagami.tui.acting import Acting
from kagami.tui.ahead import Opened
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.looks import Looks
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.zoom import Zoom


def beside(path: str) -> str:
    """The text of the `.tcss` beside a module: `DEFAULT_CSS = beside(__file__)`."""
    return Path(path).with_suffix(".tcss").read_text("utf-8")


class Place(Acting, Widget):
    """Base of the places.

    A subclass sets the class variables, composes its widgets, and gives one verb for each of its `ACTIONS`. Keys that
    every list has (arrows, `g`, `G`, paging) belong to the list widgets.
    """

    DEFAULT_CSS = "Place { width: 1fr; height: 1fr; layout: vertical; }"

    NAME: ClassVar[str] = ""  # its key in `kagami.tui.places`, which knows its digit and titles
    PURPOSE: ClassVar[str] = ""  # the first lines of its help
    CHANGES: ClassVar[str] = ""  # the scope of its actions that change something
    PERIOD: ClassVar[float] = 1.0  # seconds between two calls of refresh_now

    def __init__(self, shell: Shell) -> None:
        super().__init__(id=f"place-{self.NAME}")
        self.shell = shell
        self.rekey(shell.keymap)
        self.zoom = Zoom(self)
        self.trouble: KagamiError | None = None
        self._reading = False
        self._seen = False

    # What a subclass may say.

    async def refresh_now(self) -> None:
        """Read what is shown and show it; a `KagamiError` is shown above the place and it is tried again."""

    def blocked(self, action: str) -> str:  # noqa: ARG002
        """Why an action cannot be done now, in the user's language; empty when it can."""
        return ""

    def passes(self, action: str) -> bool:  # noqa: ARG002
        """Whether the key of an action does what it does everywhere, because here it would do nothing now."""
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "act" and self.passes(str(parameters[0])))

    def crumbs(self) -> tuple[str, ...]:
        """Where one is inside the place."""
        return ()

    def subject(self) -> str:
        """The name of the selected thing, for the action sheet."""
        return ""

    def open_at(self, target: str) -> None:
        """Go to what `target` names; its form is the place's own."""

    def filter_text(self) -> str:
        """What is filtered by, so that it can be kept; empty for everything."""
        return ""

    def filter_by(self, text: str) -> None:
        """Filter by what `filter_text` said once."""

    def inspector(self) -> Widget | None:
        """What stands beside the list and can be hidden; None for nothing."""
        return None

    def back(self) -> bool:
        """Leave one inner step; False when there is none."""
        return False

    async def may_leave(self) -> bool:
        """Whether somebody may go from here; asks when something would be lost."""
        return True

    def hinted(self) -> list[Action]:
        """What the footer shows of its actions: what can be done now."""
        return [each for each in self.actions if each.hint and each.keys and not self.refusal(each)]

    def moved_in_time(self) -> None:
        """Another moment is looked at (`shell.moment_ms`): read what is shown of it."""
        self.run_worker(later(self.read_now), group="read", exclusive=True)

    def relabel(self) -> None:
        """Language, theme or glyphs have changed. Painted widgets need nothing; labels of inputs do."""

    # What it may use.

    @property
    def control(self) -> Control:
        return self.shell.control

    @property
    def looks(self) -> Looks:
        return self.shell.looks

    def t(self, text: str) -> str:
        return self.shell.t(text)

    @on(Chosen)
    @on(Moved)
    def _follow(self) -> None:
        self.call_after_refresh(self.shell.refresh_chrome)

    # What the console calls.

    @property
    def seen(self) -> bool:
        return self._seen

    async def enter(self, *, again: bool = False) -> None:
        """It is on the screen now: read at once and take the focus. `again`: by a way back, unasked."""
        self._seen = True
        (self.come_back if again else self.take_focus)()
        self.post_message(Opened())
        await self.read_now()

    def take_focus(self) -> None:
        """Focus the first of its widgets that can have it, else the place itself, so that its keys work."""
        for widget in self.query("*"):
            if widget.focusable and all(
                each.display for each in widget.ancestors_with_self if isinstance(each, Widget)
            ):
                widget.focus(scroll_visible=False)
                return
        self.can_focus = True
        self.focus(scroll_visible=False)

    def come_back(self) -> None:
        """Take the focus after a way back: keys that were pressed for another place must do no harm."""
        self.take_focus()

    def leave(self) -> None:
        self._seen = False

    def on_mount(self) -> None:
        self.set_interval(self.PERIOD, self._tick)

    def _tick(self) -> None:
        if self._seen and not self._reading:
            self.run_worker(later(self.read_now), group="read", exclusive=True)

    async def read_now(self) -> None:
        """Call `refresh_now` once; never two at a time."""
        self._reading = True
        try:
            await self.refresh_now()
            self.trouble = None
        except EngineAway:
            self.trouble = None  # the shell shows that the link is lost
        except KagamiError as error:
            self.trouble = error
        finally:
            self._reading = False

    def refusal(self, action: Action) -> str:
        """Why `action` cannot be done now, by the place's or the shell's reasons."""
        if action.changes and self.shell.stale_s:
            return self.t(mark("the engine does not answer"))
        needed = action.scope or (self.CHANGES if action.changes else "")
        return self.shell.lacks(needed) or self.blocked(action.id)

    def refuse(self, action: Action, reason: str) -> None:
        self.shell.say(self.t(action.text), reason, "warning")

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self.run_worker(self.shell.opening(self.finish(action, work, self.t)), group=action.id)

    def start_as(self, action_id: str, work: Awaitable[None]) -> None:
        """Do work that no key asked for (a list that wants more) as if one of `ACTIONS` did: refusals are told."""
        action = next(each for each in self.ACTIONS if each.id == action_id)
        self.run_worker(self.finish(action, work, self.t), group=action_id)
