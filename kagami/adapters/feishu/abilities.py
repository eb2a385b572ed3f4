"""What Feishu and Lark let their robots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "yes", "yes"),
    Ability("reply", "yes", "yes"),
    Ability("image", "yes", "yes"),
    Ability("voice", "partly", "yes", mark("Opus is sent as a voice, any other format as a file.")),
    Ability("video", "partly", "yes", mark("MP4 is sent as a video, any other format as a file.")),
    Ability("file", "yes", "yes", mark("Up to 30 MB.")),
    Ability("card", "yes", "yes", mark("As the platform's own JSON; buttons come back as notices.")),
    Ability("edit", "partly", note=mark("By calls of the platform.")),
    Ability("delete", "yes", "yes"),
    Ability("reaction", "partly", "yes", mark("By calls of the platform.")),
    Ability("typing", "no"),
    Ability("members", "yes"),
    Ability("groups", "yes"),
    Ability("mute", "partly", note=mark("Only a whole group.")),
    Ability("kick", "yes"),
    Ability("history", "partly", note=mark("By calls of the platform.")),
    Ability("redelivers", "yes", note=mark("What is not acknowledged comes again for about seven hours.")),
    Ability("exactly_once", "yes", note=mark("Within an hour.")),
)
