from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.core.guard import GuardEntry
from kagami.core.loops import MOST, SILENCE_S, Loops
from kagami.hub.config import LimitsConfig
from kagami.hub.execution import Desk, Execution, Stop
from kagami.hub.guard import Guard
from kagami.hub.registry import BotRegistry
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from tests.hub.doubles import QQ, Account, Kept, StillClock, desk, event

HELLO = Send(QQ, ChatId("group:7"), text("hello"))


class Door:
    def __init__(self, *, user: int = 0, chat: int = 0, store: Any = None) -> None:
        self.clock, self.bots, self.desk = StillClock(), BotRegistry(), desk()
        self.told: list[tuple[str, str, dict[str, str]]] = []
        kept: Any = store or Kept()
        self.guard = Guard(
            kept,
            self.bots,
            self.desk.loops,
            limits=LimitsConfig(user_per_minute=user, chat_per_minute=chat),
            admins=["qq:1"],
            clock=self.clock,
            tell=self._tell,
        )

    def _tell(self, level: str, kind: str, what: str, **fields: str) -> None:
        self.told.append((level, kind, fields))

    def hear(self, number: int = 1, words: str = "hello", **more: Any) -> Stop | None:
        heard = Execution(event(number, words, **more), self.desk, read_at=0.0, accepted_ms=5)
        heard.stop = self.guard.limit(heard.event)
        return self.guard.check(heard)


def answering(at: Desk, said: Event) -> Execution:
    return Execution(said, at, read_at=0.0, accepted_ms=5)


def test_without_lists_and_floods_all_pass() -> None:
    assert Door().hear() is None


def test_a_flood_says_whose_it_is() -> None:
    user, chat = Door(user=1), Door(chat=1)
    user.hear()
    chat.hear()
    assert [user.hear(2), chat.hear(2)] == [Stop("limited", "flood of a user"), Stop("limited", "flood in a chat")]


def test_what_the_lists_keep_out_counts_for_no_flood() -> None:
    door = Door(chat=1)
    door.guard.use([GuardEntry("user", "qq:66")])
    assert [door.hear(1, user="66"), door.hear(2)] == [Stop("guarded", "user qq:66"), None]


def test_admins_and_notices_have_no_limits() -> None:
    door = Door(user=1, chat=1)
    stops = [door.hear(number, user="1") for number in range(3)] + [
        door.hear(number, kind="notice") for number in (4, 5)
    ]
    assert stops == [None] * 5


async def test_lines_are_read_from_the_store_and_what_is_no_line_is_left_out() -> None:
    entry = msgspec.json.encode(GuardEntry("user", "qq:42")).decode()
    door = Door(store=Kept(guard={"a": entry, "b": "{}"}))
    await door.guard.read()
    assert door.guard.entries == (GuardEntry("user", "qq:42"),)
    assert door.hear() == Stop("guarded", "user qq:42")


async def test_lists_that_are_emptied_cost_nothing_any_more() -> None:
    door = Door()
    door.guard.use([GuardEntry("user", "qq:42")])
    await door.guard.read()
    assert (door.guard.lists, door.hear()) == (None, None)


def test_what_a_plugin_has_planned_is_not_kept_out() -> None:
    door = Door()
    door.guard.use([GuardEntry("user", "*")])
    assert [door.hear(kind="schedule"), door.hear(kind="notice")] == [None, Stop("guarded", "user *")]


def test_a_warning_is_given_once_a_minute() -> None:
    door = Door()
    door.guard.use([GuardEntry("word", "hello", action="warn")])
    warned = [bool(stop and stop.warns) for stop in (door.hear(1), door.hear(2))]
    door.clock.now += 61
    assert [*warned, bool((stop := door.hear(3)) and stop.warns)] == [True, False, True]


def test_admins_are_told_once_a_minute() -> None:
    door = Door()
    door.guard.use([GuardEntry("word", "hello", action="tell")])
    door.hear(1)
    door.hear(2)
    assert door.told == [("warning", "guard", {"user": "qq:42", "chat": "group:7", "reason": "word hello"})]


def test_its_own_messages_are_ignored() -> None:
    assert Door().hear(user="1000") == Stop("guarded", "its own message")


@pytest.mark.parametrize("sends", [True, False])
async def test_two_bots_that_repeat_each_other_fall_silent(sends: bool) -> None:
    door = Door()
    stops = []
    for number in range(MOST + 2):
        if sends:
            await answering(door.desk, event()).perform(HELLO)
        stops.append(door.hear(number))
        door.clock.now += 0.5
    assert stops == [None] * MOST + [Stop("guarded", "a loop of bots")] * 2 if sends else [None] * (MOST + 2)


def test_another_account_of_ours_gets_a_few_answers_and_no_more() -> None:
    door = Door()
    door.bots.attach(Account(BotId("qq:42")))
    stops = [door.hear(number, f"text {number}") for number in range(MOST + 1)]
    assert stops == [None] * MOST + [Stop("guarded", "a loop of bots")]


def test_who_fell_silent_may_speak_again_later() -> None:
    door = Door()
    door.bots.attach(Account(BotId("qq:42")))
    for number in range(MOST + 1):
        door.hear(number)
    door.clock.now += SILENCE_S + 1
    assert door.hear(99) is None


def test_people_who_write_much_are_no_loop() -> None:
    door = Door()
    assert [door.hear(number, "/echo same") for number in range(50)] == [None] * 50


def test_loops_are_known_by_chat() -> None:
    loops = Loops()
    loops.said((QQ, ChatId("group:7")), "hello")
    assert not loops.echoes((QQ, ChatId("group:8")), "hello")
