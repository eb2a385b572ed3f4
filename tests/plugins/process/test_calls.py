from __future__ import annotations

import asyncio

import pytest

from kagami.errors import PluginError, WireError
from kagami.plugins.process import wire
from kagami.plugins.process.calls import DEADLY, DEATHS_KEPT, MOST_REQUESTS, Call, Calls


def result(number: str) -> wire.Result:
    return wire.Result(number, ok=True)


def request(number: str, event: str) -> wire.Storage:
    return wire.Storage(id=number, event=event, name="get")


def gone(call: Call) -> PluginError:
    return PluginError(plugin="x", reason=f"{call.id} is gone")


async def test_a_call_gets_its_requests_and_its_result_in_order() -> None:
    calls = Calls()
    call = calls.open("e")
    assert calls.ask(request("r", call.id))
    calls.end(call.id, result(call.id), strict=True)
    assert [type(await call.next()) for _ in range(2)] == [wire.Storage, wire.Result]
    assert not calls.close(call)


async def test_a_call_that_is_left_early_still_runs_in_the_child() -> None:
    calls = Calls()
    assert calls.close(calls.open("e"))


async def test_a_second_result_is_not_of_the_protocol() -> None:
    calls = Calls()
    call = calls.open("e")
    calls.end(call.id, result(call.id), strict=True)
    with pytest.raises(WireError, match="not given"):
        calls.end(call.id, result(call.id), strict=True)


async def test_a_late_answer_is_forgiven_to_a_child_that_promised_nothing() -> None:
    calls = Calls()
    call = calls.open("e")
    calls.close(call)
    calls.end(call.id, wire.Deeds(call.id), strict=False)
    with pytest.raises(WireError):
        calls.end("2", wire.Deeds("2"), strict=False)


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "", "9" * 99, "²"])
async def test_nobody_may_speak_for_a_call_that_never_was(number: str) -> None:
    calls = Calls()
    calls.open("e")
    with pytest.raises(WireError):
        calls.end(number, result(number), strict=False)


async def test_a_request_outside_of_open_calls_is_served_apart() -> None:
    calls = Calls()
    calls.close(calls.open("e"))
    assert not calls.ask(request("a", ""))
    assert not calls.ask(request("b", "1"))


async def test_the_id_of_an_open_request_is_taken_until_it_is_answered() -> None:
    calls = Calls()
    calls.ask(request("a", ""))
    with pytest.raises(WireError, match="one id"):
        calls.ask(request("a", ""))
    calls.answered(request("a", ""))
    calls.ask(request("a", ""))


async def test_open_requests_are_bounded() -> None:
    calls = Calls()
    for number in range(MOST_REQUESTS):
        calls.ask(request(str(number), ""))
    with pytest.raises(WireError, match="are open"):
        calls.ask(request("more", ""))


async def test_the_end_of_a_cancelled_call_stops_its_bell() -> None:
    calls = Calls()
    call = calls.open("e")
    calls.close(call)
    bell: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(99))
    calls.await_end(call, bell)
    calls.end(call.id, result(call.id), strict=True)
    assert not calls.still_owes(call)
    with pytest.raises(asyncio.CancelledError):
        await bell


async def test_a_death_fails_every_open_call() -> None:
    calls = Calls()
    call = calls.open("e")
    calls.bury(gone, blame=True)
    with pytest.raises(PluginError, match="1 is gone"):
        await call.next()
    assert not calls.close(call)


async def test_three_deaths_are_deadly_and_a_success_clears_the_name() -> None:
    calls = Calls()
    for _ in range(DEADLY):
        assert not calls.deadly("e")
        call = calls.open("e")
        calls.bury(gone, blame=True)
    assert calls.deadly("e")
    calls.succeeded(call)
    assert not calls.deadly("e")


async def test_who_waits_for_people_and_who_is_stopped_is_not_blamed() -> None:
    calls = Calls()
    for _ in range(DEADLY):
        calls.open("asks").asking = 1
        calls.bury(gone, blame=True)
        calls.open("stopped")
        calls.bury(gone, blame=False)
    assert not calls.deadly("asks")
    assert not calls.deadly("stopped")


async def test_the_memory_of_deaths_is_bounded() -> None:
    calls = Calls()
    for number in range(DEATHS_KEPT + 10):
        calls.open(f"e{number}")
        calls.bury(gone, blame=True)
    assert len(calls._deaths) == DEATHS_KEPT


async def test_what_open_requests_hold_is_limited() -> None:
    calls = Calls()
    call = calls.open("e")
    for number in range(8):
        assert calls.ask(request(str(number), call.id), 1 << 20)
    with pytest.raises(WireError, match="bytes"):
        calls.ask(request("one more", call.id), 1 << 20)
    calls.answered(request("0", call.id))
    assert calls.ask(request("one more", call.id), 1 << 20)
