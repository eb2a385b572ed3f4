from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.core.routing import AWAY, Rule
from kagami.errors import Conflict, NotFound, UsageError
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.registry import from_words
from kagami.operations.routes import (
    AddRoute,
    DisableRoute,
    EditRoute,
    EnableRoute,
    ExplainRoute,
    ListRoutes,
    MoveRoute,
    RemoveRoute,
    ReplaceRoutes,
    RouteList,
    RouteRow,
    TryRoutes,
    counted,
)
from kagami.ports import MessageRow, Parts
from tests.operations.desks import Crossing, Door, Talk

RULES = (Rule("user:1", "weather"), Rule("chat:group:*", "pool"), Rule("platform:qq", "drop"))
ALL = registry()


class Desk:
    def __init__(self, make: Callable[..., Parts], *rows: MessageRow) -> None:
        self.store = Talk(*rows)
        self.crossing = Crossing(self.store)
        self.parts = make(store=self.store, routing=self.crossing, guard=Door(self.store))

    async def call(self, request: msgspec.Struct) -> Any:
        return await ALL.call(self.parts, CONSOLE, request)

    @property
    def targets(self) -> list[str]:
        return [rule.to for rule in self.crossing.rules.rules]


@pytest.fixture
async def desk(make_parts: Callable[..., Parts]) -> Desk:
    made = Desk(make_parts)
    await made.call(ReplaceRoutes(rules=list(RULES), version=0))
    return made


async def test_rules_are_listed_with_version_and_hits(desk: Desk) -> None:
    answer = await desk.call(ListRoutes())
    assert answer.version == 1
    assert answer.rules[:2] == [
        RouteRow(1, "user:1", "weather", hits=3, last_ms=1_764_000_000_000),
        RouteRow(2, "chat:group:*", "pool"),
    ]


def test_what_rules_decided_is_told_of_all_processes() -> None:
    here = RouteList(7, [RouteRow(1, "user:1", "weather", hits=3, last_ms=5), RouteRow(2, "*", "gone", trouble=AWAY)])
    there = RouteList(6, [RouteRow(1, "*", "gone", trouble=AWAY), RouteRow(2, "user:1", "weather", hits=4, last_ms=9)])
    first, second = counted([here, there]).rules
    assert (first.hits, first.last_ms) == (7, 9)
    assert second == here.rules[1]
    assert counted([here]) == here


def test_a_rule_leads_somewhere_when_it_does_at_one_process() -> None:
    here = RouteList(1, [RouteRow(1, "*", "plugin:weather", trouble=AWAY)])
    there = RouteList(1, [RouteRow(1, "*", "plugin:weather")])
    assert [row.trouble for row in counted([here, there]).rules] == [""]


async def test_a_rule_that_leads_nowhere_now_says_so_when_it_is_made(desk: Desk) -> None:
    """A name may be wrong, or its plugin come later: it is kept, and told."""
    answer = await desk.call(AddRoute(match="user:2", to="away"))
    assert [row.trouble for row in answer.rules] == ["", "", "", AWAY]


@pytest.mark.parametrize(
    ("request_", "targets"),
    [
        (AddRoute(match="bot:qq:1", to="new"), ["weather", "pool", "drop", "new"]),
        (AddRoute(match="bot:qq:1", to="new", place=1), ["new", "weather", "pool", "drop"]),
        (EditRoute(number=2, to="other"), ["weather", "other", "drop"]),
        (MoveRoute(number=1, place=3), ["pool", "drop", "weather"]),
        (RemoveRoute(number=2), ["weather", "drop"]),
        (ReplaceRoutes(rules=[RULES[2]], version=1), ["drop"]),
    ],
)
async def test_a_change_is_in_force_when_it_is_kept(desk: Desk, request_: msgspec.Struct, targets: list[str]) -> None:
    await desk.call(request_)
    assert (desk.targets, desk.crossing.rules.version) == (targets, 2)


async def test_an_edit_changes_only_what_is_given(desk: Desk) -> None:
    await desk.call(EditRoute(number=1, exclusive=True, note="why"))
    assert desk.crossing.rules.rules[0] == Rule("user:1", "weather", True, note="why")


async def test_a_rule_is_switched_off_and_on(desk: Desk) -> None:
    await desk.call(DisableRoute(number=1))
    off = desk.crossing.rules.rules[0].enabled
    await desk.call(EnableRoute(number=1))
    assert (off, desk.crossing.rules.rules[0].enabled) == (False, True)


@pytest.mark.parametrize(
    "request_",
    [
        ReplaceRoutes(rules=[], version=0),
        AddRoute(match="*", to="drop", version=0),
        MoveRoute(number=1, place=2, version=7),
    ],
)
async def test_a_list_that_changed_meanwhile_is_not_overwritten(desk: Desk, request_: msgspec.Struct) -> None:
    with pytest.raises(Conflict, match="meanwhile"):
        await desk.call(request_)
    assert desk.targets == ["weather", "pool", "drop"]


@pytest.mark.parametrize(
    "request_", [EditRoute(number=4), MoveRoute(number=4, place=1), RemoveRoute(number=4), EnableRoute(number=4)]
)
async def test_a_number_that_is_not_there_is_not_found(desk: Desk, request_: msgspec.Struct) -> None:
    with pytest.raises(NotFound, match="rule"):
        await desk.call(request_)


@pytest.mark.parametrize(
    "request_",
    [
        AddRoute(match="who", to="drop"),
        EditRoute(number=1, to=""),
        ReplaceRoutes(rules=[Rule("*", "a b")], version=1),
        ReplaceRoutes(rules=[Rule("*", "drop")] * 1_001, version=1),
        ExplainRoute(rules=[Rule("", "")], unsaved=True),
        TryRoutes(rules=[Rule("", "")]),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(desk: Desk, request_: msgspec.Struct) -> None:
    with pytest.raises(UsageError):
        await desk.call(request_)


async def test_an_explanation_has_the_winner_the_others_and_the_guard(desk: Desk) -> None:
    await desk.store.audit(0, CONSOLE, "", "", "ok", [])
    answer = await desk.call(ExplainRoute(user="qq:1", chat="group:7", text="hi"))
    assert (answer.to, answer.number, answer.takers, answer.guard) == ("weather", 1, ["weather@1"], "")
    assert [row.verdict for row in answer.rules] == ["wins", "beaten", "beaten"]


async def test_unsaved_rules_can_be_explained(desk: Desk) -> None:
    answer = await desk.call(ExplainRoute(user="qq:1", rules=[Rule("user:1", "away"), Rule("*", "w")], unsaved=True))
    assert [row.verdict for row in answer.rules] == ["away", "wins"]


async def test_rules_that_are_added_at_once_are_all_kept(desk: Desk) -> None:
    await asyncio.gather(*(desk.call(AddRoute(match=f"user:{number}", to="w")) for number in range(5)))
    assert (len(desk.targets), desk.crossing.rules.version) == (8, 6)


async def test_rules_can_be_given_as_words(desk: Desk) -> None:
    words = {"user": "qq:1", "rules": '[{"match":"*","to":"w"}]', "unsaved": "true"}
    assert (await desk.call(from_words(ALL.find("routes.explain"), words))).to == "w"


async def test_a_trial_shows_what_would_go_elsewhere(make_parts: Callable[..., Parts]) -> None:
    def row(number: int, direction: Any, user: str) -> MessageRow:
        bot, chat = BotId("qq:1"), ChatId("private:1")
        return MessageRow(number, direction, 5, bot, chat, UserId(user), "hi", ExecutionId(f"e{number}"), "handled")

    desk = Desk(make_parts, row(1, "in", "1"), row(2, "out", "1"), row(3, "in", "2"))
    await desk.call(ReplaceRoutes(rules=list(RULES), version=0))
    answer = await desk.call(TryRoutes(rules=[Rule("user:1", "drop"), RULES[2]]))
    assert answer.messages == 2
    (moved,) = answer.moved
    assert (moved.execution, moved.before, moved.before_rule, moved.after, moved.after_rule) == (
        "e1",
        "weather",
        1,
        "drop",
        1,
    )
