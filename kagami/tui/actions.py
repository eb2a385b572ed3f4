"""What can be done everywhere. A place may take one of the plain keys for itself."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui import places, rewind
from kagami.tui.keys import Action
from kagami.tui.seen import ACTIONS as SEEN
from kagami.tui.told import ACTIONS as TOLD
from kagami.tui.undo import UNDO

ACTIONS: tuple[Action, ...] = (
    *places.ACTIONS,
    Action("ui.sheet", ("space",), mark("actions"), mark("What can I do here, and why not")),
    Action("ui.palette", ("ctrl+p",), mark("palette"), mark("Find any action, place or bot")),
    Action("ui.command", ("colon",), mark("command"), mark("Command line, for example :logs plugin:echo"), hint=False),
    Action("help.screen", ("question_mark", "f1"), mark("help"), mark("Explain this screen and its keys")),
    Action("help.keys", (), mark("keys"), mark("The keys that work everywhere"), hint=False),
    Action("ui.back", ("escape",), mark("back"), mark("One step back, never out"), hint=False),
    Action("nav.back", ("left_square_bracket",), mark("back"), mark("Back to the last visited place"), hint=False),
    Action("nav.forward", ("right_square_bracket",), mark("forward"), mark("Forward again"), hint=False),
    *SEEN,
    *rewind.ACTIONS,
    UNDO,
    Action("ui.next", ("tab",), mark("next"), mark("Next pane"), hint=False),
    Action("ui.previous", ("shift+tab",), mark("previous"), mark("Previous pane"), hint=False),
    Action("ui.notices", ("n",), mark("notices"), mark("What was reported in this session"), hint=False),
    Action("ui.lang", ("f3",), mark("中文"), mark("Switch between English and 中文"), hint=False),
    Action("ui.theme", (), mark("theme"), mark("Next theme: night, paper, ansi"), hint=False),
    Action("ui.glyphs", (), mark("signs"), mark("Next set of signs: full, safe, ascii"), hint=False),
    Action("ui.screenshot", (), mark("picture"), mark("Write a picture of the screen (SVG)"), hint=False),
    *TOLD,
    Action("app.quit", ("q",), mark("quit"), mark("Leave the console"), hint=False),
)
INTERRUPT = Action(
    "app.interrupt", ("ctrl+c",), mark("quit"), mark("Press twice to leave the console"), hint=False, priority=True
)
RETRY = Action("link.retry", ("r",), mark("retry now"), mark("Try to reach the engine now"), hint=False, priority=True)
EVERYWHERE = (*ACTIONS, INTERRUPT, RETRY)
