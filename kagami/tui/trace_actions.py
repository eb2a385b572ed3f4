"""What can be done with traces and with the audit."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

ACTIONS: tuple[Action, ...] = (
    Action("trace.open", ("enter",), mark("open"), mark("Show one trace, stage by stage"), row=True),
    Action("trace.search", ("slash",), mark("search"), mark("Search by words, chat, user, bot, plugin, outcome or id")),
    Action("trace.outcome", ("o",), mark("outcome"), mark("Show only the next kind of outcome")),
    Action("trace.slower", ("greater_than_sign",), mark("slower"), mark("Show only what took longer: 50 ms, 1 s")),
    Action("trace.slowest", ("s",), mark("slowest"), mark("The slowest first, or the newest")),
    Action("trace.lastfailed", ("e",), mark("last failed"), mark("Open the newest trace that failed")),
    Action("audit.open", ("a",), mark("audit"), mark("Who changed what; and back to the traces")),
    Action("audit.verify", ("v",), mark("verify"), mark("Check that nothing in the audit was altered")),
    Action("trace.copy", ("y",), mark("copy"), mark("Copy the id, or the row of the audit"), row=True),
    Action("trace.logs", ("l",), mark("logs"), mark("Show the log lines of this execution"), row=True),
    Action("trace.route", ("R",), mark("route"), mark("Explain the route of this message"), row=True),
    Action(
        "trace.replay", ("r",), mark("try again"), mark("Try the marked message in the sandbox, as a dry run"), row=True
    ),
    Action("trace.before", ("K",), mark("before"), mark("The message before in the same chat"), row=True, hint=False),
    Action("trace.after", ("J",), mark("after"), mark("The next message of the same chat"), row=True, hint=False),
    Action("trace.export", ("x",), mark("export"), mark("Write this trace, or all that are looked for, to a file")),
    Action("audit.export", (), mark("export the audit"), mark("Write the whole audit to a file…"), hint=False),
)
