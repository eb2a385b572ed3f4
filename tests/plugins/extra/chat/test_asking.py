from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kagami import log
from kagami.net.http import HttpReach
from kagami.plugins.extra.chat.asking import ask
from kagami.plugins.extra.chat.endpoints import Chain
from kagami.plugins.extra.chat.options import Endpoint
from kagami.plugins.extra.chat.usage import Tried
from kagami.ports import Http
from tests.plugins.extra.chat.models import HOST, Model

BODY = {"messages": [{"role": "user", "content": "hi"}]}
VOICE = log.get("test")


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with HttpReach(private=(HOST,)) as reach:
        yield reach.of("chat", ("http:*",))


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model() as model:
        yield model


def endpoint(model: Model, *keys: str) -> Endpoint:
    given = model.endpoint("tiny", *keys)
    return Endpoint(given["url"], given["model"], keys, given["seconds"])


async def test_the_answer_comes_with_its_figures(http: Http, model: Model) -> None:
    model.says("hello", prompt=7, completion=3)
    tries: list[Tried] = []
    assert await ask(http, Chain([endpoint(model, "k")]), BODY, VOICE, tries) == "hello"
    assert (tries[0].fine, tries[0].prompt, tries[0].completion) == (True, 7, 3)
    assert model.asked == [{"model": "tiny", **BODY}]


async def test_keys_are_tried_in_turn_and_counted(http: Http, model: Model) -> None:
    model.fails(401)
    model.fails(429, Retry_After="30")
    tries: list[Tried] = []
    chain = Chain([endpoint(model, "refused", "busy", "good")])
    assert await ask(http, chain, BODY, VOICE, tries) == "ok"
    assert model.keys == ["refused", "busy", "good"]
    assert [each.fine for each in tries] == [False, False, True]


async def test_a_busy_key_waits_as_long_as_it_was_told(http: Http, model: Model) -> None:
    model.fails(429, Retry_After="300")
    chain = Chain([endpoint(model, "k")])
    assert await ask(http, chain, BODY, VOICE, []) is None
    assert chain.states(0)[0].wait > 250
    assert await ask(http, chain, BODY, VOICE, []) is None
    assert len(model.asked) == 1


@pytest.mark.parametrize("body", [{}, {"choices": 3}, ["nothing"], {"error": "in a 200"}])
async def test_an_answer_that_is_none_counts_as_a_failure(http: Http, model: Model, body: Any) -> None:
    model.fails(200, body)
    tries: list[Tried] = []
    assert await ask(http, Chain([endpoint(model)]), BODY, VOICE, tries) is None
    assert not tries[0].fine


async def test_a_host_that_is_not_there_is_passed_over(http: Http, model: Model) -> None:
    away = Endpoint(f"http://{HOST}:1/v1", "away", (), 1.0)
    assert await ask(http, Chain([away, endpoint(model)]), BODY, VOICE, []) == "ok"


async def test_a_host_that_may_not_be_reached_is_passed_over(http: Http, model: Model) -> None:
    private = Endpoint("http://127.0.0.2/v1", "private", ("sk-secret",), 1.0)
    assert await ask(http, Chain([private, endpoint(model)]), BODY, VOICE, []) == "ok"


async def test_a_model_may_have_nothing_to_say(http: Http, model: Model) -> None:
    model.says("")
    assert await ask(http, Chain([endpoint(model)]), BODY, VOICE, []) == ""


async def test_without_a_key_none_is_sent(http: Http, model: Model) -> None:
    await ask(http, Chain([endpoint(model)]), BODY, VOICE, [])
    assert model.keys == [""]


async def test_with_nobody_to_ask_there_is_no_answer(http: Http) -> None:
    assert await ask(http, Chain(), BODY, VOICE, []) is None
