"""How the census hears of what is started.

Files and sockets by CPython's audit events, the rest by standing in front of the methods that start it: those of the
event loop, `threading.Thread.start` and `logging.Logger.addHandler`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from kagami.plugins.census import CENSUS, HOST, Book, Census, Watch

_OPENERS = (
    "create_connection",
    "create_unix_connection",
    "create_datagram_endpoint",
    "create_server",
    "create_unix_server",
    "connect_read_pipe",
    "connect_write_pipe",
)
_WATCHES = ("add_reader", "add_writer", "add_signal_handler")

_listening = False


def open_book(owner: str) -> Book:
    """Note from here on what code of the module `owner` and below starts: on the running loop, and everywhere."""
    global _listening  # noqa: PLW0603 - an audit hook is for good, so there is one in a process
    if not _listening:
        _listening = True
        sys.addaudithook(_hook(CENSUS))
        _stand_before_threads(CENSUS)
        _stand_before_handlers(CENSUS)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return CENSUS.open(owner)
    watch_loop(CENSUS, loop)
    return CENSUS.open(owner)


def _hook(census: Census) -> Callable[[str, tuple[Any, ...]], None]:
    """The audit hook, a plain function: for a method CPython does three times the work at every event.

    An error in it would make what is audited fail.
    """
    getframe = sys._getframe  # noqa: SLF001 - the way to the caller's frame that costs least

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            if not census.books:
                return
            if found := census.book_of(getframe(1)):
                census.note_file(args[0], *found)
            elif type(args[0]) is str and args[0] in census.paths:
                census.settle(args[0])
        elif event == "socket.__new__" and census.books and isinstance(args[0], socket.socket):
            census.note("socket", args[0], getframe(1))

    return heard


def _stand_before_threads(census: Census) -> None:
    begin = threading.Thread.start

    def start(self: threading.Thread) -> None:
        census.note("thread", self, sys._getframe(1))  # noqa: SLF001
        begin(self)

    setattr(threading.Thread, "start", start)  # noqa: B010 - a type checker takes a method for constant


def _stand_before_handlers(census: Census) -> None:
    add = logging.Logger.addHandler

    def add_handler(self: logging.Logger, hdlr: logging.Handler) -> None:
        add(self, hdlr)
        census.note("handler", hdlr, sys._getframe(1), self)  # noqa: SLF001

    setattr(logging.Logger, "addHandler", add_handler)  # noqa: B010


def watch_loop(census: Census, loop: asyncio.AbstractEventLoop) -> None:
    """Stand before the methods of this loop that start something. A loop that cannot be changed is left as it is."""
    try:
        mine = vars(loop)
    except TypeError:
        return
    if "_kagami_census" in mine:
        return
    changed: dict[str, Any] = {"_kagami_census": True, "create_task": _task_maker(census, loop)}
    changed |= {name: _timer_maker(census, loop, name) for name in ("call_later", "call_at")}
    changed |= {name: _opener(census, loop, name) for name in _OPENERS}
    for name in _WATCHES:
        changed |= _watch_maker(census, loop, name)
    changed["run_in_executor"] = _runner(census, loop)
    mine.update(changed)


def _task_maker(census: Census, loop: asyncio.AbstractEventLoop) -> Callable[..., asyncio.Task[Any]]:
    make, getframe, owner_of = loop.create_task, sys._getframe, census.owners.get  # noqa: SLF001

    def create_task(coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
        task = make(coro, **options)
        frame = getframe(1)
        if owner_of(frame.f_globals.get("__name__")) is not HOST:
            census.note_task(task, frame)
        return task

    return create_task


def _timer_maker(census: Census, loop: asyncio.AbstractEventLoop, name: str) -> Callable[..., asyncio.TimerHandle]:
    make, getframe, owner_of = getattr(loop, name), sys._getframe, census.owners.get  # noqa: SLF001

    def call(when: float, callback: Callable[..., object], *args: Any, **options: Any) -> asyncio.TimerHandle:
        timer: asyncio.TimerHandle = make(when, callback, *args, **options)
        frame = getframe(1)
        name = frame.f_globals.get("__name__")
        # A timer of asyncio's own, as of `sleep`, goes with the task that waits for it.
        if owner_of(name) is not HOST and not str(name).startswith("asyncio."):
            census.note("timer", timer, frame, (loop, callback))
        return timer

    return call


def _opener(census: Census, loop: asyncio.AbstractEventLoop, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    make = getattr(loop, name)

    async def create(*args: Any, **options: Any) -> Any:
        made = await make(*args, **options)
        transport = made[0] if isinstance(made, tuple) else made
        census.note("server" if transport is made else "connection", transport, sys._getframe(1))  # noqa: SLF001
        return made

    return create


def _watch_maker(census: Census, loop: asyncio.AbstractEventLoop, name: str) -> dict[str, Callable[..., Any]]:
    undo = name.replace("add", "remove", 1)
    add, remove = getattr(loop, name), getattr(loop, undo)

    def forget(key: int) -> None:
        for book in census.books.values():
            book.watches.pop((id(loop), name, key), None)

    def added(which: Any, callback: Callable[..., object], *args: Any) -> None:
        add(which, callback, *args)
        key = _key(which)
        forget(key)
        if census.books and (found := census.book_of(sys._getframe(1))):  # noqa: SLF001
            book, place = found
            book.watches[id(loop), name, key] = Watch(f"{name} {which}", place, lambda: remove(which))

    def removed(which: Any) -> bool:
        forget(_key(which))
        return bool(remove(which))

    return {name: added, undo: removed}


def _key(which: Any) -> int:
    """The number of a signal, or of a file or what has one."""
    return int(which) if isinstance(which, int) else int(which.fileno())


def _runner(census: Census, loop: asyncio.AbstractEventLoop) -> Callable[..., asyncio.Future[Any]]:
    run = loop.run_in_executor

    def run_in_executor(executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        # The threads of the loop's own pool are nobody else's.
        future: asyncio.Future[Any] = (
            run(executor, func, *args) if executor is not None else census.quietly(run, executor, func, *args)
        )
        return future

    return run_in_executor
