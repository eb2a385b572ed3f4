from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any, Literal

import msgspec
import pytest

from kagami import log
from kagami.clock import SystemClock
from kagami.errors import DialogCancelled, DialogClosed, DialogTimeout, WireError
from kagami.model.ids import ChatId, UserId
from kagami.model.segment import Image
from kagami.plugins.dialogs import Desk
from kagami.plugins.kit import Kit
from kagami.plugins.process.guest_context import GuestContext, wanted_of
from kagami.plugins.process.guest_execution import GuestExecution
from kagami.plugins.process.guest_kit import GuestJobs, PipeValues
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from tests.plugins.process.guesthost import ScriptedLine, event_of


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


def context(line: ScriptedLine) -> GuestContext[Settings]:
    clock, voice = SystemClock(), log.get("tested")
    kit = Kit(
        "tested",
        "1.0.0",
        settings=Settings(),
        scope=Scope("tested", voice),
        log=voice,
        desk=Desk(clock),
        values=PipeValues(line),
        clock=clock,
        translate=str,
        catalogue=tuple,
    )
    return GuestContext(kit, GuestExecution(line, {"event": msgspec.to_builtins(event_of("/x"))}, "/"))


def answer(text: str) -> dict[str, Any]:
    return {"event": msgspec.to_builtins(event_of(text))}


def prompts(line: ScriptedLine) -> list[str | None]:
    return [payload["prompt"][0].text if payload["prompt"] else None for _, _, payload in line.asked]


async def test_a_question_is_one_request() -> None:
    line = ScriptedLine(answer("3"))
    assert await context(line).ask("How many?", int, timeout=7) == 3
    ((kind, _, payload),) = line.asked
    assert (kind, payload["timeout"], payload["commands"], payload["resumable"]) == ("Ask", 7, False, False)


async def test_a_wrong_answer_is_asked_again_by_the_child() -> None:
    line = ScriptedLine(answer("x"), answer("99"), answer("2"))
    assert await context(line).ask("How many?", int, le=9) == 2
    assert prompts(line) == ["How many?", "Please answer with a whole number.", "It must be at most 9."]


async def test_tries_are_counted_and_words_of_cancelling_known() -> None:
    with pytest.raises(DialogClosed, match="did not fit"):
        await context(ScriptedLine(*[answer("x")] * 2)).ask("?", int, tries=2)
    with pytest.raises(DialogCancelled):
        await context(ScriptedLine(answer("Cancel"))).ask("?", int)


async def test_the_hosts_word_that_nobody_answered_is_raised() -> None:
    with pytest.raises(DialogTimeout):
        await context(ScriptedLine(DialogTimeout())).confirm("?")


async def test_waiting_says_nothing_and_tells_the_type() -> None:
    line = ScriptedLine(answer("4"))
    assert await context(line).wait_for(int) == 4
    assert (prompts(line), line.asked[0][2]["wanted"]) == ([None], {"kind": "int"})


async def test_choices_with_the_prefix_take_commands() -> None:
    line = ScriptedLine(answer("/b"))
    assert await context(line).choose("Which?", ["/a", "/b"]) == "/b"
    assert line.asked[0][2]["commands"] is True


async def test_an_answer_that_is_no_event_is_an_error() -> None:
    with pytest.raises(WireError):
        await context(ScriptedLine({"event": 3})).ask("?")


def test_jobs_are_those_of_the_host() -> None:
    assert isinstance(context(ScriptedLine()).jobs, GuestJobs)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (None, None),
        (str, {"kind": "text"}),
        (float, {"kind": "float"}),
        (bool, {"kind": "bool"}),
        (timedelta, {"kind": "timedelta"}),
        (UserId, {"kind": "user"}),
        (ChatId, {"kind": "chat"}),
        (Image, {"kind": "image"}),
        (Literal["a", 2], {"options": ["a", "2"]}),
        (Size, {"options": ["s", "SMALL", "l", "LARGE"]}),
    ],
    ids=str,
)
def test_types_of_answers_have_names(kind: Any, wanted: dict[str, object] | None) -> None:
    assert wanted_of(kind) == wanted
