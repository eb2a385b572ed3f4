"""Rules and guard lines in a running engine, and in the next one on the same home."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kagami import log
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.home import Home
from kagami.model.trace import Trace
from kagami.operations.guard import AddGuard
from kagami.operations.messages import Say
from kagami.operations.routes import AddRoute, ExplainRoute, ListRoutes
from kagami.operations.traces import ListTraces

OPEN = {"WS_PORT": "0", "WEBUI_PORT": "0"}


async def trace_of(engine: Engine, text: str) -> Trace:
    """What became of a message in the sandbox."""
    execution = await engine.call(Say(text=text, user="42", chat="group:7"))
    async with asyncio.timeout(10):
        while True:
            traces: list[Trace] = await engine.call(ListTraces())
            found = [each for each in traces if each.execution == execution]
            if found:
                return found[0]
            await engine.parts.store.ledger.flush()


@pytest.mark.service
async def test_what_is_decided_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    settings = load(Home(tmp_path), environ=OPEN)
    async with open_engine(settings, log.Ring()) as engine:
        assert (await trace_of(engine, "/echo hi")).outcome == "handled"
        await engine.call(AddRoute(match="text:/echo no*", to="drop"))
        await engine.call(AddGuard(kind="word", value="敏感词"))
        now = [(await trace_of(engine, text)).outcome for text in ("/echo hi", "/echo no", "/echo 敏感词")]
    async with open_engine(settings, log.Ring()) as engine:
        then = [(await trace_of(engine, text)).outcome for text in ("/echo hi", "/echo no", "/echo 敏感词")]
        listed = await engine.call(ListRoutes())
        told = await engine.call(ExplainRoute(platform="sandbox", user="42", chat="group:7", text="/echo hi"))
    assert now == then == ["handled", "dropped", "guarded"]
    assert (listed.version, listed.rules[0].hits) == (1, 1)
    assert (told.to, told.takers[0].partition("@")[0]) == ("plugins", "echo")
