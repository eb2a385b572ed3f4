"""The smallest Textual program: what a first paint and an open screen cost without Kagami."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("A screen with one line of text on it.")


if __name__ == "__main__":
    Bare().run()
