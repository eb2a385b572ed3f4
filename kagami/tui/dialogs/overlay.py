"""What lies over the console for a moment: a box in the middle, with keys and a footer of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from kagami.i18n import mark
from kagami.tui.acting import Acting
from kagami.tui.ahead import Opened
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.bars import Crumbs, Footer
from kagami.tui.widgets.painted import Line, Painted
from kagami.tui.widgets.pane import Pane

T = TypeVar("T")

CLOSE = Action("overlay.close", ("escape",), mark("close"), mark("Close this"))


class Sheet(Painted):
    """Rows that its overlay gives."""

    DEFAULT_CSS = "Sheet { height: 1fr; }"

    def __init__(self, shell: Shell, owner: Overlay[T]) -> None:
        super().__init__(shell)
        self.owner = owner

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self.owner.rows(width, height)

    def ground(self, row: int) -> str:
        return self.owner.ground(row)


class Overlay(Acting, ModalScreen[T]):
    """Base of the dialogs. A subclass gives rows, a title, its size, and what its keys do; it ends by `dismiss`."""

    DEFAULT_CSS = """
    Overlay { align: center middle; background: transparent; layers: ground over; }
    Overlay Pane { background: $background; }
    Overlay .foot { dock: bottom; height: 2; background: $background; }
    """
    WIDTH: ClassVar[int] = 62

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.sheet = Sheet(shell, self)
        self.pane = Pane(shell, self.inner())
        self.pane.heavy = True
        self.crumbs = Crumbs(shell)
        self.foot = Footer(shell)

    # What a subclass says.

    def rows(self, width: int, height: int) -> Sequence[Line]:
        raise NotImplementedError

    def ground(self, row: int) -> str:  # noqa: ARG002
        """A role whose background fills one row."""
        return ""

    def title_text(self) -> tuple[str, str]:
        """Title and hint of the box."""
        return "", ""

    def inner(self) -> Widget:
        """What the box holds."""
        return self.sheet

    def tall(self, height: int) -> int:
        """Rows of the whole box on a screen of `height` rows."""
        return height - 5

    # What is the same for all of them.

    def compose(self) -> ComposeResult:
        yield self.pane
        with Vertical(classes="foot"):
            yield self.crumbs
            yield self.foot

    def on_mount(self) -> None:
        self.repaint()
        self.call_after_refresh(self.post_message, Opened())  # once a widget in it may have taken the focus

    def on_resize(self) -> None:
        self.repaint()

    def t(self, text: str) -> str:
        return self.shell.t(text)

    def repaint(self) -> None:
        """Lay out and paint after anything has changed."""
        width, height = self.size
        self.pane.styles.width = min(self.WIDTH, max(1, width - 2))
        self.pane.styles.height = max(3, min(self.tall(height), height - 2))
        self.pane.label(*self.title_text())
        self.crumbs.path = self.path()
        self.foot.hints = tuple((action, "screen.act") for action in self.hinted())
        for painted in (self.sheet, self.crumbs, self.foot):
            painted.repaint()

    def path(self) -> tuple[str, ...]:
        return (self.title_text()[0],)

    def hinted(self) -> Iterable[Action]:
        """Actions of the footer; the last is always shown."""
        return (action for action in self.actions if action.hint)

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self.run_worker(self.shell.opening(self.finish(action, work, self.t)), group=action.id)

    def refuse(self, action: Action, reason: str) -> None:
        self.shell.say(self.t(action.text), reason, "warning")
