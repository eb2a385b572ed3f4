"""What a process sees of a Redis that breaks, and that everything goes on by itself when it is mended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import NamedTuple

import pytest

from kagami.errors import Unavailable
from kagami.net.supervise import Nursery
from kagami.ports import State
from kagami.state.trouble import FULL, HANGS_UP, REPLICA
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey, free_port
from tests.state.nodes import Heard, hearing, node, until

pytestmark = pytest.mark.service
SILENT, NOBODY, WRONG = "it does not answer", "nobody listens there", "it refuses the name or the password"
LOADING = "it is loading its data"
NOTICED_S, MENDED_S, POST_S = 10.0, 5.0, 0.005


class Place(NamedTuple):
    """A server behind a proxy, and how it is reached."""

    valkey: Valkey
    proxy: FaultProxy

    @property
    def url(self) -> str:
        return self.valkey.url.replace(str(self.valkey.port), str(self.proxy.port))


@asynccontextmanager
async def _place() -> AsyncIterator[Place]:
    async with (
        Valkey("enable-debug-command yes", password="first") as valkey,
        FaultProxy("127.0.0.1", valkey.port) as proxy,
    ):
        yield Place(valkey, proxy)


async def _refuse(place: Place) -> None:
    place.proxy.refuse()


async def _black_hole(place: Place) -> None:
    place.proxy.black_hole()


async def _heal(place: Place) -> None:
    await place.proxy.heal()


async def _kill(place: Place) -> None:
    place.valkey.kill()


async def _start(place: Place) -> None:
    await place.valkey.start()


async def _pause(place: Place) -> None:
    place.valkey.pause()


async def _resume(place: Place) -> None:
    place.valkey.resume()


async def _change_password(place: Place) -> None:
    await place.valkey.ask("CONFIG", "SET", "requirepass", "second")
    place.valkey.password = "second"
    await place.valkey.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


async def _change_it_back(place: Place) -> None:
    await place.valkey.ask("CONFIG", "SET", "requirepass", "first")


async def _fill(place: Place) -> None:
    await place.valkey.ask("CONFIG", "SET", "maxmemory", "1mb")


async def _make_room(place: Place) -> None:
    await place.valkey.ask("CONFIG", "SET", "maxmemory", "0")


async def _demote(place: Place) -> None:
    await place.valkey.ask("REPLICAOF", "127.0.0.1", str(free_port()))


async def _promote(place: Place) -> None:
    await place.valkey.ask("REPLICAOF", "NO", "ONE")


async def _load(place: Place) -> None:
    """Begin anew, and read what was kept so slowly that it does not end."""
    await place.valkey.ask("DEBUG", "POPULATE", "5000", "ballast", "1000")
    await place.valkey.ask("SAVE")
    place.valkey.kill()
    await place.valkey.start("key-load-delay 20000", "loading-process-events-interval-bytes 1024")


async def _be_loaded(place: Place) -> None:
    await place.valkey.ask("CONFIG", "SET", "key-load-delay", "0")


class Fault(NamedTuple):
    breaks: Callable[[Place], Awaitable[None]]
    heals: Callable[[Place], Awaitable[None]]
    trouble: str
    once: bool = True


FAULTS = {
    "killed": Fault(_kill, _start, HANGS_UP),
    "refusing": Fault(_refuse, _heal, NOBODY),
    "stopped": Fault(_pause, _resume, SILENT),
    "black hole": Fault(_black_hole, _heal, SILENT),
    "wrong password": Fault(_change_password, _change_it_back, WRONG),
    "out of memory": Fault(_fill, _make_room, FULL),
    "read-only": Fault(_demote, _promote, REPLICA),
    "loading": Fault(_load, _be_loaded, LOADING, once=False),
}


class Poster:
    """Posts a number a millisecond. `slowest` is what a post took of the processor's time."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.posted = 0
        self.slowest = 0.0

    async def run(self) -> None:
        while True:
            began = time.thread_time()
            self._state.bus.post("p1", [str(self.posted)])
            self.slowest = max(self.slowest, time.thread_time() - began)
            self.posted += 1
            await asyncio.sleep(0.001)


async def _works(state: State, heard: Heard) -> None:
    """A hint, a session, a bucket and the feed, each through the server."""
    mark = f"mark {time.monotonic()}"
    state.bus.post("p2", [mark])
    await heard.got(mark)
    await state.sessions.put("a", mark.encode(), 60)
    assert await state.sessions.get("a") == mark.encode()
    assert await state.buckets.take(mark, 1, 1) == 0.0
    async with aclosing(state.relay.subscribe(["logs"])) as items, Nursery() as nursery:
        got = nursery.start("item", anext(items))
        while not got.done():
            state.relay.publish("logs", mark.encode())
            await asyncio.sleep(0.01)
        assert got.result() == ("logs", mark.encode())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_an_outage_is_noticed_and_outlived(fault: Fault) -> None:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(_place())
        state = await stack.enter_async_context(node(place.url))
        heard = await stack.enter_async_context(hearing(state.bus, "p1", "p2"))
        await _works(state, heard)
        nursery, poster = await stack.enter_async_context(Nursery()), Poster(state)
        nursery.start("poster", poster.run())
        await until(lambda: len(heard.hints) > 10)

        await fault.breaks(place)
        assert await until(lambda: not state.bus.healthy) <= NOTICED_S
        await until(lambda: state.bus.trouble == fault.trouble)
        assert await state.buckets.take("while it is away", 1, 1) == 0.0
        with pytest.raises(Unavailable, match=fault.trouble):
            await state.sessions.get("a")

        await fault.heals(place)
        mended = await until(lambda: state.bus.healthy)
        began = asyncio.get_running_loop().time()
        await _works(state, heard)
        mended += asyncio.get_running_loop().time() - began
    numbers = [int(each) for each in heard.topics["p1"]]
    # A server that reads what it kept may have kept what was heard: then hints come twice.
    assert not fault.once or numbers == sorted(set(numbers)), "a hint came twice, or too late"
    assert (mended <= MENDED_S, poster.slowest <= POST_S) == (True, True), (mended, poster.slowest)
