"""One question to the chain: calls one endpoint after the other until one answers."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from kagami.plugins.api import KagamiError

from .endpoints import BUSY_S, Chain, Turn, judge, wait_of
from .usage import Tried


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said = msgspec.field(default_factory=_Said)


class _Tokens(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    """What we read of https://platform.openai.com/docs/api-reference/chat/object; whatever else is in it is left."""

    choices: list[_Choice]
    usage: _Tokens | None = None


async def ask(http: Any, chain: Chain, body: dict[str, Any], log: Any, tries: list[Tried]) -> str | None:
    """The answer, or nothing when nobody gives one; every call is added to `tries`, and logged without its content."""
    tried: set[tuple[int, int]] = set()
    now = asyncio.get_running_loop().time
    while (turn := chain.choose(now(), tried)) is not None:
        completion = await _call(http, chain, turn, body, tried, log, tries)
        if completion is not None:
            return next((choice.message.content for choice in completion.choices if choice.message.content), "")
    return None


async def _call(
    http: Any, chain: Chain, turn: Turn, body: dict[str, Any], tried: set[tuple[int, int]], log: Any, tries: list[Tried]
) -> _Completion | None:
    """One call; what it came to is told to the chain."""
    endpoint = turn.endpoint
    began = time.monotonic()
    completion, status, wait = None, 0, BUSY_S
    try:
        answer = await http.post(
            endpoint.address,
            json={"model": endpoint.model, **body},
            headers={"Authorization": f"Bearer {turn.key}"} if turn.key else {},
            seconds=endpoint.seconds,
        )
        status, verdict = answer.status, judge(answer.status)
        if verdict == "fine":
            completion = answer.json(_Completion)
        elif retry_after := answer.headers.get("retry-after"):
            wait = wait_of(retry_after, datetime.now(UTC))
        reason = ""
    except (KagamiError, msgspec.DecodeError) as error:  # no answer in time, or one that is no completion
        verdict, reason = "away", type(error).__name__
    chain.learn(turn, verdict, asyncio.get_running_loop().time(), tried, wait)
    took = round((time.monotonic() - began) * 1000)
    tokens = (completion.usage if completion else None) or _Tokens()
    tries.append(
        Tried(
            endpoint.model, endpoint.host, completion is not None, took, tokens.prompt_tokens, tokens.completion_tokens
        )
    )
    (log.info if completion else log.warning)(
        "asked a model",
        model=endpoint.model,
        host=endpoint.host,
        key=turn.slot + 1,
        result=verdict,
        status=status,
        ms=took,
        prompt=tokens.prompt_tokens,
        completion=tokens.completion_tokens,
        reason=reason,
    )
    return completion
