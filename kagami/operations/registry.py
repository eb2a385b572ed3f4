"""What an operator can do, once: a typed request, a typed answer, one scope, one function.

Every face (terminal, chat, HTTP, command line) finds the operation of a request here and runs it by `call`, which is
the only place where scopes are checked and where what changed something is written to the audit. What an operation
stages in `parts.facts` becomes real in one transaction with its row. What else it does cannot be part of one, so a row
says beforehand that it begins: an act that cannot be recorded is not done.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

from kagami.core.scopes import allowed
from kagami.errors import Denied, DoneElsewhere, KagamiError, NotFound
from kagami.model.principal import Principal
from kagami.operations.facts import StagedFacts
from kagami.operations.sound import refuse_odd
from kagami.ports import Parts, StorePut


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all requests: keyword fields, unknown ones refused."""

    def told(self) -> msgspec.Struct:
        """What of it the audit keeps: nothing that may be a secret."""
        return self


def from_words(found: Operation, given: Mapping[str, str]) -> Request:
    """The request that `key=value` words spell; a field that is a table or a list is written as JSON, one of words also
    with commas between them.

    `msgspec.ValidationError` for what does not fit.
    """
    tables = {field.name for field in msgspec.structs.fields(found.request) if get_origin(field.type) in (dict, list)}
    values: dict[str, Any] = {}
    plain = {field.name for field in msgspec.structs.fields(found.request) if field.type == list[str]}
    for name, text in given.items():
        if name in plain and not text.lstrip().startswith("["):
            values[name] = [word for each in text.split(",") if (word := each.strip())]
            continue
        try:
            values[name] = msgspec.json.decode(text) if name in tables and isinstance(text, str) else text
        except msgspec.DecodeError:
            values[name] = text
    return msgspec.convert(values, found.request, strict=False)


# How long the other processes are waited for, each of which says or does its part.
LOOKING_S, ACTING_S = 1.0, 60.0

R = TypeVar("R", bound=Request)
A = TypeVar("A")
Function = Callable[[Parts, R], Awaitable[A]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope` ends in `:read` when nothing changes; `asks` means that every face asks before it calls.

    `staged`: all that it changes is staged in `parts.facts`. `watched`: in the audit though it only reads. `quiet`: not
    in the audit though its right is one to change things, because it is called again and again. `offline`: what is kept
    on the disk is enough for it, so that it can be called where no engine runs. `foretold` makes a request that only
    reads: what this one would come to, for the question before it. `keeper` names the other process that alone can do
    it, empty where that is this one. `merge` makes one answer of what each process says or does.
    """

    topic: str
    verb: str
    scope: str
    asks: bool
    request: type[Request]
    answer: Any
    function: Callable[[Parts, Any], Awaitable[Any]]
    staged: bool = False
    watched: bool = False
    quiet: bool = False
    offline: bool = False
    foretold: Callable[[Any], Request] | None = None
    keeper: Callable[[Parts, Any], str] | None = None
    merge: Callable[[Sequence[Any]], Any] | None = None

    @property
    def reads(self) -> bool:
        return self.scope.endswith(":read") and not self.watched

    @property
    def name(self) -> str:
        return f"{self.topic}.{self.verb}"

    @property
    def text(self) -> str:
        """One English sentence: the first line of the function's docstring."""
        return (self.function.__doc__ or "").partition("\n")[0]


def operation(
    name: str,
    scope: str,
    *,
    asks: bool = False,
    staged: bool = False,
    watched: bool = False,
    quiet: bool = False,
    offline: bool = False,
    foretold: Callable[[Any], Request] | None = None,
    keeper: Callable[[Parts, Any], str] | None = None,
    merge: Callable[[Sequence[Any]], Any] | None = None,
) -> Callable[[Function[R, A]], Operation]:
    """Make an `Operation` of a function `(parts, request)`; its types are read from its annotations."""

    def make(function: Function[R, A]) -> Operation:
        topic, _, verb = name.partition(".")
        hints = get_type_hints(function)
        types = hints["request"], hints["return"]
        return Operation(
            topic,
            verb,
            scope,
            asks,
            *types,
            function,
            staged=staged,
            watched=watched,
            quiet=quiet,
            offline=offline,
            foretold=foretold,
            keeper=keeper,
            merge=merge,
        )

    return make


class Registry:
    """All operations of one engine, by name and by request type."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.by_name = {each.name: each for each in operations}
        self._by_request = {each.request: each for each in self.by_name.values()}
        # What reads facts, changes them and stages them must not overlap with another of its topic.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def find(self, name: str) -> Operation:
        """The operation named `topic.verb`; `NotFound` when there is none."""
        try:
            return self.by_name[name]
        except KeyError:
            raise NotFound(what="operation", name=name) from None

    def of(self, request: msgspec.Struct) -> Operation:
        return self._by_request[type(request)]  # type: ignore[index]

    async def call(self, parts: Parts, who: Principal, request: msgspec.Struct, *, passed_on: bool = False) -> Any:
        """Run the operation of `request` for `who`; `Denied` without its scope, audited when it may change things.

        What another process does is in the audit there; what has been `passed_on` goes no further.
        """
        found = self.of(request)
        refuse_odd(request)
        row = Row(parts, who, found, request)
        if not allowed(who, found.scope):
            await row.write("denied")
            raise Denied(scope=found.scope)
        if found.keeper is not None and (node := found.keeper(parts, request)):
            if passed_on:
                raise DoneElsewhere(node=node)
            return await parts.cluster.calling.call(node, who, request)
        answer = await self._here(row, parts)
        if passed_on or found.merge is None:
            return answer
        patience_s = LOOKING_S if found.reads else ACTING_S
        return found.merge([answer, *await parts.cluster.calling.all(who, request, patience_s)])

    async def _here(self, row: Row, parts: Parts) -> Any:
        found = row.found
        if found.reads or found.quiet:
            return await found.function(replace(parts, who=row.who), row.request)
        if found.staged:
            # To its end, also when nobody waits any more: what is on disk must not be missing in memory.
            return await asyncio.shield(self._in_turn(row, parts))
        await row.write("begun")
        return await self._act(row, parts)

    async def _in_turn(self, row: Row, parts: Parts) -> Any:
        async with self._turns[row.found.topic]:
            return await self._act(row, parts)

    async def _act(self, row: Row, parts: Parts) -> Any:
        found = row.found
        facts = StagedFacts(parts.store)
        ended = "failed"
        try:
            answer = await found.function(replace(parts, who=row.who, facts=facts), row.request)
            ended = "ok"
        except KagamiError as error:
            ended = f"refused: {error.code}"
            raise
        finally:
            await row.write(ended, facts.writes if ended == "ok" else ())
        await facts.tell()
        return answer


@dataclass(frozen=True, slots=True)
class Row:
    """The audit's row of one call."""

    parts: Parts
    who: Principal
    found: Operation
    request: msgspec.Struct

    async def write(self, result: str, writes: Sequence[StorePut] = ()) -> None:
        request = self.request
        target = msgspec.json.encode(request.told() if isinstance(request, Request) else request).decode()
        now = self.parts.clock.wall_ms()
        await self.parts.store.audit(now, self.who, self.found.name, target, result, writes)
