"""What KOOK lets its bots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "yes", "yes"),
    Ability("reply", "yes", "yes"),
    Ability("image", "yes", "yes"),
    Ability("voice", "partly", "yes", mark("Sent as a card with a sound file.")),
    Ability("video", "yes", "yes"),
    Ability("file", "yes", "yes"),
    Ability("card", "yes", "yes"),
    Ability("edit", "partly", "yes", mark("Sent by the platform's own calls.")),
    Ability("delete", "yes", "yes"),
    Ability("reaction", "partly", "yes", mark("Sent by the platform's own calls.")),
    Ability("typing", "no"),
    Ability("members", "yes"),
    Ability("groups", "yes"),
    Ability("mute", "partly", note=mark("Of the microphone, without an end.")),
    Ability("kick", "yes", note=mark("From the server, not from one channel.")),
    Ability("history", "partly", note=mark("By the platform's own calls.")),
    Ability("redelivers", "yes"),
    Ability("exactly_once", "no"),
)
