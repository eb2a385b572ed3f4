"""A line to type into: what is pasted cannot hold controls, and the cursor does not blink."""

from __future__ import annotations

from textual.widgets import Input

from kagami.tui.format import typed


class Box(Input):
    """Textual's input without its border; `MARKUP` never applies to what is in it."""

    DEFAULT_CSS = "Box, Box:focus { height: 1; width: 1fr; border: none; padding: 0; background: transparent; }"

    def __init__(self, value: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(value, id=id, select_on_focus=False, compact=True)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        return typed(value)

    def focus_now(self) -> None:
        """Take the focus, as a verb."""
        self.focus()

    def write(self, text: str) -> None:
        """Replace what is in it, cursor at the end."""
        self.value = text
        self.cursor_position = len(self.value)
