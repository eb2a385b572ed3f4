"""What a trace's marks say beside their stages: English as the hub wrote it, said in the reader's language.

Names, matches and words of the guard lists in it are foreign and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from kagami.i18n import Translate, mark
from kagami.reasons.say import say
from kagami.tui.route_ask import GUARD_KINDS
from kagami.tui.words import OUTCOMES

Known = Sequence[tuple[re.Pattern[str], str]]

_KINDS = dict(GUARD_KINDS)
# By stage: the parts that are ours, wherever they stand in the detail.
_KNOWN: Mapping[str, Known] = {
    "frame": ((re.compile(r"^(?P<count>\d+) bytes$"), mark("{count} bytes")),),
    "guard": (
        (re.compile(r"^its own message$"), mark("its own message")),
        (re.compile(r"^flood of a user$"), mark("flood of a user")),
        (re.compile(r"^flood in a chat$"), mark("flood in a chat")),
        (re.compile(r"^a loop of bots$"), mark("a loop of bots")),
        (
            re.compile(rf"^(?P<kind>{'|'.join(_KINDS)}) (?P<value>.+) in (?P<where>(?:platform|bot|chat):\S+)$"),
            mark("{kind} {value} in {where}"),
        ),
        (re.compile(rf"^(?P<kind>{'|'.join(_KINDS)}) (?P<value>.+)$"), "{kind} {value}"),
    ),
    "route": (
        (re.compile(r"^no rules$"), mark("no rules")),
        (re.compile(r"^past all rules$"), mark("past all rules")),
        (re.compile(r"^denied$"), mark("denied")),
        (re.compile(r"^no rule matched(?=$|,|:)"), mark("no rule matched")),
        (re.compile(r"^rule (?P<number>\d+)(?= )"), mark("rule {number}")),
        (
            re.compile(r"(?<=, )after rule (?P<number>\d+): (?P<to>\S+) is away(?=$|,|:)"),
            mark("after rule {number}: {to} is away"),
        ),
        (re.compile(r"(?<=: )(?P<to>\S+) is away$"), mark("{to} is away")),
        (re.compile(r"(?<=: )connected to another process$"), mark("connected to another process")),
        (re.compile(r"(?<=: )nobody is there$"), mark("nobody is there")),
    ),
    "plugin": (
        (re.compile(r"(?<=: )pinned by an operator$"), mark("pinned by an operator")),
        (
            re.compile(r"(?<=: )canary (?P<own>[\d.]+) (?P<sign><|>=) (?P<weight>\d+)$"),
            mark("canary {own} {sign} {weight}"),
        ),
    ),
    "commit": ((re.compile(r"^made by an earlier try$"), mark("made by an earlier try")),),
}


def detail_text(stage: str, detail: str, t: Translate) -> str:
    """The detail of a leg or a mark of this stage; what is not known stays as it is."""
    if stage == "receipt":
        return t(OUTCOMES[detail][0]) if detail in OUTCOMES else detail
    if stage == "late":
        return say(detail, t)
    for pattern, template in _KNOWN.get(stage, ()):
        detail = pattern.sub(partial(_filled, t(template), t), detail)
    return detail


def _filled(template: str, t: Translate, found: re.Match[str]) -> str:
    return template.format(**found.groupdict() | {"kind": t(_KINDS.get(found.groupdict().get("kind", ""), ""))})
