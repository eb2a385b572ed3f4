from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from kagami.core.guard import Caught, GuardEntry
from kagami.core.routing import DROP, PLUGIN, PLUGINS, Decision
from kagami.errors import Denied, NotFound, Refused, UsageError
from kagami.model.event import Event
from kagami.model.message import preview
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.plugins import Reload
from kagami.operations.system import Notices
from kagami.operations.trying import KeepConversation, ListConversations, ReplayConversations, TryMessage
from kagami.ports import Deed, Found, Notice, Parts, Trial, Tried
from kagami.ports.conversations import KeptConversation
from kagami.ports.trials import Reader

MakeParts = Callable[..., Parts]


class Rehearsals:
    """Says again what it is told, and counts; `/ask` takes one answer."""

    def __init__(self) -> None:
        self.ran: list[Trial] = []
        self.read: Reader | None = None
        self.network: list[bool] = []

    @asynccontextmanager
    async def rehearsal(self, *, network: bool = False) -> AsyncIterator[Rehearsals]:
        self.network.append(network)
        yield self

    async def run(self, trial: Trial, read: Reader) -> Tried:
        self.ran.append(trial)
        self.read = read
        asks = trial.event.text == "/ask" and trial.answers
        said = preview(trial.answers[0]) if asks else trial.event.text or trial.event.name
        return Tried("handled", "echo@1", deeds=(Deed("send", said), Deed("log", "x")), answered=int(bool(asks)))


class Routing:
    def __init__(self, to: str = PLUGINS) -> None:
        self.to = to

    def explain(self, event: Event, rules: object = None) -> Found:
        return Found(Decision(self.to, "a rule", 3), [], ["billing"])


class Guard:
    def judge(self, event: Event) -> Caught | None:
        return Caught(GuardEntry("word", "spam", "deny", action="ignore")) if "spam" in event.text else None


class House:
    def notices(self) -> list[Notice]:
        return []


class Folder:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def rows(self) -> list[KeptConversation]:
        return [KeptConversation(name, f"house/sandbox/{name}.txt") for name in sorted(self.kept)]

    async def read(self, name: str) -> str:
        if name not in self.kept:
            raise NotFound(what="conversation", name=name)
        return self.kept[name]

    async def write(self, name: str, text: str) -> KeptConversation:
        self.kept[name] = text
        return KeptConversation(name, f"house/sandbox/{name}.txt")


def made(make_parts: MakeParts, to: str = PLUGINS) -> tuple[Parts, Rehearsals]:
    trials = Rehearsals()
    parts = make_parts(trials=trials, routing=Routing(to), guard=Guard(), conversations=Folder(), house=House())
    return parts, trials


async def test_the_plugins_get_exactly_what_would_have_come(make_parts: MakeParts) -> None:
    parts, trials = made(make_parts)
    tried = await registry().call(
        parts, CONSOLE, TryMessage(text="天气", user="1", chat="group:2", name="me", network=True)
    )
    assert (tried.outcome, tried.number, tried.reason) == ("handled", 3, "a rule")
    event = trials.ran[0].event
    assert (event.user, event.chat, event.name, event.text, event.sender.name) == (
        "1",
        "group:2",
        "group",
        "天气",
        "me",
    )
    assert event.time_ms == parts.clock.wall_ms()
    assert trials.network == [True]
    await registry().call(parts, CONSOLE, TryMessage(event="join", user="7", chat="group:2"))
    assert (trials.ran[1].event.kind, trials.ran[1].event.name) == ("notice", "group_increase.approve")


@pytest.mark.parametrize(
    ("to", "text", "outcome"),
    [(DROP, "hi", "dropped"), ("", "#stop", "denied"), ("pool", "hi", "worker"), (PLUGINS, "spam", "guarded")],
)
async def test_what_no_plugin_would_get_is_not_handled(make_parts: MakeParts, to: str, text: str, outcome: str) -> None:
    parts, trials = made(make_parts, to)
    tried: Tried = await registry().call(parts, CONSOLE, TryMessage(text=text))
    assert (tried.outcome, trials.ran) == (outcome, [])


async def test_a_rule_or_the_operator_may_name_one_plugin(make_parts: MakeParts) -> None:
    parts, trials = made(make_parts, f"{PLUGIN}dice")
    await registry().call(parts, CONSOLE, TryMessage(text="hi"))
    await registry().call(parts, CONSOLE, TryMessage(text="hi", plugin="poll", version="2"))
    assert [(each.only, each.version) for each in trials.ran] == [("dice", ""), ("poll", "2")]


async def test_a_command_of_operators_reads_by_the_rights_of_who_asked_and_changes_nothing(
    make_parts: MakeParts,
) -> None:
    parts, trials = made(make_parts)
    who = Principal("person", "ann", frozenset({"messages:write"}))
    await registry().call(parts, who, TryMessage(text="#x"))
    assert trials.read is not None
    with pytest.raises(Denied):
        await trials.read(Notices())
    await registry().call(parts, CONSOLE, TryMessage(text="#x"))
    assert await trials.read(Notices()) == []
    with pytest.raises(Refused):
        await trials.read(Reload())


async def test_it_needs_the_right_to_write(make_parts: MakeParts) -> None:
    with pytest.raises(Denied):
        await registry().call(
            made(make_parts)[0], Principal("person", "eve", frozenset({"*:read"})), TryMessage(text="x")
        )


async def test_a_kept_conversation_is_held_again_and_what_differs_is_named(make_parts: MakeParts) -> None:
    parts, _ = made(make_parts)
    scripts = {
        "good": "as user:1 chat:group:2\n> hi\n< hi\n> /ask\n> 3\n< 3\n! join\n< group_increase.approve\n",
        "changed": "> hi\n< hello\n",
        "short": "> hi\n",
    }
    for name, script in scripts.items():
        await registry().call(parts, CONSOLE, KeepConversation(name=name, script=script))
    rows = await registry().call(parts, CONSOLE, ReplayConversations())
    assert [(each.name, each.ok, each.line, each.wanted, each.got) for each in rows] == [
        ("changed", False, 2, "hello", "hi"),
        ("good", True, 0, "", ""),
        ("short", False, 1, "", "hi"),
    ]
    assert [each.name for each in await registry().call(parts, CONSOLE, ListConversations())] == [
        "changed",
        "good",
        "short",
    ]


async def test_what_is_no_conversation_or_no_name_is_refused(make_parts: MakeParts) -> None:
    parts, _ = made(make_parts)
    with pytest.raises(UsageError):
        await registry().call(parts, CONSOLE, KeepConversation(name="a", script="what?"))
    with pytest.raises(NotFound):
        await registry().call(parts, CONSOLE, ReplayConversations(name="nothing"))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "../a", "script": ""}, KeepConversation)


async def test_pictures_are_not_kept_in_the_audit() -> None:
    told = msgspec.to_builtins(TryMessage(text="a", images=["base64://AAAA"]).told())
    assert told["images"] == ["13 characters"]
