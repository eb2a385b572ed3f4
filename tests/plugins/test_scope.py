from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kagami import log
from kagami.errors import PluginError
from kagami.plugins.scope import Scope, alarm, belongs, ended, start, strays
from kagami.testing.clock import FakeClock


def new_scope(limit: float = 1.0) -> Scope:
    return Scope("greeter", log.get("greeter"), close_limit=limit)


async def forever() -> None:
    await asyncio.Event().wait()


async def stubborn(release: asyncio.Event) -> None:
    while not release.is_set():
        try:
            await release.wait()
        except asyncio.CancelledError:
            continue


async def test_a_task_is_cancelled_with_its_scope() -> None:
    scope = new_scope()
    task = scope.task(forever())
    assert await scope.close() == []
    assert task.cancelled()


async def test_a_task_that_ended_is_owned_no_more() -> None:
    scope = new_scope()
    await scope.task(asyncio.sleep(0, "value"))
    await asyncio.sleep(0)
    assert len(scope) == 0


async def test_effects_are_undone_the_newest_first() -> None:
    scope, order = new_scope(), list[str]()

    async def later() -> None:
        order.append("third, async")

    @asynccontextmanager
    async def resource() -> AsyncIterator[str]:
        yield "opened"
        order.append("second, entered")

    scope.on_close(lambda: order.append("first, plain"))
    assert await scope.enter(resource()) == "opened"
    scope.on_close(later)
    assert await scope.close() == []
    assert order == ["third, async", "second, entered", "first, plain"]


async def test_closing_twice_is_harmless() -> None:
    scope, count = new_scope(), list[int]()
    scope.on_close(lambda: count.append(1))
    await scope.close()
    assert await scope.close() == []
    assert count == [1]


async def test_a_closed_scope_starts_nothing() -> None:
    scope = new_scope()
    await scope.close()
    with pytest.raises(PluginError, match="it is closed"):
        scope.task(forever())


async def test_an_undo_that_fails_is_reported_with_its_place_and_stops_no_other() -> None:
    scope, order = new_scope(), list[str]()
    scope.on_close(lambda: order.append("still undone"))

    def fail() -> None:
        raise ZeroDivisionError

    scope.on_close(fail)
    (survivor,) = await scope.close()
    assert survivor.startswith(f"on_close of {__file__}:")
    assert "ZeroDivisionError" in survivor
    assert order == ["still undone"]


async def test_an_undo_that_takes_too_long_is_reported() -> None:
    scope = new_scope(0.01)
    scope.on_close(forever)
    (survivor,) = await scope.close()
    assert "it took too long" in survivor


async def test_a_task_that_ignores_its_cancellation_is_reported_with_its_place() -> None:
    scope, release = new_scope(0.01), asyncio.Event()
    task = scope.task(stubborn(release), name="stubborn")
    await asyncio.sleep(0)
    (survivor,) = await scope.close()
    release.set()
    await task
    assert survivor.startswith(f"task stubborn of {__file__}:")
    assert "ignores its cancellation" in survivor


async def test_an_undo_that_ignores_its_cancellation_is_reported() -> None:
    scope, release = new_scope(0.01), asyncio.Event()
    scope.on_close(lambda: stubborn(release))
    (survivor,) = await scope.close()
    release.set()
    assert "it does not end" in survivor


async def test_a_failure_of_a_task_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise OSError("no such socket")

    logger = logging.getLogger("kagami.greeter")
    logger.addHandler(caplog.handler)
    scope = new_scope()
    task = scope.task(fail(), name="poller")
    await asyncio.wait({task})
    await asyncio.sleep(0)
    logger.removeHandler(caplog.handler)
    assert "no such socket" in caplog.text
    assert len(scope) == 0


async def test_a_task_cannot_end_the_process() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    task = new_scope().task(leave())
    with pytest.raises(PluginError, match="SystemExit: 3"):
        await task


async def test_a_task_without_an_owner_is_found_with_its_place() -> None:
    task = start("loose", forever())
    await asyncio.sleep(0)
    found = [place for each, place in strays(__name__) if each is task]
    task.cancel()
    assert found
    assert found[0].startswith(f"{__file__}:")


async def test_a_task_that_waits_inside_foreign_code_is_found() -> None:
    task = start("loose", asyncio.wait_for(forever(), 100))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    found = [each for each, _ in strays(__name__)]
    task.cancel()
    assert len(found) == 1


async def test_tasks_of_others_are_no_strays() -> None:
    task = start("loose", forever())
    await asyncio.sleep(0)
    found = list(strays("somebody.else"))
    task.cancel()
    assert found == []


@pytest.mark.parametrize(("name", "inside"), [("a.b", True), ("a.b.c", True), ("a.bc", False), ("a", False)])
def test_a_module_belongs_to_its_package(name: str, inside: bool) -> None:
    assert belongs(name, "a.b") is inside


async def test_an_alarm_rings_at_its_time() -> None:
    clock, rung = FakeClock(), list[int]()
    bell = alarm(clock, 10, lambda: rung.append(1))
    await clock.asleep()
    await clock.advance(9)
    assert not rung
    await clock.advance(1)
    await bell
    assert rung


async def test_a_task_that_ends_in_time_is_left_alone() -> None:
    task = start("quick", asyncio.sleep(0, 3))
    assert await ended(task, 1.0)
    assert task.result() == 3


async def test_a_task_is_cancelled_at_its_limit() -> None:
    task = start("slow", forever())
    assert await ended(task, 0.01)
    assert task.cancelled()


async def test_what_an_undo_is_bound_to_or_encloses_is_held() -> None:
    scope, bound, enclosed = new_scope(), asyncio.Event(), asyncio.Event()
    scope.on_close(bound.clear)
    scope.on_close(lambda: enclosed.clear())  # noqa: PLW0108 - a closure is meant
    task = scope.task(forever())
    assert {id(bound), id(enclosed), id(task)} <= scope.held()
    assert id(asyncio.Event()) not in scope.held()
    await scope.close()
