"""What the code of plugins starts, noted where it starts, so that what outlives a version is named with its place.

Whose doing something is, the stack tells: the innermost frame that is a plugin's or Kagami's own decides. What Kagami
starts for a plugin has an owner already and is not noted; nor is what a library starts while it is imported, which is
that library's for good. When the stack tells nothing, the task tells that runs, if a plugin made it. Nothing here keeps
anything alive. Reading and undoing what is noted is `kagami.plugins.survivors`.
"""

from __future__ import annotations

import asyncio
import os
import stat
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

ROOT = "kagami_plugins"
# How far up the stack is looked: an HTTP client opens its socket ten calls below its caller.
FRAMES = 16
# Names of modules whose owner is remembered.
NAMES = 4_096

HOST = "kagami"
_UNKNOWN = "?"
# What is started below an import belongs to the module that is imported.
_IMPORTS = "importlib._bootstrap"
Place = tuple[str, int]
Books = dict[str, "Book"]


class Note(weakref.ref[Any]):
    """A weak reference to something that was started, with the place; `beside` is what it hangs on."""

    __slots__ = ("beside", "book", "key", "kind", "place")

    kind: str
    place: Place
    beside: Any
    book: Book
    key: int


class Watch(NamedTuple):
    """Something that a loop calls until it is removed."""

    what: str
    place: Place
    remove: Callable[[], object]


@dataclass(slots=True)
class Book:
    """What one version started. `things` go by `id`, `files` by descriptor, which has one file at a time."""

    things: dict[int, Note] = field(default_factory=dict)
    files: dict[int, tuple[str, Place]] = field(default_factory=dict)
    watches: dict[tuple[int, str, int], Watch] = field(default_factory=dict)

    def note(self, kind: str, thing: object, place: Place, beside: object = None) -> None:
        note = Note(thing, _forget)
        note.kind, note.place, note.beside, note.book, note.key = kind, place, beside, self, id(thing)
        self.things[note.key] = note

    def place_of(self, thing: object) -> Place | None:
        note = self.things.get(id(thing))
        return note.place if note is not None and note() is thing else None


def _forget(note: Note) -> None:
    if note.book.things.get(note.key) is note:
        del note.book.things[note.key]


class Census:
    """One of them hears of the whole process: `CENSUS`."""

    def __init__(self) -> None:
        self.books: Books = {}
        # All paths that plugins opened. Only to see quickly that a path is none of them.
        self.paths: set[str] = set()
        # A module's name -> the plugin whose code it is, the host, or "" when it is neither. Emptied, never replaced.
        self.owners: dict[Any, str] = {}
        self._adopted: set[str] = set()
        self._quiet = threading.local()

    def open(self, owner: str) -> Book:
        """Begin to note what code of the module `owner` and below starts."""
        if owner not in self.books:
            self.books[owner] = Book()
            if not owner.startswith(f"{ROOT}."):
                self._adopted.add(owner)
            self.owners.clear()
        return self.books[owner]

    def close(self, owner: str) -> Book:
        """Begin no more; what was noted so far."""
        self._adopted.discard(owner)
        self.owners.clear()
        book = self.books.pop(owner, None) or Book()
        self.paths = {path for each in self.books.values() for path, _ in each.files.values()}
        return book

    def book_of(self, frame: FrameType | None) -> tuple[Book, Place] | None:
        """The book of the plugin whose doing it is, and where in its code."""
        owner_of = self.owners.get
        for _ in range(FRAMES):
            if frame is None:
                break
            name = frame.f_globals.get("__name__")
            if owner := owner_of(name, _UNKNOWN):
                if owner is _UNKNOWN:
                    owner = self._sort(name)
                if owner:
                    return None if owner is HOST else self._found(owner, frame)
            frame = frame.f_back
        return self._book_of_task()

    def innermost(self, frame: FrameType | None) -> tuple[str, FrameType] | None:
        """The innermost code of a plugin on a stack, whoever it calls: the module it is known under, and its frame."""
        while frame is not None:
            owner = self._sort(frame.f_globals.get("__name__"))
            if owner and owner is not HOST and (owner not in self._adopted or _is_run_by_host(frame)):
                return owner, frame
            frame = frame.f_back
        return None

    def _sort(self, name: object) -> str:
        if len(self.owners) > NAMES:
            self.owners.clear()
        self.owners[name] = owner = self._owner(str(name))
        return owner

    def _owner(self, name: str) -> str:
        if name.startswith(f"{ROOT}."):
            return ".".join(name.split(".", 3)[:3])
        if name in self._adopted:
            return name
        return HOST if name == _IMPORTS or name.partition(".")[0] == HOST else ""

    def _found(self, owner: str, frame: FrameType) -> tuple[Book, Place] | None:
        book = self.books.get(owner)
        if book is None or (owner in self._adopted and not _is_run_by_host(frame)):
            return self._book_of_task()
        return book, (frame.f_code.co_filename, frame.f_lineno)

    def _book_of_task(self) -> tuple[Book, Place] | None:
        task = _current_task()
        for book in self.books.values():
            if place := book.place_of(task):
                return book, place
        return None

    def note_task(self, task: asyncio.Task[Any], frame: FrameType) -> None:
        """Note a task with the task that made it."""
        if self.books and (found := self.book_of(frame)):
            maker = _current_task()
            found[0].note("task", task, found[1], weakref.ref(maker) if maker is not None else None)

    def note(self, kind: str, thing: object, frame: FrameType | None, beside: object = None) -> None:
        """Note `thing` when what happens at `frame` is a plugin's doing."""
        if self.books and (found := self.book_of(frame)) and not vars(self._quiet):
            book, place = found
            book.note(kind, thing, place, beside)

    def note_file(self, path: object, book: Book, place: Place) -> None:
        """The event comes before there is a file. It gets the lowest descriptor that is free."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        try:
            descriptor = os.dup(0)
            os.close(descriptor)
        except OSError:
            return
        for each in list(self.books.values()):
            if former := each.files.pop(descriptor, None):
                self.paths.discard(former[0])
        named = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a hook that must be quick
        book.files[descriptor] = named, place
        self.paths.add(named)

    def settle(self, path: str) -> None:
        """Somebody else is about to open what a plugin had opened: from now on it is a plugin's only if it still is."""
        for book in list(self.books.values()):
            for descriptor in [each for each, (named, _) in book.files.items() if named == path]:
                if not is_open(descriptor, path):
                    del book.files[descriptor]

    def quietly(self, work: Callable[..., Any], *args: Any) -> Any:
        """Call `work` and note nothing of it: what it starts is the loop's."""
        vars(self._quiet)["on"] = True
        try:
            return work(*args)
        finally:
            vars(self._quiet).clear()


def _current_task() -> asyncio.Task[Any] | None:
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the one that does not raise, which takes longest
    return asyncio.current_task(loop) if loop else None


def _is_run_by_host(frame: FrameType | None) -> bool:
    """Whether the plugin host is up the stack: a plugin of a test lives in one module with the test."""
    for _ in range(FRAMES):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__")).startswith("kagami.plugins."):
            return True
        frame = frame.f_back
    return False


def is_open(descriptor: int, path: str) -> bool:
    """Whether a descriptor is open on the file at `path`, or on one that has no path any more."""
    try:
        now = os.fstat(descriptor)
    except OSError:
        return False
    try:
        return os.path.samestat(now, Path(path).stat())
    except OSError:
        return stat.S_ISREG(now.st_mode) and not now.st_nlink


CENSUS = Census()
