"""What a person is told before an operation that asks: what was given, and what it would come to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

from kagami.errors import Denied
from kagami.i18n import Translate, mark
from kagami.operations.registry import Operation, Request

LONGEST_VALUE = 80
CONCERNS = mark("concerns")


async def told_before(
    found: Operation, request: msgspec.Struct, call: Callable[[msgspec.Struct], Awaitable[Any]], t: Translate = str
) -> list[tuple[str, str]]:
    """Names and short values for the question before `request`; `call` asks the engine what only reads.

    A request that would be refused for what it asks is refused here already.
    """
    rows = wanted_of(request)
    if found.foretold is not None:
        with suppress(Denied):  # who may do a thing need not be one who may look
            rows.append((t(CONCERNS), _line(await call(found.foretold(request)))))
    return rows


def wanted_of(request: msgspec.Struct) -> list[tuple[str, str]]:
    """What of a request differs from what goes without saying.

    Values are foreign text, whatever they are; what the audit does not keep is not told either.
    """
    told = msgspec.to_builtins(request.told() if isinstance(request, Request) else request)
    return [(name, _short(_value(each))) for name, each in told.items()]


def _line(answer: msgspec.Struct) -> str:
    """Fields that have something: `messages 12, traces 40`."""
    told = [f"{name} {_value(each)}" for name, each in msgspec.to_builtins(answer).items() if each]
    return _short(", ".join(told) or "0")


def _value(each: object) -> str:
    return each if isinstance(each, str) else msgspec.json.encode(each).decode()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
