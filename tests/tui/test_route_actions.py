from __future__ import annotations

import pytest

from kagami.ports import FeedRow, WorkerRow
from kagami.tui.route_actions import ACTIONS, Situation, reason

BY_ID = {action.id: action for action in ACTIONS}
LIVE, DRAINED = WorkerRow("ai-1", "live"), WorkerRow("ai-2", "drained")
OUTSIDE = WorkerRow("nonebot", "away", feed=FeedRow("in"))


def why(action: str, now: Situation) -> str:
    return reason(BY_ID[action], now)


@pytest.mark.parametrize(
    ("action", "now", "told"),
    [
        ("route.save", Situation("rules", "1"), "nothing is changed"),
        ("route.test", Situation("rules", "1"), "nothing is changed"),
        ("route.edit", Situation("rules", ""), "there is no rule here"),
        ("route.edit", Situation("guard", ""), "nothing is kept out yet"),
        ("route.move", Situation("guard", "x"), "only rules have an order"),
        ("route.raise", Situation("rules", "1", filtered=True), "a filter hides"),
        ("route.import", Situation("workers", "ai-1", worker=LIVE), "for rules and guard lines"),
        ("worker.edit", Situation("workers", "ai-1", worker=LIVE), "no entry in kagami.toml"),
        ("worker.paste", Situation("rules", "1"), "no worker is marked"),
        ("route.delete", Situation("workers", "plugins", worker=WorkerRow("plugins", "live")), "part of Kagami"),
        ("route.delete", Situation("workers", ""), "no worker yet"),
        ("route.toggle", Situation("guard", "x"), "d takes it out"),
        ("route.toggle", Situation("workers", "plugins", worker=WorkerRow("plugins", "live")), "part of Kagami"),
        ("worker.resume", Situation("workers", "ai-1", worker=LIVE), "it is not drained"),
        ("worker.drain", Situation("workers", "ai-2", worker=DRAINED), "it is drained"),
        ("worker.weigh", Situation("rules", "1"), "no worker is marked"),
        ("guard.remove", Situation("rules", "1"), "no guard line is marked"),
        ("route.explain", Situation("rules", "1", filling=True), "a form is open"),
    ],
)
def test_what_cannot_be_done_has_its_reason(action: str, now: Situation, told: str) -> None:
    assert told in why(action, now)


@pytest.mark.parametrize(
    ("action", "now"),
    [
        ("route.save", Situation("guard", "", pending=1)),
        ("route.move", Situation("rules", "1")),
        ("route.toggle", Situation("rules", "1")),
        ("route.toggle", Situation("workers", "ai-1", worker=LIVE)),
        ("worker.resume", Situation("workers", "ai-2", worker=DRAINED)),
        ("guard.remove", Situation("guard", "x")),
        ("route.add", Situation("workers", "")),
        ("worker.pause", Situation("workers", "nonebot", worker=OUTSIDE)),
        ("route.delete", Situation("workers", "nonebot", worker=OUTSIDE)),
        ("route.add", Situation("rules", "")),
        ("route.explain", Situation("workers", "")),
    ],
)
def test_what_can_be_done_has_none(action: str, now: Situation) -> None:
    assert why(action, now) == ""
