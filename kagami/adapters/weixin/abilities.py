"""What WeChat lets bots do by iLink."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "partly", "no", mark("Written as text: there are direct chats only.")),
    Ability("reply", "no", "yes", mark("Users can quote, bots cannot.")),
    Ability("image", "yes", "yes"),
    Ability("voice", "partly", "yes", mark("It goes out as a file; what comes in has a transcript.")),
    Ability("video", "yes", "yes"),
    Ability("file", "yes", "yes"),
    Ability("card", "no", "partly", mark("Unknown parts are kept as they come.")),
    Ability("edit", "no"),
    Ability("delete", "no", "no"),
    Ability("reaction", "no", "no"),
    Ability("typing", "yes", note=mark("By the action set_typing.")),
    Ability("members", "no"),
    Ability("groups", "no", note=mark("Direct chats only, with whoever scanned the code.")),
    Ability("mute", "no"),
    Ability("kick", "no"),
    Ability("history", "no"),
    Ability("redelivers", "yes"),
    Ability("exactly_once", "partly", note=mark("A message that is tried again carries the same key.")),
)
