from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvloop

from kagami.plugins.census import CENSUS, Book, Census
from kagami.plugins.listening import open_book, watch_loop

OWNER = "kagami_plugins.heard.v1"
CODE = """
import asyncio, logging, socket, threading

def file(path):
    return open(path)

def connect():
    return socket.socket()

def thread():
    thread = threading.Thread(target=int)
    thread.start()
    return thread

def handler():
    logging.getLogger("tests.listening").addHandler(logging.NullHandler())

async def task():
    return asyncio.create_task(asyncio.sleep(0))

async def sleep():
    await asyncio.sleep(0.001)

async def timers():
    loop = asyncio.get_running_loop()
    return loop.call_later(60, print), loop.call_at(loop.time() + 60, print)

async def pool():
    await asyncio.to_thread(int)
    await asyncio.get_running_loop().run_in_executor(None, int)
"""


@pytest.fixture
def plugin() -> ModuleType:
    module = ModuleType(f"{OWNER}.main")
    exec(compile(CODE, "/code/main.py", "exec"), vars(module))  # noqa: S102 - the code of a plugin
    return module


@pytest.fixture
def book() -> Iterator[Book]:
    yield open_book(OWNER)
    CENSUS.close(OWNER)


def noted(book: Book) -> list[tuple[str, int]]:
    return [(note.kind, note.place[1]) for note in book.things.values()]


def test_an_open_file_is_heard_of(book: Book, plugin: Any) -> None:
    with plugin.file(__file__) as file:
        assert book.files == {file.fileno(): (__file__, ("/code/main.py", 5))}


def test_a_file_that_is_not_there_is_an_error_as_ever(book: Book, plugin: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plugin.file(tmp_path / "none")
    with pytest.raises(TypeError):
        plugin.file(None)


def test_a_socket_is_heard_of_while_it_lives(book: Book, plugin: Any) -> None:
    with plugin.connect():
        assert noted(book) == [("socket", 8)]
    assert noted(book) == []


def test_a_thread_is_heard_of(book: Book, plugin: Any) -> None:
    thread = plugin.thread()
    assert noted(book) == [("thread", 12)]
    thread.join()


def test_a_handler_of_a_logger_is_heard_of(book: Book, plugin: Any) -> None:
    plugin.handler()
    assert noted(book) == [("handler", 16)]
    logging.getLogger("tests.listening").handlers.clear()


async def test_a_task_and_timers_are_heard_of_and_a_sleep_is_not(book: Book, plugin: Any) -> None:
    open_book(OWNER)  # the loop runs only now
    task, timers = await plugin.task(), await plugin.timers()
    await plugin.sleep()
    assert noted(book) == [("task", 19), ("timer", 26), ("timer", 26)]
    await task
    for timer in timers:
        timer.cancel()


async def test_the_threads_of_the_loops_pool_are_its_own(book: Book, plugin: Any) -> None:
    open_book(OWNER)
    await plugin.pool()
    assert noted(book) == []


async def test_a_pool_of_somebodys_own_is_his(book: Book) -> None:
    open_book(OWNER)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(1) as pool:
        assert await asyncio.get_running_loop().run_in_executor(pool, threading.get_ident) != threading.get_ident()


def test_what_others_do_is_not_noted(book: Book) -> None:
    with Path(__file__).open() as file:
        assert file.fileno() not in book.files


def test_a_loop_is_watched_once() -> None:
    for make in (asyncio.new_event_loop, uvloop.new_event_loop):
        loop = make()
        watch_loop(CENSUS, loop)
        first = loop.call_later
        watch_loop(CENSUS, loop)
        assert loop.call_later is first
        loop.close()


def test_a_loop_that_cannot_be_changed_is_left_as_it_is() -> None:
    class Fixed:
        __slots__ = ()

    watch_loop(Census(), Fixed())  # type: ignore[arg-type]


async def test_what_the_loop_gives_is_what_it_gave(book: Book) -> None:
    open_book(OWNER)
    loop = asyncio.get_running_loop()
    task = loop.create_task(asyncio.sleep(0, 3), name="mine")
    assert (await task, task.get_name()) == (3, "mine")
    assert await loop.run_in_executor(None, int, "4") == 4
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
    transport.close()
    server.close()
    assert inspect.iscoroutinefunction(loop.create_connection)
