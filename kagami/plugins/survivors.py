"""What of a plugin's doing is still there, with the place that made it; what can be undone is undone.

One leak is one survivor: things are undone in the order in which one holds the other. A task that is cancelled closes
its own socket, a log handler that is removed closes its file, and neither is told twice.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kagami.plugins.census import CENSUS, Book, Note, Place, is_open
from kagami.plugins.scope import belongs, place_of, strays

# How long a thread that was told to end may take, and a task that was cancelled.
ENDING_S = 0.5
# The same when everything ends.
HURRY_S = 0.05
POLL_S = 0.01

_ADVICE = {
    "task": "it has no owner, start it with scope.task",
    "timer": "cancel it with scope.on_close",
    "thread": "a thread cannot be ended from outside: end it with scope.on_close",
    "connection": "close it with scope.on_close",
    "server": "close it with scope.on_close",
    "socket": "close it with scope.on_close",
    "file": "close it, or scope.on_close its close",
    "handler": "remove it with scope.on_close",
}
_OF_THE_LOOP = ("timer", "connection", "server", "handler")


class Survivor(NamedTuple):
    """`kind` is task, timer, thread, socket, file or handler; `place` is the file and line that made it."""

    kind: str
    what: str
    place: Place
    advice: str

    def __str__(self) -> str:
        return f"{self.kind} {self.what} of {self.place[0]}:{self.place[1]}: {self.advice}"


@dataclass(slots=True)
class Reckoning:
    """`running` says that code of the version still runs, which keeps all of it in memory."""

    survivors: list[Survivor] = field(default_factory=list)
    running: bool = False

    @property
    def lines(self) -> list[str]:
        """One line for what one place made, however often."""
        count: dict[tuple[str, Place], int] = {}
        first: dict[tuple[str, Place], Survivor] = {}
        for each in self.survivors:
            key = each.kind, each.place
            count[key] = count.get(key, 0) + 1
            first.setdefault(key, each)
        return [f"{each}{f' (× {count[key]})' if count[key] > 1 else ''}" for key, each in first.items()]


async def reckon(owner: str, ignored: Collection[asyncio.Task[Any]] = (), *, patient: bool = True) -> Reckoning:
    """Undo what the version `owner` left behind, and tell what it was. Nothing of it is noted from here on.

    `ignored` are tasks that others answer for. What is about to end by itself gets a moment when we are `patient`.
    """
    book = CENSUS.close(owner)
    until = asyncio.get_running_loop().time() + (ENDING_S if patient else HURRY_S)
    found = Reckoning(await _end_tasks(owner, book, ignored, until))
    for kind in _OF_THE_LOOP:
        found.survivors += _undo(book, kind, ignored)
    found.survivors += _undo_watches(book)
    await _let_end(owner, book, until)
    found.survivors += _threads(owner, book)
    found.running = any(each.kind == "thread" for each in found.survivors) or any(True for _ in strays(owner))
    if _still_open(book) or any(note.kind == "socket" for note in _notes(book)):
        gc.collect()  # what nobody can reach any more is closed by it
        found.survivors += _undo(book, "socket", ())
        found.survivors += _undo_files(book)
    return found


def undo(owner: str) -> list[Survivor]:
    """Undo at once whatever the version `owner` started, and tell what it was. Nothing of it is noted from here on."""
    book = CENSUS.close(owner)
    found = [each for kind in ("task", *_OF_THE_LOOP, "socket") for each in _undo(book, kind, ())]
    return [*found, *_undo_watches(book), *_undo_files(book), *_threads(owner, book)]


def loose(owner: str, held: Collection[int], ignored: Collection[asyncio.Task[Any]], *, all_kinds: bool) -> list[str]:
    """What a running version started and nobody holds, undone: `held` are the `id`s of what is held."""
    book = CENSUS.books.get(owner) or Book()
    found = [_cancelled(task, place) for task, place in _loose_tasks(owner, book, {*held, *map(id, ignored)})]
    for kind in (*_OF_THE_LOOP, "socket") if all_kinds else ():
        found += _undo(book, kind, ignored, held)
    return Reckoning(found).lines


def _notes(book: Book) -> list[Note]:
    return list(book.things.values())


def _undo(
    book: Book, kind: str, ignored: Collection[asyncio.Task[Any]], held: Collection[int] = ()
) -> Iterator[Survivor]:
    alive, name, undo_it = _KINDS[kind]
    for note in _notes(book):
        thing = note()
        if note.kind != kind or thing is None or id(thing) in held or thing in ignored or not alive(thing, note.beside):
            continue
        what = name(thing, note.beside)
        with suppress(OSError, RuntimeError, ValueError):
            undo_it(thing, note.beside)
        yield Survivor(_shown(kind), what, note.place, _ADVICE[kind])


def _shown(kind: str) -> str:
    return "socket" if kind in {"connection", "server"} else kind


def _undo_watches(book: Book) -> Iterator[Survivor]:
    for watch in list(book.watches.values()):
        with suppress(OSError, RuntimeError, ValueError):
            watch.remove()
        yield Survivor("handler", watch.what, watch.place, _ADVICE["handler"])
    book.watches.clear()


async def _end_tasks(owner: str, book: Book, ignored: Collection[asyncio.Task[Any]], until: float) -> list[Survivor]:
    """Cancel tasks, those first that made others: what a task waits for, as in `wait_for`, ends with it."""
    loop, found, seen = asyncio.get_running_loop(), list[Survivor](), set(map(id, ignored))
    while tasks := _loose_tasks(owner, book, seen):
        found += [_cancelled(task, place) for task, place in tasks]
        seen.update(id(task) for task, _ in tasks)
        await asyncio.wait([task for task, _ in tasks], timeout=max(until - loop.time(), 0.0))
    return found


def _loose_tasks(owner: str, book: Book, known: Collection[int]) -> list[tuple[asyncio.Task[Any], Place]]:
    """Tasks that the version made, and those of others that run its code; none whose maker is in the list itself."""
    noted = {id(task): note for note in _notes(book) if note.kind == "task" and _is_running(task := note(), None)}
    found = []
    for note in noted.values():
        task, maker = note(), note.beside and note.beside()
        if task is not None and id(task) not in known and id(maker) not in noted:
            found.append((task, note.place))
    for task, place in strays(owner):
        if id(task) not in known and id(task) not in noted and not task.cancelling():
            found.append((task, _read_place(place)))
    return found


def _cancelled(task: asyncio.Task[Any], place: Place) -> Survivor:
    task.cancel()
    return Survivor("task", _task_name(task), place, _ADVICE["task"])


def _read_place(text: str) -> Place:
    file, _, line = text.rpartition(":")
    return file, int(line)


async def _let_end(owner: str, book: Book, until: float) -> None:
    """A moment for threads that were told to end and for tasks that were cancelled."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while _ending(owner, book) and loop.time() < until:  # noqa: ASYNC110 - a thread's end sets no event
        await asyncio.sleep(POLL_S)


def _ending(owner: str, book: Book) -> bool:
    threads = (note() for note in _notes(book) if note.kind == "thread")
    return any(thread is not None and thread.is_alive() for thread in threads) or any(
        task.cancelling() for task, _ in strays(owner)
    )


def _threads(owner: str, book: Book) -> list[Survivor]:
    """Threads that the version started, and those of others that run its code, with the place where they are."""
    found, known = [], {threading.get_ident()}
    for note in _notes(book):
        thread = note()
        if note.kind == "thread" and thread is not None and thread.is_alive():
            known.add(thread.ident)
            found.append(Survivor("thread", thread.name, note.place, _ADVICE["thread"]))
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, innermost in sys._current_frames().items():  # noqa: SLF001 - the documented way to see threads
        frame = innermost if ident not in known else None
        while frame is not None:
            if belongs(str(frame.f_globals.get("__name__", "")), owner):
                place = _read_place(place_of(frame))
                found.append(Survivor("thread", names.get(ident, str(ident)), place, _ADVICE["thread"]))
                break
            frame = frame.f_back
    return found


def _undo_files(book: Book) -> Iterator[Survivor]:
    """A bare descriptor is told but not closed: nothing says that the number is still the plugin's."""
    opened = _still_open(book)
    book.files.clear()
    objects = _file_objects(opened) if opened else {}
    for descriptor, (path, place) in opened.items():
        if descriptor in objects:
            with suppress(OSError, ValueError):
                objects[descriptor].close()
        yield Survivor("file", path, place, _ADVICE["file"])


def _still_open(book: Book) -> dict[int, tuple[str, Place]]:
    """Files whose descriptor is still open on the path that was named, or on a file that has no path any more."""
    return {number: (path, place) for number, (path, place) in book.files.items() if is_open(number, path)}


def _file_objects(opened: Collection[int]) -> dict[int, Any]:
    """The outermost object of each descriptor: of a text, the buffer below it, and the file below that, the text."""
    found: dict[int, Any] = {}
    for each in gc.get_objects():
        rank = _FILES.get(type(each), 0)
        if rank and not each.closed:
            with suppress(OSError, ValueError):
                number = each.fileno()
                if number in opened and rank > _FILES.get(type(found.get(number)), 0):
                    found[number] = each
    return found


_FILES: dict[type, int] = {
    io.FileIO: 1,
    io.BufferedReader: 2,
    io.BufferedWriter: 2,
    io.BufferedRandom: 2,
    io.TextIOWrapper: 3,
}


def _is_running(task: Any, _: Any) -> bool:
    return isinstance(task, asyncio.Task) and not task.done() and task is not asyncio.current_task()


def _is_due_later(timer: asyncio.TimerHandle, beside: tuple[asyncio.AbstractEventLoop, Any]) -> bool:
    return not timer.cancelled() and timer.when() > beside[0].time()


def _task_name(task: asyncio.Task[Any], _: Any = None) -> str:
    """Its own name, or its coroutine's when it has none."""
    name, work = task.get_name(), task.get_coro()
    return work.__qualname__ if name.startswith("Task-") and inspect.iscoroutine(work) else name


def _callback_name(_: Any, beside: tuple[asyncio.AbstractEventLoop, Callable[..., object]]) -> str:
    callback = beside[1]
    return callback.__qualname__ if inspect.isroutine(callback) else type(callback).__name__


def _peer(transport: Any, _: Any) -> str:
    return f"to {transport.get_extra_info('peername') or transport.get_extra_info('sockname') or 'nobody'}"


def _listening(server: Any, _: Any) -> str:
    return f"at {', '.join(str(each.getsockname()) for each in server.sockets)}"


def _socket_name(each: Any, _: Any) -> str:
    with suppress(OSError):
        return f"{each.family.name} {each.getsockname() or 'without an address'}"
    return str(each.family.name)


def _handler_name(handler: Any, logger: Any) -> str:
    return f"{type(handler).__name__} of the logger {logger.name}"


def _remove_handler(handler: Any, logger: Any) -> None:
    logger.removeHandler(handler)
    handler.close()


# By kind: whether it is still there, its name, and what undoes it; each of the thing and what it hangs on.
_KINDS: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any, Any], str], Callable[[Any, Any], object]]] = {
    "task": (_is_running, _task_name, lambda task, _: task.cancel()),
    "timer": (_is_due_later, _callback_name, lambda timer, _: timer.cancel()),
    "connection": (lambda each, _: not each.is_closing(), _peer, lambda each, _: each.close()),
    "server": (lambda each, _: each.is_serving(), _listening, lambda each, _: each.close()),
    "handler": (lambda each, logger: each in logger.handlers, _handler_name, _remove_handler),
    "socket": (lambda each, _: each.fileno() != -1, _socket_name, lambda each, _: each.close()),
}
