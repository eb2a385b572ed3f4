"""A login, step by step, with people at its side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.adapters.login import LoginWalk
from kagami.errors import UsageError
from kagami.net.supervise import Nursery
from kagami.ports import Choice
from kagami.testing.clock import settle


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as opened:
        yield opened


async def by_code(walk: LoginWalk) -> None:
    said = await walk.answered("ask", "Give the code.", asks=("code",))
    walk.show("done" if said == {"code": "42"} else "failed", "That was it.")


async def by_qr(walk: LoginWalk) -> None:
    for number in range(9):
        walk.show("qr", "Scan this.", qr=f"https://q.example/{number}")
        await walk.refreshed(60)


async def test_a_newer_step_is_waited_for(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_code)
    first = await walk.step()
    step = await walk.step(first.number, 5)
    assert (first.kind, step.kind, step.asks) == ("wait", "ask", ("code",))


async def test_the_present_step_is_given_when_none_comes_in_time(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_code)
    await settle()
    now = await walk.step()
    assert await walk.step(now.number, 0.01) == now


async def test_an_answer_leads_on(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_code)
    await settle()
    await walk.answer({"code": "42"})
    async with asyncio.timeout(5):
        while not (step := await walk.step()).over:
            await walk.step(step.number, 1)
    assert step.kind == "done"


@pytest.mark.parametrize("words", [{}, {"code": ""}, {"other": "42"}])
async def test_another_answer_is_refused(nursery: Nursery, words: dict[str, str]) -> None:
    walk = LoginWalk(nursery, "one", by_code)
    await settle()
    with pytest.raises(UsageError, match="waits for something else"):
        await walk.answer(words)


async def test_only_what_is_offered_can_be_chosen(nursery: Nursery) -> None:
    async def choosing(walk: LoginWalk) -> None:
        chosen = await walk.answered("choose", "Who?", choices=(Choice("10001", "Mira"),))
        walk.show("done", "Hello {who}.", fields={"who": chosen["choice"]})

    walk = LoginWalk(nursery, "one", choosing)
    await settle()
    with pytest.raises(UsageError, match="none of the choices"):
        await walk.answer({"choice": "10002"})
    await walk.answer({"choice": "10001"})
    await settle()
    assert (await walk.step()).fields == {"who": "10001"}


async def test_another_code_comes_when_it_is_asked_for(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_qr)
    await settle()
    before = await walk.step()
    await walk.refresh()
    after = await walk.step(before.number, 5)
    assert (before.qr, after.qr) == ("https://q.example/0", "https://q.example/1")


async def test_the_same_step_again_is_no_news(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_qr)
    await settle()
    before = await walk.step()
    walk.show("qr", "Scan this.", qr=before.qr)
    assert await walk.step() == before


async def test_what_is_given_up_is_over(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_qr)
    await settle()
    await walk.close()
    assert (await walk.step()).kind == "failed"
    assert walk.over


async def test_one_that_is_given_up_before_it_began_is_over(nursery: Nursery) -> None:
    walk = LoginWalk(nursery, "one", by_code)
    await walk.close()
    assert walk.over


async def test_an_answer_that_came_too_late_is_none_to_the_next_question(nursery: Nursery) -> None:
    go_on = asyncio.Event()

    async def asking(walk: LoginWalk) -> None:
        await walk.answered("ask", "Give the password.", asks=("password",))
        await go_on.wait()
        said = await walk.answered("ask", "Give the code.", asks=("code",))
        walk.show("done", "{code}", fields=said)

    walk = LoginWalk(nursery, "one", asking)
    await settle()
    for password in ("one", "another"):
        await walk.answer({"password": password})
        await settle()
    go_on.set()
    await settle()
    await walk.answer({"code": "42"})
    await settle()
    assert (await walk.step()).fields == {"code": "42"}
