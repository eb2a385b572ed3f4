"""What an operator can do, once: a typed request, a typed answer, one scope, one function.

Every face (terminal, chat, HTTP, command line) finds the operation of a request here and runs it by `call`, which is
the only place where scopes are checked and where what changed something is written to the audit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

from kagami.core.scopes import allowed
from kagami.errors import Denied, KagamiError, NotFound
from kagami.model.principal import Principal
from kagami.ports import Parts


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all requests: keyword fields, unknown ones refused."""

    def told(self) -> msgspec.Struct:
        """What of it the audit keeps: nothing that may be a secret."""
        return self


def from_words(found: Operation, given: Mapping[str, str]) -> Request:
    """The request that `key=value` words spell; a field that is a table or a list is written as JSON.

    `msgspec.ValidationError` for what does not fit.
    """
    tables = {field.name for field in msgspec.structs.fields(found.request) if get_origin(field.type) in (dict, list)}
    values: dict[str, Any] = {}
    for name, text in given.items():
        try:
            values[name] = msgspec.json.decode(text) if name in tables and isinstance(text, str) else text
        except msgspec.DecodeError:
            values[name] = text
    return msgspec.convert(values, found.request, strict=False)


R = TypeVar("R", bound=Request)
A = TypeVar("A")
Function = Callable[[Parts, R], Awaitable[A]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope` ends in `:read` when nothing changes; `asks` means that every face asks before it calls."""

    topic: str
    verb: str
    scope: str
    asks: bool
    request: type[Request]
    answer: Any
    function: Callable[[Parts, Any], Awaitable[Any]]

    @property
    def name(self) -> str:
        return f"{self.topic}.{self.verb}"

    @property
    def text(self) -> str:
        """One English sentence: the first line of the function's docstring."""
        return (self.function.__doc__ or "").partition("\n")[0]


def operation(name: str, scope: str, *, asks: bool = False) -> Callable[[Function[R, A]], Operation]:
    """Make an `Operation` of a function `(parts, request)`; its types are read from its annotations."""

    def make(function: Function[R, A]) -> Operation:
        topic, _, verb = name.partition(".")
        hints = get_type_hints(function)
        return Operation(topic, verb, scope, asks, hints["request"], hints["return"], function)

    return make


class Registry:
    """All operations of one engine, by name and by request type."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.by_name = {each.name: each for each in operations}
        self._by_request = {each.request: each for each in self.by_name.values()}

    def find(self, name: str) -> Operation:
        """The operation named `topic.verb`; `NotFound` when there is none."""
        try:
            return self.by_name[name]
        except KeyError:
            raise NotFound(what="operation", name=name) from None

    def of(self, request: msgspec.Struct) -> Operation:
        return self._by_request[type(request)]  # type: ignore[index]

    async def call(self, parts: Parts, who: Principal, request: msgspec.Struct) -> Any:
        """Run the operation of `request` for `who`; `Denied` without its scope, audited when it may change things."""
        found = self.of(request)
        if not allowed(who, found.scope):
            await self._audit(parts, who, found, request, "denied")
            raise Denied(scope=found.scope)
        if found.scope.endswith(":read"):
            return await found.function(parts, request)
        try:
            answer = await found.function(parts, request)
        except KagamiError as error:
            await self._audit(parts, who, found, request, f"refused: {error.code}")
            raise
        await self._audit(parts, who, found, request, "ok")
        return answer

    async def _audit(
        self, parts: Parts, who: Principal, found: Operation, request: msgspec.Struct, result: str
    ) -> None:
        target = msgspec.json.encode(request.told() if isinstance(request, Request) else request).decode()
        await parts.store.audit(parts.clock.wall_ms(), who, found.name, target, result)
