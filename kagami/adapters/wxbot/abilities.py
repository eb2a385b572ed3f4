"""What WxBot lets its bots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "partly", "yes", mark("As text: whether WeChat marks it is not known.")),
    Ability("reply", "partly", "partly", mark("Where the implementation knows the segment.")),
    Ability("image", "partly", "yes", mark("Where the implementation knows the segment.")),
    Ability("voice", "no", "partly", mark("Where the implementation knows the segment.")),
    Ability("video", "partly", "partly", mark("Where the implementation knows the segment.")),
    Ability("file", "partly", "partly", mark("Where the implementation knows the segment.")),
    Ability("card", "no", "no"),
    Ability("edit", "no"),
    Ability("delete", "yes", "yes"),
    Ability("reaction", "no", "no"),
    Ability("typing", "no"),
    Ability("members", "yes"),
    Ability("groups", "yes"),
    Ability("mute", "no"),
    Ability("kick", "yes"),
    Ability("history", "no"),
    Ability("redelivers", "no", note=mark("What comes while nobody is connected is gone.")),
    Ability("exactly_once", "no"),
)
