from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.errors import Denied, UsageError
from kagami.operations import registry
from kagami.operations.broadcast import Audience, Broadcast, Reached
from kagami.operations.messages import Clean, DropDead, ListDead, Measure
from kagami.operations.people import Add
from kagami.operations.questions import told_before, wanted_of
from kagami.ports import Cleaned


def test_a_question_tells_what_was_given_and_nothing_that_goes_without_saying() -> None:
    assert wanted_of(Clean(days=0.5)) == [("days", "0.5")]
    assert wanted_of(ListDead()) == []


def test_a_question_tells_no_secret() -> None:
    told = dict(wanted_of(Add(name="ann", password="correct horse battery")))
    assert "correct horse battery" not in str(told)


def test_a_long_value_is_cut_in_a_question() -> None:
    text = dict(wanted_of(DropDead(execution="x" * 500, reason="")))["execution"]
    assert (len(text), text[-1]) == (80, "…")


class Engine:
    """Answers what is asked of it, or refuses."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[msgspec.Struct] = []

    async def call(self, request: msgspec.Struct) -> Any:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def asked_of(engine: Engine, request: msgspec.Struct) -> dict[str, str]:
    return dict(await told_before(registry().of(request), request, engine.call))


async def test_a_question_tells_what_a_clean_up_would_remove() -> None:
    engine = Engine(Cleaned(messages=12, sends=0, traces=40, bytes=0))
    assert await asked_of(engine, Clean(days=30)) == {"days": "30", "concerns": "messages 12, traces 40"}
    assert engine.asked == [Measure(days=30)]


async def test_a_question_tells_how_many_chats_would_hear() -> None:
    engine = Engine(Reached(3, {"qq:1": 3}))
    told = await asked_of(engine, Broadcast(text="hello", days=7))
    assert told == {"text": "hello", "days": "7", "concerns": 'chats 3, by_bot {"qq:1":3}'}
    assert engine.asked == [Audience(days=7)]


async def test_a_question_about_nothing_says_so() -> None:
    assert (await asked_of(Engine(Cleaned(0, 0, 0, 0)), Clean(days=30)))["concerns"] == "0"


async def test_who_may_not_look_is_asked_all_the_same() -> None:
    assert await asked_of(Engine(Denied(scope="messages:read")), Clean(days=30)) == {"days": "30"}


async def test_what_would_be_refused_is_refused_before_the_question() -> None:
    with pytest.raises(UsageError):
        await asked_of(Engine(UsageError(reason="days")), Clean(days=-1))


@pytest.mark.parametrize("wanted", [Clean(days=1), Broadcast(text="x")])
async def test_what_foretells_only_reads(wanted: msgspec.Struct) -> None:
    engine = Engine(Denied(scope="messages:read"))
    await asked_of(engine, wanted)
    assert [registry().of(each).reads for each in engine.asked] == [True]
