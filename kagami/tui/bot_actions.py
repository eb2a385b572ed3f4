"""What can be done with bots; `kagami.tui.bot_acts` does what changes them."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.tui.keys import Action

# Opens the place with the question what shall be connected; no bot's name has a colon in front.
ADD = ":add"
BOT_ACTIONS: tuple[Action, ...] = (
    Action("bot.open", ("enter",), mark("card"), mark("All that is known of this bot"), row=True),
    Action("bot.add", ("a",), mark("add"), mark("Connect another bot, of any platform, step by step")),
    Action(
        "bot.login",
        ("l",),
        mark("log in"),
        mark("Log the account in by a QR code, or as it asks: NapCat, WeChat"),
        changes=True,
        row=True,
    ),
    Action("bot.edit", ("e",), mark("edit"), mark("Change the settings of this bot…"), changes=True, row=True),
    Action(
        "bot.start", ("x",), mark("start"), mark("Resume this bot that was paused"), changes=True, row=True, hint=False
    ),
    Action("bot.stop", ("X",), mark("stop"), mark("Pause this bot until it is resumed…"), changes=True, row=True),
    Action(
        "bot.reconnect",
        ("c",),
        mark("reconnect"),
        mark("Close its connection and open it anew…"),
        changes=True,
        row=True,
    ),
    Action(
        "bot.test",
        ("T",),
        mark("test"),
        mark("Try the bot step by step: name, port, upgrade, token"),
        changes=True,
        row=True,
    ),
    Action(
        "bot.disconnect", ("d",), mark("disconnect"), mark("Disconnect this bot…"), changes=True, row=True, hint=False
    ),
    Action("bot.abilities", ("v",), mark("abilities"), mark("What its platform lets it do"), row=True, hint=False),
    Action("bot.logs", ("o",), mark("logs"), mark("Log lines of this bot"), row=True),
    Action("bot.trace", ("w",), mark("traces"), mark("Traces of its messages"), row=True, hint=False),
    Action(
        "bot.mute",
        ("m",),
        mark("mute"),
        mark("Tell nobody of its alerts for an hour"),
        changes=True,
        row=True,
        hint=False,
        scope="system:write",
    ),
    Action(
        "bot.rename", ("R",), mark("rename"), mark("Give this bot another name…"), changes=True, row=True, hint=False
    ),
    Action(
        "bot.delete",
        ("D",),
        mark("remove"),
        mark("Remove this bot from the configuration…"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action("bot.filter", ("slash",), mark("filter"), mark("Show only bots with these letters")),
    Action("bot.sort", ("s",), mark("sort"), mark("Sort by the next column")),
    Action("bot.reverse", ("S",), mark("reverse"), mark("Reverse the order"), hint=False),
    Action("bot.copy", ("y",), mark("copy"), mark("Copy the bot's id"), row=True, hint=False),
)
