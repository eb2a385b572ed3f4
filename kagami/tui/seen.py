"""Actions that change only what is seen; `kagami.tui.eye` does them."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

ACTIONS = (
    Action("ui.jump", ("f",), mark("jump"), mark("A letter on everything you can go to"), hint=False),
    Action("ui.zoom", ("z",), mark("zoom"), mark("This pane alone, and back"), hint=False),
    Action("ui.inspector", ("p",), mark("inspector"), mark("Inspector beside the list: on or off"), hint=False),
    Action("ui.sort", ("s",), mark("sort"), mark("Sort this list by the next column"), hint=False),
    Action("ui.reverse", ("S",), mark("reverse"), mark("Reverse the order of this list"), hint=False),
    Action("ui.copy", ("y",), mark("copy"), mark("Copy what has the focus"), hint=False),
    Action("ui.plain", ("Y",), mark("text"), mark("The screen as plain text, to select from"), hint=False),
    Action("ui.saveview", ("ampersand",), mark("keep"), mark("Keep this filter for the palette"), hint=False),
    Action("ui.density", (), mark("density"), mark("Dense or airy lists"), hint=False),
    Action("ui.tips", ("X",), mark("no tips"), mark("Show no tips any more, or show them again"), hint=False),
    Action("ui.keys", (), mark("keys"), mark("Every action with its id and its keys"), hint=False),
)
