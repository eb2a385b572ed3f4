"""The stages of one event's way, made of its trace's marks, with a name and an explanation for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kagami.i18n import Translate, mark
from kagami.model.trace import Trace

# By stage: its name in the list, and what is done in it.
STAGES: Mapping[str, tuple[str, str]] = {
    "frame": (mark("frame"), mark("The frame was read and its event made.")),
    "lane": (mark("line"), mark("It waited until its turn in the conversation came.")),
    "guard": (mark("guard"), mark("Guard, floods and loops were checked.")),
    "route": (mark("route"), mark("It was decided who handles it.")),
    "start": (mark("start"), mark("The plugin and its version were chosen, and a free slot was waited for.")),
    "plugin": (mark("plugin"), mark("The plugin's handler ran.")),
    "send": (mark("send"), mark("A send was written down and given to the platform.")),
    "commit": (mark("commit"), mark("A send waited for its turn and was written to the disk.")),
    "receipt": (mark("receipt"), mark("The platform was asked, and answered.")),
    "late": (mark("too old"), mark("It was older than its handler takes.")),
    "worker": (mark("worker"), mark("It was given to an application outside.")),
    "operator": (mark("operator"), mark("An operator sent it.")),
    "ask": (mark("question"), mark("The handler asked and waited for an answer.")),
}
# Marks that end a stage, and what goes on after them. Every other mark begins one.
_AFTER = {
    "frame": "lane",
    "lane": "guard",
    "guard": "route",
    "route": "start",
    "commit": "receipt",
    "receipt": "plugin",
    "answer": "plugin",
}
_ENDED = {"answer": "ask"}
_BEGUN = {"send": "commit"}


class Leg(NamedTuple):
    """From `start_us` until `end_us` after the frame was read."""

    stage: str
    start_us: int
    end_us: int
    detail: str


def legs(trace: Trace) -> list[Leg]:
    """One after the other, from the frame to the end: together they make up the whole time."""
    built: list[Leg] = []
    now, since, detail, plugin = "frame", 0, "", ""
    for each in trace.marks:
        if each.stage in _AFTER:
            built.append(Leg(_ended(each.stage, "" if built else now), since, each.at_us, each.detail or detail))
            now = _AFTER[each.stage]
            detail = plugin if now == "plugin" else ""
        else:
            if each.at_us > since:
                built.append(Leg(now, since, each.at_us, detail))
            now, detail = _BEGUN.get(each.stage, each.stage), each.detail
            plugin = each.detail if each.stage == "plugin" else plugin
        since = each.at_us
    if trace.total_us > since or not built:
        built.append(Leg(now, since, max(since, trace.total_us), detail))
    return built


def _ended(stage: str, only: str) -> str:
    """The stage that a mark ends; `only` is the one that runs since the beginning.

    An event that was taken up again has no frame of its own: what came before its line is its beginning.
    """
    return only if only and stage == "lane" else _ENDED.get(stage, stage)


def stage_name(stage: str, t: Translate) -> str:
    """In the user's language; one that is not of ours as it is."""
    return t(STAGES[stage][0]) if stage in STAGES else stage
