"""What OneBot 11 implementations let their bots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "yes", "yes"),
    Ability("reply", "yes", "yes"),
    Ability("image", "yes", "yes"),
    Ability("voice", "yes", "yes"),
    Ability("video", "yes", "yes"),
    Ability("file", "partly", "yes", mark("Where the implementation knows the segment.")),
    Ability("card", "partly", "yes", mark("As the segments json and xml.")),
    Ability("edit", "no"),
    Ability("delete", "yes", "yes"),
    Ability("reaction", "partly", "yes", mark("By actions of the implementation.")),
    Ability("typing", "partly", note=mark("By actions of the implementation.")),
    Ability("members", "yes"),
    Ability("groups", "yes"),
    Ability("mute", "yes"),
    Ability("kick", "yes"),
    Ability("history", "partly", note=mark("By actions of the implementation.")),
    Ability("redelivers", "no", note=mark("What comes while nobody is connected is gone.")),
    Ability("exactly_once", "no"),
)
