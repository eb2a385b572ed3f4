"""What DingTalk lets its robots do."""

from __future__ import annotations

from kagami.i18n import mark
from kagami.model.ability import Ability

ABILITIES = (
    Ability("text", "yes", "yes", mark("In groups a robot hears only what mentions it.")),
    Ability(
        "mention", "partly", "partly", mark("It reaches people in answers within 90 minutes; later it is only text.")
    ),
    Ability("reply", "no", "yes", mark("Robots cannot quote: a quote is left out.")),
    Ability("image", "yes", "yes"),
    Ability("voice", "partly", "yes", mark("AMR or Ogg, with its duration.")),
    Ability("video", "partly", "yes", mark("As a file, unless it comes with a cover.")),
    Ability("file", "yes", "yes"),
    Ability("card", "yes", note=mark("With a text and buttons that open addresses.")),
    Ability("edit", "no"),
    Ability("delete", "partly", "no", mark("Not what was sent as an answer by a session webhook.")),
    Ability("reaction", "no", "no"),
    Ability("typing", "no"),
    Ability("members", "partly", note=mark("One person at a time, with the right to read the contacts.")),
    Ability("groups", "partly", note=mark("Those in which the robot was spoken to.")),
    Ability("mute", "no"),
    Ability("kick", "no"),
    Ability("history", "no"),
    Ability("redelivers", "yes", note=mark("What is not acknowledged comes again after about a minute.")),
    Ability("exactly_once", "no"),
)
