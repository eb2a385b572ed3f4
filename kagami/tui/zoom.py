"""One pane of a place alone, and back: what stands beside it is hidden for as long."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.css.styles import RulesMap
from textual.widget import Widget

from kagami.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from kagami.tui.place import Place


class Zoom:
    """Of one place. It ends by itself when the place lays itself out anew."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._pane: Widget | None = None
        self._rules: RulesMap = {}
        self._hidden: list[Widget] = []

    @property
    def on(self) -> bool:
        return self._pane is not None and not any(widget.display for widget in self._hidden)

    def begin(self, focused: Widget | None) -> bool:
        """Give the place to the pane of the focused widget; False when it has it already."""
        path = self._path(focused)
        beside = [
            each
            for widget in path
            for each in cast("Widget", widget.parent).children
            if each not in path and each.display
        ]
        if not path or not beside:
            return False
        self._pane, self._hidden = path[0], beside
        self._rules = self._pane.styles.inline.get_rules()
        for widget in beside:
            widget.display = False
        self._pane.styles.width = self._pane.styles.height = "1fr"
        return True

    def end(self) -> bool:
        """Show what was hidden; False when nothing was."""
        pane, was = self._pane, self.on
        if pane is None:
            return False
        self._pane = None
        for name in ("width", "height"):
            pane.styles.inline.clear_rule(name)
        kept = {name: rule for name, rule in self._rules.items() if name in ("width", "height")}
        pane.styles.inline.merge_rules(cast("RulesMap", kept))
        if was:
            for widget in self._hidden:
                widget.display = True
        return was

    def _path(self, focused: Widget | None) -> list[Widget]:
        """From the pane around the focused widget, or itself, up to below the place."""
        if focused is None or self._place not in focused.ancestors:
            return []
        inside = [cast("Widget", each) for each in focused.ancestors_with_self]
        inside = inside[: inside.index(self._place)]
        panes = [place for place, each in enumerate(inside) if isinstance(each, Pane)]
        return inside[panes[-1] if panes else 0 :]
