from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.core.routing import Rule
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.execution import Execution
from kagami.hub.routes import Routes, Way
from kagami.hub.workers import Workers
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.principal import SYSTEM
from kagami.ports import Execution as PortExecution
from kagami.ports import Handled, Hits, RuleList
from tests.hub.doubles import Hand, Kept, StillClock, Worker, desk, event

SAVED = [
    Rule("platform:qq", "plugins"),
    Rule("chat:group:7", "plugin:weather"),
    Rule("chat:group:8", "plugin:gone", exclusive=True),
    Rule("chat:group:*", "pool"),
    Rule("user:13", "drop"),
    Rule("user:1?", "away"),
    Rule("text:天气* & platform:qq", "plugin:weather"),
    Rule("platform:kook", "solo", enabled=False),
]
UNSAVED = [Rule("text:*", "drop"), *SAVED[2:6], Rule("bot:kook:1", "solo")]


def fixtures() -> list[Event]:
    """Forty messages of two platforms."""
    return [
        msgspec.structs.replace(
            event(number, ["天气 上海", "hello"][number % 2]),
            bot=BotId(["qq:1000", "kook:1"][number // 20]),
            chat=ChatId(["group:7", "group:8", "private:13", "group:9"][number % 4]),
            user=UserId(str(10 + number % 5)),
        )
        for number in range(40)
    ]


async def _nobody(_: PortExecution) -> Handled:
    return Handled()


class Crossing:
    def __init__(self, *rules: Rule, store: Any = None) -> None:
        self.clock = StillClock()
        kept: Any = store or Kept()
        self.workers = Workers(kept, self.clock, chance=lambda: 0.0)
        for hand in (Hand("one", "pool"), Hand("two", "pool"), Hand("solo"), Hand("away")):
            hand.live = hand.name != "away"
            self.workers.attach(hand)
        door: Any = ChatDesk(["qq:10"], kept, kept, self.clock)
        self.routes = Routes(kept, Worker(_nobody), self.workers, door, self.clock)
        self.routes.use(RuleList(1, rules))

    def walk(self, said: Event) -> tuple[str, str]:
        """Who gets it, and the reason in the trace."""
        execution = Execution(said, desk(), read_at=0.0, accepted_ms=5)
        way = self.routes.find(execution)
        return self._named(way), execution.marks[-1].detail

    def _named(self, way: Way) -> str:
        if not way.taken:
            return "nobody"
        posts = {id(post): name for name, post in self.workers.posts.items()}
        return posts[id(way.server)] if way.server else f"plugin:{way.only}" if way.only else "plugins"


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("number", range(40))
def test_an_explanation_is_the_routers_own_answer(number: int, edited: bool) -> None:
    said = fixtures()[number]
    asked = Crossing(*SAVED)
    found = asked.routes.explain(said, UNSAVED if edited else None)
    who, reason = Crossing(*(UNSAVED if edited else SAVED)).walk(said)
    assert reason.startswith(found.decision.reason)
    if who in ("one", "two", "solo"):
        assert who in found.takers
    else:
        assert who == ("nobody" if found.decision.to in ("", "drop") else found.decision.to)


def test_the_fixtures_go_everywhere() -> None:
    crossing = Crossing(*SAVED)
    assert {crossing.walk(each)[0] for each in fixtures()} == {"plugins", "plugin:weather", "one", "nobody"}


def test_an_explanation_counts_nothing() -> None:
    crossing = Crossing(*SAVED)
    crossing.routes.explain(fixtures()[0])
    assert crossing.routes.hits(SAVED[1]) == Hits()


def test_hits_are_counted_with_their_time() -> None:
    crossing = Crossing(*SAVED)
    crossing.walk(fixtures()[0])
    crossing.walk(fixtures()[4])
    assert crossing.routes.hits(SAVED[1]) == Hits(2, crossing.clock.wall_ms())


def test_hits_stay_when_a_rule_is_moved() -> None:
    crossing = Crossing(*SAVED)
    crossing.walk(fixtures()[0])
    crossing.routes.use(RuleList(2, tuple(reversed(SAVED))))
    assert crossing.routes.hits(SAVED[1]).count == 1


def test_hits_of_a_rule_that_is_gone_are_forgotten() -> None:
    crossing = Crossing(*SAVED)
    crossing.walk(fixtures()[0])
    crossing.routes.use(RuleList(2, tuple(SAVED[:1])))
    crossing.routes.use(RuleList(3, tuple(SAVED)))
    assert crossing.routes.hits(SAVED[1]) == Hits()


async def test_rules_are_read_from_the_store() -> None:
    kept = RuleList(3, (Rule("*", "drop"),))
    crossing = Crossing(store=Kept(rules={"list": msgspec.json.encode(kept).decode()}))
    await crossing.routes.open()
    assert (crossing.routes.rules, crossing.walk(event())) == (kept, ("nobody", "rule 1 *"))


async def test_what_cannot_be_read_leaves_the_rules_as_they_were() -> None:
    crossing = Crossing(Rule("*", "drop"), store=Kept(rules={"list": "{"}))
    await crossing.routes.read()
    assert crossing.walk(event())[0] == "nobody"


def test_without_rules_nothing_is_looked_at() -> None:
    crossing = Crossing()
    assert (crossing.routes.router, crossing.walk(event())) == (None, ("plugins", "no rules"))


@pytest.mark.parametrize("kind", ["schedule", "message"])
def test_a_planned_job_and_an_operators_command_go_past_all_rules(kind: Any) -> None:
    crossing = Crossing(Rule("*", "drop"))
    execution = Execution(event(kind=kind), desk(), read_at=0.0, accepted_ms=5)
    execution.admin = SYSTEM if kind == "message" else None
    assert crossing.routes.find(execution).taken


@pytest.mark.parametrize(("user", "to"), [("10", "plugins"), ("11", "")])
def test_an_explanation_knows_commands_of_operators(user: str, to: str) -> None:
    found = Crossing(Rule("*", "drop")).routes.explain(event(words="#status", user=user))
    assert (found.decision.to, [each.verdict for each in found.judged]) == (to, ["beaten"])


def test_a_pools_whole_answer_names_who_could_get_it() -> None:
    found = Crossing(Rule("*", "pool")).routes.explain(event())
    assert found.takers == ["one", "two"]
