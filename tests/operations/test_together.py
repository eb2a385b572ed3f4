from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from kagami.core.partition import part_of
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.plugins import EndDialog, ListDialogs, ListPlugins, Release, Reload
from kagami.operations.together import listed, plugins
from kagami.ports import DialogRow, NodeRow, NodeState, PluginRow, ReloadRow, VersionRow
from tests.operations.test_plugins import MakeParts

HERE = PluginRow(
    "weather",
    "1.1.0",
    "Weather",
    "active",
    handled=10,
    failed=1,
    p95_ms=3.0,
    versions=(VersionRow("1.1.0", "active", events=10, errors=1, p95_ms=3.0, open=1),),
)
THERE = PluginRow(
    "weather",
    "1.1.0",
    "Weather",
    "quarantined",
    error="it blocked the loop",
    handled=5,
    failed=4,
    p95_ms=9.0,
    versions=(
        VersionRow("1.1.0", "quarantined", events=5, errors=4, p95_ms=9.0, open=2, error="it blocked the loop"),
        VersionRow("1.0.0", "draining", open=1, survivors=("task tick",)),
    ),
)
ECHO = PluginRow("echo", "1.0.0", "Echo", "active")


def test_a_plugin_is_told_once_with_what_it_does_everywhere() -> None:
    (row,) = plugins([[HERE], [THERE]])
    assert (row.handled, row.failed, row.p95_ms) == (15, 5, 9.0)
    first, second = row.versions
    assert (first.events, first.errors, first.p95_ms, first.open) == (15, 5, 9.0, 3)
    assert (second.version, second.open, second.survivors) == ("1.0.0", 1, ("task tick",))


def test_trouble_at_one_process_is_its_trouble() -> None:
    (row,) = plugins([[HERE], [THERE]])
    assert (row.state, row.error) == ("quarantined", "it blocked the loop")
    assert (row.versions[0].state, row.versions[0].error) == ("quarantined", "it blocked the loop")


def test_one_that_only_another_process_has_is_told_too() -> None:
    assert [row.id for row in plugins([[HERE], [ECHO]])] == ["weather", "echo"]


def test_alone_everything_is_as_it_is() -> None:
    assert plugins([[HERE, ECHO]]) == [HERE, ECHO]


def test_rows_stand_behind_one_another() -> None:
    assert listed([[1], [], [2, 3]]) == [1, 2, 3]


# --- operations -------------------------------------------------------------------------------------------------------

QUESTION = DialogRow(BotId("qq:1"), ChatId("group:1"), UserId("2"), "book@1.0.0", "How many?", 0, 1)
PART = part_of(QUESTION.bot, QUESTION.chat)


class Here:
    """The plugins of this process."""

    def rows(self) -> list[PluginRow]:
        return [HERE]

    def dialogs(self) -> list[DialogRow]:
        return []

    async def release(self, plugin: str) -> None:
        """It is released."""

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        return [ReloadRow("weather", "1.0.0", "1.1.0", open=1)]

    def end_dialog(self, *_: str) -> str:
        return "ended here"


@dataclass
class Others:
    """This process and another one, which answers whatever it is asked; both `ports.Processes` and `ports.Calls`."""

    answers: list[Any] = field(default_factory=list)
    seen_s: float = 1.0
    has: str = "there"
    node: str = "here"
    patience_s: float = 15.0
    asked: list[tuple[str, Principal, msgspec.Struct]] = field(default_factory=list)

    @property
    def calling(self) -> Others:
        return self

    def rows(self) -> list[NodeRow]:
        parts = {self.has: (PART,)}
        return [
            NodeRow(name, "worker", number, self.seen_s, NodeState(parts=parts.get(name, ())))
            for number, name in enumerate(("here", "there"))
        ]

    async def all(self, who: Principal, request: msgspec.Struct, seconds: float) -> list[Any]:
        self.asked.append(("*", who, request))
        return self.answers

    async def call(self, node: str, who: Principal, request: msgspec.Struct) -> str:
        self.asked.append((node, who, request))
        return "ended there"


async def ask(make_parts: MakeParts, others: Others, request: msgspec.Struct, *, passed_on: bool = False) -> Any:
    return await registry().call(make_parts(plugins=Here(), cluster=others), CONSOLE, request, passed_on=passed_on)


async def test_plugins_are_told_of_all_processes(make_parts: MakeParts) -> None:
    (row,) = await ask(make_parts, Others([[THERE]]), ListPlugins())
    assert row.handled == 15


async def test_questions_are_told_of_all_processes(make_parts: MakeParts) -> None:
    assert await ask(make_parts, Others([[QUESTION]]), ListDialogs()) == [QUESTION]


async def test_a_reload_is_everywhere_and_tells_what_went_wrong_anywhere(make_parts: MakeParts) -> None:
    there = ReloadRow("weather", "1.0.0", "1.0.0", "it is broken", survivors=("task tick",), open=2)
    others = Others([[there]])
    told = await ask(make_parts, others, Reload(plugin="weather"))
    assert told == [ReloadRow("weather", "1.0.0", "1.1.0", "it is broken", survivors=("task tick",), open=3)]


async def test_a_plugin_is_released_everywhere(make_parts: MakeParts) -> None:
    others = Others([None])
    await ask(make_parts, others, Release(plugin="weather"))
    assert others.asked == [("*", CONSOLE, Release(plugin="weather"))]


@pytest.mark.parametrize("wanted", [ListPlugins(), ListDialogs(), Reload(), Release(plugin="weather")])
async def test_who_is_asked_by_another_process_asks_nobody(make_parts: MakeParts, wanted: msgspec.Struct) -> None:
    others = Others([[THERE]])
    await ask(make_parts, others, wanted, passed_on=True)
    assert not others.asked


END = EndDialog(bot=QUESTION.bot, chat=QUESTION.chat, user=QUESTION.user)


async def test_a_question_is_ended_by_the_process_that_handles_its_chat(make_parts: MakeParts) -> None:
    others = Others()
    assert await ask(make_parts, others, END) == "ended there"
    assert others.asked == [("there", CONSOLE, END)]


@pytest.mark.parametrize("others", [Others(has="here"), Others(has=""), Others(seen_s=16.0)])
async def test_it_is_ended_here_where_no_living_process_has_the_chat(make_parts: MakeParts, others: Others) -> None:
    assert await ask(make_parts, others, END) == "ended here"
