from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvloop

from kagami.plugins.loader import Package
from kagami.plugins.survivors import Reckoning, Survivor, loose, reckon, undo
from kagami.testing.chat import chat_with

Write = Callable[..., Path]
EMPTY = "from kagami.plugins.api import Plugin\nplugin = Plugin()"


Test = Callable[..., Coroutine[Any, Any, None]]


def on_each_loop(test: Test) -> Callable[..., None]:
    """Run a test on the loop of asyncio and on the one that the engine has."""

    @pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
    @functools.wraps(test)
    def run(factory: Callable[[], asyncio.AbstractEventLoop], **given: Any) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(test(**given))

    own = inspect.Parameter("factory", inspect.Parameter.KEYWORD_ONLY)
    vars(run)["__signature__"] = inspect.Signature([*inspect.signature(test).parameters.values(), own])
    kept: Callable[..., None] = run
    return kept


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module outside, where plugins can put things."""
    module = ModuleType("tests_survivors_shelf")
    vars(module).update(kept=[], leak=threading.Event(), port=0)
    monkeypatch.setitem(sys.modules, "tests_survivors_shelf", module)
    yield module
    vars(module)["leak"].set()


LEAKY = """\
import asyncio, logging, socket, threading
from kagami.plugins.api import Context, Plugin, Settings
from tests_survivors_shelf import leak
plugin = Plugin()
kept = []

async def tick():
    while True:
        await asyncio.sleep(0.01)

def work():
    leak.wait()

@plugin.command("leak")
async def make(ctx: Context[Settings]):
    kept.append(asyncio.create_task(tick()))
    kept.append(asyncio.get_running_loop().call_later(3600, work))
    threading.Thread(target=work, daemon=True).start()
    kept.append(socket.socket())
    kept.append(open(__file__))
    logging.getLogger("tests.survivors").addHandler(logging.NullHandler())
"""


@on_each_loop
async def test_a_plugin_that_leaks_one_of_each_is_reported_six_times_with_the_place_of_each(
    tmp_path: Path, write: Write, shelf: ModuleType
) -> None:
    folder = write("leaky")
    (folder / "main.py").write_text(LEAKY)
    async with chat_with(tmp_path) as chat:
        await chat.says("/leak")
        await chat.finished()
        (folder / "main.py").write_text(EMPTY)
        (row,) = await chat.host.office.reload("leaky")
    lines = {line: text.strip() for line, text in enumerate(LEAKY.splitlines(), 1)}
    seen = sorted((each.split(" ")[0], int(each.split("main.py:")[1].split(":")[0])) for each in row.survivors)
    assert [kind for kind, _ in seen] == ["file", "handler", "socket", "task", "thread", "timer"], row.survivors
    made = {"file": "open(", "handler": "addHandler", "socket": "socket(", "task": "create_task"}
    made |= {"thread": ".start()", "timer": "call_later"}
    assert all(made[kind] in lines[line] for kind, line in seen), row.survivors
    assert not logging.getLogger("tests.survivors").handlers


@on_each_loop
async def test_a_plugin_that_cleans_up_survives_nowhere(tmp_path: Path, write: Write, shelf: ModuleType) -> None:
    clean = """
    import asyncio, logging, socket, threading
    from kagami.plugins.api import Lifetime, Plugin, Settings
    plugin, stop = Plugin(), threading.Event()

    @plugin.start
    async def begin(life: Lifetime[Settings]) -> None:
        task = asyncio.create_task(asyncio.sleep(3600))
        life.scope.on_close(task.cancel)
        life.scope.task(asyncio.sleep(3600))
        life.scope.on_close(asyncio.get_running_loop().call_later(3600, print).cancel)
        threading.Thread(target=stop.wait).start()
        life.scope.on_close(stop.set)
        life.scope.on_close(socket.socket().close)
        life.scope.on_close(open(__file__).close)
        logger, handler = logging.getLogger("tests.survivors"), logging.NullHandler()
        logger.addHandler(handler)
        life.scope.on_close(lambda: logger.removeHandler(handler))
    """
    folder = write("clean", main=clean)
    async with chat_with(tmp_path) as chat:
        (folder / "main.py").write_text(EMPTY)
        (row,) = await chat.host.office.reload("clean")
    assert (row.error, row.survivors) == ("", ())


@asynccontextmanager
async def loaded(write: Write, code: str) -> AsyncIterator[tuple[Package, Callable[[], Any]]]:
    """A version of which `value` is called from outside, as the host does; what it left is undone at the end."""
    package = Package("greeter", write("greeter", main=code))
    try:
        yield package, package.load("main:value")
    finally:
        await reckon(package.name)
        package.unload(verify=False)


def kinds(found: Reckoning) -> list[str]:
    return [each.kind for each in found.survivors]


async def listen() -> asyncio.Server:
    async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    return await asyncio.start_server(meet, "127.0.0.1", 0)


@on_each_loop
async def test_a_task_that_waits_for_others_is_one_survivor(write: Write) -> None:
    code = """
        import asyncio
        async def inner():
            await asyncio.gather(asyncio.sleep(3600), asyncio.wait_for(asyncio.sleep(3600), 7200))
        async def value():
            kept.append(asyncio.create_task(inner(), name="outer"))
            await asyncio.sleep(0.01)
        kept = []
    """
    async with loaded(write, code) as (package, value):
        await value()
        (survivor,) = (await reckon(package.name)).survivors
    assert (survivor.kind, survivor.what) == ("task", "outer")


@on_each_loop
async def test_a_task_that_a_leaked_task_made_and_forgot_is_a_survivor_too(write: Write) -> None:
    code = """
        import asyncio
        kept = []
        async def outer():
            kept.append(asyncio.create_task(asyncio.sleep(3600), name="inner"))
            await asyncio.sleep(3600)
        async def value():
            kept.append(asyncio.create_task(outer(), name="outer"))
            await asyncio.sleep(0.01)
    """
    async with loaded(write, code) as (package, value):
        await value()
        found = await reckon(package.name)
    assert [each.what for each in found.survivors] == ["outer", "inner"]


@on_each_loop
async def test_a_task_that_ignores_its_cancellation_is_still_running(write: Write, shelf: ModuleType) -> None:
    code = """
        import asyncio
        from tests_survivors_shelf import kept, leak
        async def stubborn():
            while not leak.is_set():
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    continue
        async def value():
            kept.append(asyncio.create_task(stubborn()))
            await asyncio.sleep(0)
    """
    async with loaded(write, code) as (package, value):
        await value()
        found = await reckon(package.name, patient=False)
        shelf.leak.set()
        await shelf.kept[0]
    assert found.running
    assert kinds(found) == ["task"]


@on_each_loop
async def test_a_task_that_closes_its_own_socket_when_it_is_cancelled_is_one_survivor(write: Write) -> None:
    code = """
        import asyncio, socket
        kept = []
        async def hold():
            with socket.socket():
                await asyncio.sleep(3600)
        async def value():
            kept.append(asyncio.create_task(hold()))
            await asyncio.sleep(0)
    """
    async with loaded(write, code) as (package, value):
        await value()
        assert kinds(await reckon(package.name)) == ["task"]


@on_each_loop
async def test_a_log_handler_closes_its_own_file(write: Write, tmp_path: Path) -> None:
    code = f"""
        import logging
        def value():
            handler = logging.FileHandler({str(tmp_path / "own.log")!r})
            logging.getLogger("tests.survivors").addHandler(handler)
    """
    async with loaded(write, code) as (package, value):
        value()
        assert kinds(await reckon(package.name)) == ["handler"]
    assert not logging.getLogger("tests.survivors").handlers


@on_each_loop
async def test_a_connection_is_a_socket(write: Write, shelf: ModuleType) -> None:
    code = """
        import asyncio
        import tests_survivors_shelf as shelf
        async def value():
            shelf.kept.append(await asyncio.wait_for(asyncio.open_connection("127.0.0.1", shelf.port), 5))
    """
    server = await listen()
    vars(shelf)["port"] = server.sockets[0].getsockname()[1]
    async with loaded(write, code) as (package, value):
        await asyncio.create_task(value())
        (survivor,) = (await reckon(package.name)).survivors
    assert (survivor.kind, Path(survivor.place[0]).name, survivor.place[1]) == ("socket", "main.py", 5)
    assert shelf.kept[0][1].is_closing()
    server.close()


@on_each_loop
async def test_a_server_is_a_socket_and_is_closed(write: Write, shelf: ModuleType) -> None:
    code = """
        import asyncio
        from tests_survivors_shelf import kept
        async def value():
            kept.append(await asyncio.start_server(print, "127.0.0.1", 0))
    """
    async with loaded(write, code) as (package, value):
        await value()
        assert kinds(await reckon(package.name)) == ["socket"]
    assert not shelf.kept[0].is_serving()


@on_each_loop
async def test_a_reader_of_the_loop_is_a_handler_and_is_removed(write: Write, shelf: ModuleType) -> None:
    code = """
        import asyncio
        from tests_survivors_shelf import kept
        def value():
            asyncio.get_running_loop().add_reader(kept[0], print)
    """
    near, far = socket.socketpair()
    shelf.kept.append(near)
    async with loaded(write, code) as (package, value):
        value()
        (survivor,) = (await reckon(package.name)).survivors
    assert (survivor.kind, survivor.place[1]) == ("handler", 5)
    assert not asyncio.get_running_loop().remove_reader(near)
    near.close()
    far.close()


@on_each_loop
async def test_a_reader_that_was_removed_survived_nowhere(write: Write, shelf: ModuleType) -> None:
    code = """
        import asyncio
        from tests_survivors_shelf import kept
        def value():
            asyncio.get_running_loop().add_reader(kept[0], print)
            asyncio.get_running_loop().remove_reader(kept[0])
    """
    near, far = socket.socketpair()
    shelf.kept.append(near)
    async with loaded(write, code) as (package, value):
        value()
        assert kinds(await reckon(package.name)) == []
    near.close()
    far.close()


@on_each_loop
async def test_a_thread_of_the_loops_own_pool_is_nobody_elses(write: Write) -> None:
    code = """
        import asyncio
        async def value():
            await asyncio.to_thread(int)
    """
    async with loaded(write, code) as (package, value):
        await value()
        assert kinds(await reckon(package.name)) == []


@on_each_loop
async def test_a_thread_of_somebody_else_that_runs_the_plugins_code_is_named(write: Write, shelf: ModuleType) -> None:
    code = """
        from tests_survivors_shelf import kept, leak
        def value():
            kept.append(True)
            leak.wait()
    """
    async with loaded(write, code) as (package, value):
        thread = threading.Thread(target=value, name="others")
        thread.start()
        async with asyncio.timeout(5):
            while not shelf.kept:
                await asyncio.sleep(0)
        found = await reckon(package.name, patient=False)
        shelf.leak.set()
        thread.join()
    assert [(each.kind, each.what, each.place[1]) for each in found.survivors] == [("thread", "others", 5)]


@on_each_loop
async def test_a_thread_that_was_told_to_end_gets_a_moment(write: Write, shelf: ModuleType) -> None:
    code = """
        import threading
        from tests_survivors_shelf import leak
        def value():
            threading.Thread(target=leak.wait).start()
    """
    async with loaded(write, code) as (package, value):
        value()
        asyncio.get_running_loop().call_later(0.02, shelf.leak.set)
        assert kinds(await reckon(package.name)) == []


@on_each_loop
async def test_files_of_every_kind_are_found_and_closed(write: Write, shelf: ModuleType, tmp_path: Path) -> None:
    code = """
        import gzip, pathlib
        from tests_survivors_shelf import kept
        def value(path):
            kept.append(open(path, "w"))
            kept.append(open(path, "rb"))
            kept.append(pathlib.Path(path).open("rb", buffering=0))
    """
    async with loaded(write, code) as (package, value):
        value(tmp_path / "rows")  # type: ignore[call-arg]
        shelf.kept[0].write("kept")
        found = await reckon(package.name)
    assert [(each.kind, each.place[1]) for each in found.survivors] == [("file", 5), ("file", 6), ("file", 7)]
    assert all(each.closed for each in shelf.kept)
    assert (tmp_path / "rows").read_text() == "kept"


@on_each_loop
async def test_a_bare_descriptor_is_told_and_left_alone(write: Write, shelf: ModuleType, tmp_path: Path) -> None:
    code = """
        import os
        from tests_survivors_shelf import kept
        def value(path):
            kept.append(os.open(path, os.O_CREAT))
    """
    async with loaded(write, code) as (package, value):
        value(tmp_path / "rows")  # type: ignore[call-arg]
        assert kinds(await reckon(package.name)) == ["file"]
    os.close(shelf.kept[0])


@on_each_loop
async def test_a_file_of_the_next_version_on_the_same_path_is_left_alone(write: Write, shelf: ModuleType) -> None:
    code = """
        from tests_survivors_shelf import kept
        def value():
            kept.append(open(__file__))
    """
    async with loaded(write, code) as (old, first):
        first()
        shelf.kept[0].close()
        async with loaded(write, code) as (_, second):
            second()
            assert kinds(await reckon(old.name)) == []
            assert not shelf.kept[1].closed


@on_each_loop
async def test_what_is_undone_at_once_is_told_too(write: Write, shelf: ModuleType) -> None:
    code = """
        import socket
        from tests_survivors_shelf import kept
        kept += [socket.socket(), open(__file__)]
        value = 1
    """
    async with loaded(write, code) as (package, _):
        assert [each.kind for each in undo(package.name)] == ["socket", "file"]
    assert shelf.kept[1].closed


@on_each_loop
async def test_what_is_held_is_not_loose(write: Write, shelf: ModuleType) -> None:
    code = """
        import socket
        from tests_survivors_shelf import kept
        def value():
            kept.extend([socket.socket(), socket.socket()])
    """
    async with loaded(write, code) as (package, value):
        value()
        (line,) = loose(package.name, {id(shelf.kept[0])}, (), all_kinds=True)
        assert line.startswith("socket ")
        assert (shelf.kept[0].fileno() == -1, shelf.kept[1].fileno() == -1) == (False, True)


def test_what_one_line_made_often_is_one_line() -> None:
    one, other = ("a.py", 1), ("a.py", 2)
    found = Reckoning([Survivor("task", f"t{n}", place, "end it") for n, place in enumerate([one, one, other])])
    assert found.lines == ["task t0 of a.py:1: end it (× 2)", "task t2 of a.py:2: end it"]
