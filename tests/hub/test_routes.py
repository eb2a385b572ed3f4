from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.core.routing import Rule
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.execution import Execution
from kagami.hub.onward import MOVED
from kagami.hub.routes import Routes, Way
from kagami.hub.workers import Workers
from kagami.model.action import Receipt
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import SYSTEM
from kagami.ports import Elsewhere, FeedRow, Fence, Handled, Hits, RuleList, SendRow, WorkerRow
from kagami.ports import Execution as PortExecution
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


class Others:
    """Implements `ports.Sharing`: where events were led on to."""

    def __init__(self) -> None:
        self.moved: list[tuple[ExecutionId, int, Fence]] = []

    def local(self, bot: BotId) -> bool:
        return bot.startswith("sandbox:")

    async def send(self, row: SendRow, *, fence: Fence | None, written: Callable[[], None]) -> Receipt:
        raise AssertionError(row)

    async def move(self, execution: ExecutionId, slot: int, fence: Fence) -> None:
        self.moved.append((execution, slot, fence))


MINE, FENCE = 3, Fence("part:67", 1)


class Cluster(Crossing):
    """The worker `away` is connected to the process with the slot 5, and `three` of the pool to that with 6."""

    def __init__(self, *rules: Rule) -> None:
        super().__init__(*rules)
        self.routes.sharing = self.others = Others()
        rows = {5: WorkerRow("away", "live", node="b"), 6: WorkerRow("three", "live", "pool", node="c")}
        self.workers.elsewhere = tuple(Elsewhere(slot, row) for slot, row in rows.items())

    def given(self, said: Event) -> Execution:
        return Execution(said, desk(), read_at=0.0, accepted_ms=5, fence=FENCE)


def test_an_event_is_for_the_process_at_which_its_application_is() -> None:
    cluster = Cluster(Rule("user:1", "away"), Rule("user:2", "solo"), Rule("user:3", "plugins"))
    slots = [cluster.routes.outside(event(1, user=user), MINE) for user in "1234"]
    assert slots == [5, MINE, None, None]


def test_a_chat_of_a_pool_is_for_one_process() -> None:
    cluster = Cluster(Rule("*", "pool"))
    chats = [msgspec.structs.replace(event(1), chat=ChatId(f"group:{number}")) for number in range(60)]
    slots = [cluster.routes.outside(each, MINE) for each in chats]
    assert set(slots) == {MINE, 6}
    assert slots == [cluster.routes.outside(each, MINE) for each in chats]
    held = chats[slots.index(6)]
    for hand in ("one", "two"):
        cluster.workers.detach(cluster.workers.posts[hand].worker)
    assert cluster.routes.outside(held, MINE) == 6


def test_a_chat_that_a_member_here_holds_stays_with_it() -> None:
    cluster = Cluster(Rule("*", "pool"))
    chats = [msgspec.structs.replace(event(1), chat=ChatId(f"group:{number}")) for number in range(60)]
    for each in chats:
        assert cluster.walk(each)[0] in ("one", "two")
    assert {cluster.routes.outside(each, MINE) for each in chats} == {MINE}


async def test_what_is_handled_here_and_is_for_another_process_is_led_on() -> None:
    cluster = Cluster(Rule("*", "away"))
    execution = cluster.given(event(1))
    way = cluster.routes.find(execution)
    assert "connected to another process" in execution.marks[-1].detail
    assert way.server is not None
    assert way.server.live
    assert await way.server.handle(execution) is MOVED
    assert cluster.others.moved == [(execution.event.execution, 5, FENCE)]


def test_when_it_is_nowhere_any_more_the_next_rule_has_its_turn() -> None:
    cluster = Cluster(Rule("user:1", "away"), Rule("*", "plugin:weather"))
    cluster.workers.elsewhere = ()
    assert cluster.walk(event(1, user="1"))[0] == "plugin:weather"


def test_nor_is_it_at_a_process_that_is_gone() -> None:
    cluster = Cluster(Rule("user:1", "away"), Rule("*", "plugin:weather"))
    cluster.workers.gone = lambda slot: slot == 5
    assert cluster.walk(event(1, user="1"))[0] == "plugin:weather"
    assert cluster.workers.slot("away", event(1), MINE) is None


def test_what_is_said_in_a_process_own_chat_is_for_nobody_elsewhere() -> None:
    cluster = Cluster(Rule("*", "away"))
    said = msgspec.structs.replace(event(1), bot=BotId("sandbox:console"))
    assert cluster.routes.outside(said, MINE) is None
    assert cluster.routes.find(cluster.given(said)).server is None


def test_a_member_elsewhere_gets_no_chat_that_its_table_hides() -> None:
    cluster = Cluster(Rule("*", "pool"))
    three = Hand("three", "pool")
    three.live = False
    three.hidden.add("group:1")
    cluster.workers.attach(three)
    for hand in ("one", "two"):
        cluster.workers.detach(cluster.workers.posts[hand].worker)
    hidden, shown = (msgspec.structs.replace(event(1), chat=ChatId(f"group:{number}")) for number in (1, 2))
    assert cluster.routes.outside(shown, 6 - 1) == 6
    assert cluster.workers.slot("pool", hidden, MINE) is None


@pytest.mark.parametrize(("only", "slot"), [("", 6), ("1000", 6), ("qq:1000", 6), ("2000", None)])
def test_a_member_elsewhere_gets_what_its_connections_are_for(only: str, slot: int | None) -> None:
    workers = Cluster(Rule("*", "ai")).workers
    workers.elsewhere = (Elsewhere(6, WorkerRow("ai-1", "live", "ai", feed=FeedRow("in", since=((only, 5),)))),)
    assert workers.slot("ai", event(1), MINE) == slot


def test_one_that_is_connected_elsewhere_is_shown_there() -> None:
    cluster = Cluster(Rule("*", "away"))
    rows = {row.name: row for row in cluster.routes.workers()}
    assert (rows["away"].state, rows["away"].node, rows["solo"].node) == ("live", "b", "")
    assert cluster.routes.explain(event(1)).takers == ["away"]


@pytest.mark.parametrize(("to", "lives"), [("plugins", True), ("plugin:weather", True), ("plugin:gone", False)])
def test_whoever_lists_rules_knows_which_lead_nowhere(to: str, lives: bool) -> None:
    assert Crossing(Rule("*", "drop")).routes.lives(to) == lives
