"""What can be done in the sandbox; `kagami.tui.screens.sandbox` does it."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

SANDBOX_ACTIONS: tuple[Action, ...] = (
    Action("sandbox.send", ("enter",), mark("send"), mark("Say what is in the box"), changes=True),
    Action("sandbox.write", ("i",), mark("write"), mark("Back into the box")),
    Action("sandbox.read", ("o",), mark("read"), mark("Read the marked message in full"), row=True, hint=False),
    Action("sandbox.trace", ("w",), mark("trace"), mark("Open the trace of the marked message"), row=True),
    Action("sandbox.as", ("a",), mark("identity"), mark("Be another user, in another chat")),
    Action("sandbox.dry", ("d",), mark("dry run"), mark("Dry run on or off: show what would be done, do nothing")),
    Action(
        "sandbox.compare",
        ("v",),
        mark("compare"),
        mark("Try the marked message with both versions of its plugin"),
        changes=True,
        row=True,
    ),
    Action("sandbox.save", ("s",), mark("save"), mark("Keep this conversation as a test"), changes=True),
    Action("sandbox.runall", ("r",), mark("run all"), mark("Hold all kept conversations again"), changes=True),
    Action("sandbox.new", ("c",), mark("clear"), mark("Begin a new conversation"), hint=False),
    Action(
        "sandbox.again",
        ("e",),
        mark("say again"),
        mark("Say the marked message again"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action("sandbox.copy", ("y",), mark("copy"), mark("Copy the marked message"), row=True),
)
