"""What Telegram lets its bots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes"),
    Ability("mention", "yes", "yes"),
    Ability("reply", "yes", "yes"),
    Ability("image", "yes", "yes"),
    Ability("voice", "yes", "yes", mark("Sound that is no Ogg, MP3 or M4A goes as a file.")),
    Ability("video", "yes", "yes"),
    Ability("file", "yes", "yes", mark("Up to 50 MB out; up to 20 MB in.")),
    Ability("card", "partly", "yes", mark("Buttons below a message.")),
    Ability("edit", "partly", "yes", mark("By the platform's own calls.")),
    Ability("delete", "yes", "no", mark("Messages of the last 48 hours.")),
    Ability(
        "reaction", "partly", "partly", mark("Sent by the platform's own calls; seen where the bot is administrator.")
    ),
    Ability("typing", "partly", note=mark("By the platform's own calls.")),
    Ability("members", "partly", note=mark("One by one; as a list only the administrators.")),
    Ability("groups", "partly", note=mark("One by one: bots get no list of their groups.")),
    Ability("mute", "yes", note=mark("Where the bot is administrator.")),
    Ability("kick", "yes", note=mark("Where the bot is administrator.")),
    Ability("history", "no"),
    Ability("redelivers", "yes", note=mark("For 24 hours.")),
    Ability("exactly_once", "no"),
)
