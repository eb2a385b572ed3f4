"""What can be done in the chats; `kagami.tui.chat_acts` does what changes something."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

PLUGINS, PEOPLE = "plugins:write", "people:write"
CHAT_ACTIONS: tuple[Action, ...] = (
    Action("chat.open", ("enter",), mark("trace"), mark("Open the trace of the marked message"), row=True),
    Action("chat.search", ("slash",), mark("search"), mark("Search in everything that was said")),
    Action("chat.filter", ("ampersand",), mark("filter"), mark("Show only chats whose name holds this")),
    Action("chat.live", ("c",), mark("conversations"), mark("Show the conversations"), hint=False),
    Action("chat.dead", ("d",), mark("dead letters"), mark("Show events whose handler failed too often"), hint=False),
    Action("op.list", ("o",), mark("operators"), mark("Show who has a console, a browser or a feed open"), hint=False),
    Action("chat.reply", ("a",), mark("answer"), mark("Say something there, as the bot…"), changes=True, row=True),
    Action(
        "chat.resend",
        ("A",),
        mark("send again"),
        mark("Send again what failed or is unknown…"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action(
        "chat.delete",
        ("D",),
        mark("take back"),
        mark("Take the marked message back…"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action("chat.try", ("s",), mark("sandbox"), mark("Try the marked message in the sandbox, as a dry run"), row=True),
    Action(
        "chat.endstate",
        ("K",),
        mark("end question"),
        mark("End the plugin's question in this chat…"),
        changes=True,
        row=True,
        scope=PLUGINS,
    ),
    Action(
        "chat.switch",
        ("e",),
        mark("plugins"),
        mark("Turn a plugin off or on in this chat…"),
        changes=True,
        row=True,
        hint=False,
        scope=PLUGINS,
    ),
    Action(
        "chat.pin",
        ("p",),
        mark("pin version"),
        mark("Keep this chat on a version of a plugin…"),
        changes=True,
        row=True,
        hint=False,
        scope=PLUGINS,
    ),
    Action(
        "chat.pins",
        ("P",),
        mark("pins"),
        mark("All chats that are kept on a version, or where a plugin is off…"),
        changes=True,
        hint=False,
        scope=PLUGINS,
    ),
    Action(
        "chat.replay",
        ("r",),
        mark("handle again"),
        mark("Handle the dead letter again"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action(
        "chat.replayall", ("R",), mark("all again"), mark("Handle all dead letters again…"), changes=True, hint=False
    ),
    Action(
        "chat.drop",
        ("X",),
        mark("give up"),
        mark("Give the dead letter up, with a reason…"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action(
        "op.kick",
        ("x",),
        mark("log out"),
        mark("Log the marked operator out…"),
        changes=True,
        row=True,
        hint=False,
        scope=PEOPLE,
    ),
    Action("chat.copy", ("y",), mark("copy"), mark("Copy the marked message or operator"), row=True),
)
