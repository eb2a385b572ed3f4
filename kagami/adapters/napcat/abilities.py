"""What NapCat lets its bots do."""

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
    Ability("file", "yes", "yes"),
    Ability("card", "yes", "yes", mark("As the segments json and markdown.")),
    Ability("edit", "no"),
    Ability("delete", "yes", "yes"),
    Ability("reaction", "yes", "yes", mark("By the action set_msg_emoji_like.")),
    Ability("typing", "yes", note=mark("By the action set_input_status.")),
    Ability("members", "yes"),
    Ability("groups", "yes"),
    Ability("mute", "yes"),
    Ability("kick", "yes"),
    Ability("history", "yes", note=mark("What comes while nobody is connected is asked for afterwards.")),
    Ability("redelivers", "no", note=mark("What comes while nobody is connected is asked for afterwards.")),
    Ability("exactly_once", "no"),
)
