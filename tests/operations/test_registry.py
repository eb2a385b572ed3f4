from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from kagami.errors import Conflict, Denied, NotFound, StoreClosed
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry as all_operations
from kagami.operations.plugins import Configure, Form, Install, Weigh
from kagami.operations.registry import Operation, Registry, Request, from_words, operation
from kagami.ports import Parts, StorePut

MakeParts = Callable[..., Parts]
READER = Principal("chat", "qq:1", frozenset({"tea:read"}))


class Look(Request, frozen=True):
    pass


class Brew(Request, frozen=True):
    cups: int = 1


@operation("tea.look", "tea:read")
async def look(parts: Parts, request: Look) -> str:
    """Look into the pot.

    Only this long.
    """
    return "half full"


@operation("tea.brew", "tea:write", asks=True)
async def brew(parts: Parts, request: Brew) -> int:
    """Make tea."""
    if request.cups > 9:
        raise Conflict(reason="The pot is too small.")
    return request.cups


@pytest.fixture
def registry() -> Registry:
    return Registry([look, brew])


def audits(parts: Parts) -> Any:
    store: Any = parts.store
    return store.audits


def test_an_operation_is_made_of_its_function() -> None:
    assert (brew.name, brew.scope, brew.asks, brew.request, brew.answer) == ("tea.brew", "tea:write", True, Brew, int)


def test_its_text_is_the_first_line() -> None:
    assert look.text == "Look into the pot."


def test_an_operation_is_found_by_name(registry: Registry) -> None:
    assert registry.find("tea.brew") is brew


def test_an_unknown_name_is_not_found(registry: Registry) -> None:
    with pytest.raises(NotFound, match=r"tea\.drink"):
        registry.find("tea.drink")


def test_an_operation_is_found_by_its_request(registry: Registry) -> None:
    assert registry.of(Brew(cups=2)) is brew


async def test_a_call_gives_the_answer(registry: Registry, make_parts: MakeParts) -> None:
    assert await registry.call(make_parts(), READER, Look()) == "half full"


async def test_reading_leaves_no_audit(registry: Registry, make_parts: MakeParts) -> None:
    parts = make_parts()
    await registry.call(parts, READER, Look())
    assert audits(parts) == []


async def test_a_change_is_audited(registry: Registry, make_parts: MakeParts) -> None:
    parts = make_parts()
    await registry.call(parts, CONSOLE, Brew(cups=2))
    assert audits(parts) == [(1_764_000_000_000, "console", "tea.brew", '{"cups":2}', "ok")]


async def test_a_call_without_its_scope_is_denied_and_audited(registry: Registry, make_parts: MakeParts) -> None:
    parts = make_parts()
    with pytest.raises(Denied, match="tea:write"):
        await registry.call(parts, READER, Brew())
    assert [(who, result) for _, who, _, _, result in audits(parts)] == [("qq:1", "denied")]


async def test_a_refused_change_is_audited(registry: Registry, make_parts: MakeParts) -> None:
    parts = make_parts()
    with pytest.raises(Conflict):
        await registry.call(parts, CONSOLE, Brew(cups=10))
    assert [result for *_, result in audits(parts)] == ["refused: Conflict"]


def test_a_request_refuses_unknown_fields() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"cups": 1, "sugar": 2}, Brew)


OPERATIONS = list(all_operations().by_name.values())


def test_every_operation_has_its_own_request() -> None:
    assert len({each.request for each in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_is_named_by_topic_and_verb(each: Operation) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", each.name)
    # What everybody may do with what is their own has a scope that is of no topic.
    assert each.scope.startswith((f"{each.topic}:", "own:"))


@pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_says_what_it_does_in_a_sentence(each: Operation) -> None:
    assert re.fullmatch(r"[A-Z].*\.", each.text)


@pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.name)
def test_what_only_reads_never_asks(each: Operation) -> None:
    assert not (each.asks and each.scope.endswith(":read"))


@pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: each.name)
def test_every_request_and_answer_has_a_json_schema(each: Operation) -> None:
    schemas, _ = msgspec.json.schema_components([each.request, each.answer])
    assert len(schemas) == 2


def test_words_of_a_table_are_json() -> None:
    found = all_operations().find("plugins.configure")
    request = from_words(found, {"plugin": "weather", "values": '{"city": "上海", "days": 3}'})
    assert request == Configure(plugin="weather", values={"city": "上海", "days": 3})


def test_words_that_are_no_table_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="object"):
        from_words(all_operations().find("plugins.configure"), {"plugin": "weather", "values": "city=上海"})


def test_words_of_simple_fields_are_read_as_their_type() -> None:
    found = all_operations().find("plugins.weigh")
    assert from_words(found, {"plugin": "123", "weight": "10"}) == Weigh(plugin="123", weight=10)


async def test_no_secret_is_in_the_audit(make_parts: MakeParts) -> None:
    parts = make_parts()
    for request in (
        Configure(plugin="weather", values={"api_key": "sk-123"}),
        Install(source="https://me:sk-123@example.org/a.kpk?token=sk-123"),
    ):
        with pytest.raises(Denied):
            await all_operations().call(parts, READER, request)
    assert "sk-123" not in str(audits(parts))
    assert "api_key" in str(audits(parts))
    assert "https://example.org/a.kpk" in str(audits(parts))


async def test_settings_which_may_be_secrets_are_not_for_everybody_who_may_look(make_parts: MakeParts) -> None:
    with pytest.raises(Denied, match="plugins:secret"):
        await all_operations().call(
            make_parts(), Principal("chat", "qq:1", frozenset({"plugins:read"})), Form(plugin="weather")
        )


class Keep(Request, frozen=True):
    word: str


@operation("tea.keep", "tea:write", staged=True)
async def keep(parts: Parts, request: Keep) -> None:
    """Remember a word."""
    parts.facts.put("@tea", "word", request.word)
    if request.word == "bug":
        raise ValueError(request.word)


class Peek(Request, frozen=True):
    pass


class Sip(Request, frozen=True):
    pass


@operation("tea.sip", "tea:write", quiet=True)
async def sip(parts: Parts, request: Sip) -> str:
    """Again and again."""
    return parts.who.name


@operation("tea.peek", "tea:read", watched=True)
async def peek(parts: Parts, request: Peek) -> str:
    """Look at what is private."""
    return parts.who.name


class RecordingStore:
    """Remembers results and writes of rows, and refuses those that it is told to."""

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.rows: list[tuple[str, list[str]]] = []

    async def audit(
        self, at_ms: int, who: Principal, operation: str, target: str, result: str, writes: Sequence[StorePut] = ()
    ) -> None:
        if result == self.refused:
            raise StoreClosed(reason="full")
        self.rows.append((result, [each.key for each in writes]))


async def test_staged_facts_are_written_with_the_row(make_parts: MakeParts) -> None:
    store = RecordingStore()
    await Registry([keep]).call(make_parts(store=store), CONSOLE, Keep(word="oolong"))
    assert store.rows == [("ok", ["word"])]


async def test_what_is_given_up_while_it_is_written_is_still_told(make_parts: MakeParts) -> None:
    told = asyncio.Event()

    @operation("tea.pour", "tea:write", staged=True)
    async def pour(parts: Parts, request: Look) -> None:
        """Pour it."""

        async def listener() -> None:
            told.set()

        parts.facts.then(listener)

    class SlowStore(RecordingStore):
        writing = asyncio.Event()
        going = asyncio.Event()

        async def audit(self, *words: Any, **more: Any) -> None:
            self.writing.set()
            await self.going.wait()
            await super().audit(*words, **more)

    store = SlowStore()
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(Registry([pour]).call(make_parts(store=store), CONSOLE, Look()))
        await store.writing.wait()
        calling.cancel()
    store.going.set()
    async with asyncio.timeout(5):
        await told.wait()


async def test_what_fails_keeps_nothing_and_is_audited(make_parts: MakeParts) -> None:
    store = RecordingStore()
    with pytest.raises(ValueError, match="bug"):
        await Registry([keep]).call(make_parts(store=store), CONSOLE, Keep(word="bug"))
    assert store.rows == [("failed", [])]


async def test_an_act_that_cannot_be_recorded_is_not_done(make_parts: MakeParts) -> None:
    store = RecordingStore(refused="begun")
    with pytest.raises(StoreClosed):
        await Registry([brew]).call(make_parts(store=store), CONSOLE, Brew())
    assert store.rows == []


async def test_watched_reading_is_audited(make_parts: MakeParts) -> None:
    store = RecordingStore()
    assert await Registry([peek]).call(make_parts(store=store), READER, Peek()) == "qq:1"
    assert [result for result, _ in store.rows] == ["begun", "ok"]


async def test_what_is_called_again_and_again_is_audited_only_where_it_is_denied(make_parts: MakeParts) -> None:
    parts = make_parts()
    assert not sip.reads
    assert await Registry((sip,)).call(parts, CONSOLE, Sip()) == CONSOLE.name
    assert audits(parts) == []
    with pytest.raises(Denied):
        await Registry((sip,)).call(parts, READER, Sip())
    assert [row[-1] for row in audits(parts)] == ["denied"]
