from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import ClassVar

from kagami.errors import Conflict
from kagami.tui.acting import Acting, Verb
from kagami.tui.keys import Action

SYNC = Action("a.sync", ("s",), "s", "do it at once")
LATER = Action("a.later", ("l",), "l", "do it beside the keyboard")
NEVER = Action("a.never", ("n",), "n", "never")


class Actor(Acting):
    ACTIONS: ClassVar[tuple[Action, ...]] = (SYNC, LATER, NEVER)

    def __init__(self) -> None:
        self.done: list[str] = []
        self.started: list[Awaitable[None]] = []

    def verbs(self) -> Mapping[str, Verb]:
        return {"a.sync": lambda: self.done.append("sync"), "a.later": self._later, "a.never": self._later}

    async def _later(self) -> None:
        raise Conflict(reason="busy")

    def refusal(self, action: Action) -> str:
        return "not now" if action is NEVER else ""

    def refuse(self, action: Action, reason: str) -> None:
        self.done.append(f"{action.id}: {reason}")

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self.started.append(self.finish(action, work, str))


def test_bindings_are_made_of_actions() -> None:
    assert {(each.key, each.action) for each in Actor.BINDINGS if not isinstance(each, tuple)} == {
        ("s", "act('a.sync')"),
        ("l", "act('a.later')"),
        ("n", "act('a.never')"),
    }


def test_a_verb_is_done() -> None:
    actor = Actor()
    actor.action_act("a.sync")
    assert actor.done == ["sync"]


def test_what_cannot_be_done_is_refused_with_its_reason() -> None:
    actor = Actor()
    actor.action_act("a.never")
    assert actor.done == ["a.never: not now"]


async def test_what_the_engine_refuses_is_told() -> None:
    actor = Actor()
    actor.action_act("a.later")
    await actor.started[0]
    assert actor.done == ["a.later: busy"]
