"""What can be done in the logs, and how a filter is spelled when it is kept."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.operations.logs import Level
from kagami.tui.keys import Action

LEVELS: tuple[tuple[Level, str], ...] = (("debug", "D"), ("info", "I"), ("warning", "W"), ("error", "E"))
LETTERS = dict(LEVELS)
DEFAULT: Level = "info"
NAMED = " = "  # between the name of a kept view and the view

ACTIONS: tuple[Action, ...] = (
    Action("log.follow", ("0",), mark("follow"), mark("Go to the end and follow it")),
    Action("log.find", ("slash",), mark("find"), mark("Find words in the lines")),
    Action("log.filter", ("ampersand",), mark("filter"), mark("Show only lines with these words, or a kept view")),
    Action("log.level", ("L",), mark("level"), mark("From which level on lines are shown…")),
    Action("log.inspect", ("enter",), mark("inspect"), mark("Open or close the line with its fields"), row=True),
    Action("log.copy", ("y",), mark("copy"), mark("Copy the line with its fields"), row=True),
    Action("log.mark", ("m",), mark("mark"), mark("Mark the line, or take its mark away"), row=True),
    Action("log.error", ("e",), mark("error"), mark("Go to the next error"), hint=False),
    Action("log.error_back", ("E",), mark("errors"), mark("Go to the error before")),
    Action("log.earlier", ("less_than_sign",), mark("-1 min"), mark("Go back one minute")),
    Action("log.later", ("greater_than_sign",), mark("+1 min"), mark("Go forward one minute"), hint=False),
    Action("log.export", ("x",), mark("export"), mark("Write the shown lines, all of them, to a file…")),
    Action("log.hit", ("n",), mark("next hit"), mark("Go to the next hit"), hint=False),
    Action("log.hit_back", ("N",), mark("hit before"), mark("Go to the hit before"), hint=False),
    Action("log.marks", ("M",), mark("marks"), mark("The marked lines: go to one…"), hint=False),
    Action("log.nextmark", ("apostrophe",), mark("next mark"), mark("Go to the next marked line"), hint=False),
    Action("log.trace", ("o",), mark("trace"), mark("Open the trace of the line's message"), row=True, hint=False),
    Action("log.hour_back", ("left_curly_bracket",), mark("-1 h"), mark("Go back one hour"), hint=False),
    Action("log.hour_on", ("right_curly_bracket",), mark("+1 h"), mark("Go forward one hour"), hint=False),
    Action("log.at", ("a",), mark("time"), mark("Go to a time: 23:41, 23:41:05, -10m"), hint=False),
    Action("log.wrap", ("w",), mark("wrap"), mark("Long lines in several rows, or cut"), hint=False),
    Action("log.columns", ("c",), mark("columns"), mark("Show more or fewer columns"), hint=False),
    Action("log.saveview", ("S",), mark("keep view"), mark("Keep level and filter as a view with a name"), hint=False),
    Action("log.views", ("V",), mark("views"), mark("Kept views: show one…"), hint=False),
    Action("log.onlyerrors", (), mark("only errors"), mark("Show only errors, or everything again"), hint=False),
    Action("log.onlycanary", (), mark("only canary"), mark("Show only lines about canary versions"), hint=False),
)  # fmt: skip


def spell(level: Level, words: str) -> str:
    """`W plugin:weather`; empty for what is shown at first."""
    return f"{LETTERS[level]} {words}".strip() if words or level != DEFAULT else ""


def read_view(view: str) -> tuple[Level, str]:
    """Level and words of a spelled view, with or without its name; without a level all lines are meant from info on."""
    _, named, rest = view.partition(NAMED)
    letter, _, words = (rest if named else view).strip().partition(" ")
    for level, each in LEVELS:
        if letter == each:
            return level, words.strip()
    return DEFAULT, (rest if named else view).strip()


def find_view(name: str, views: list[str]) -> str:
    """The kept view of this name; empty for none."""
    return next((view for view in views if view.partition(NAMED)[0] == name.strip() and NAMED in view), "")
