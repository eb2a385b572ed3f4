from __future__ import annotations

import asyncio
import gc
import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kagami.plugins.census import Book, Census, is_open

OWNER = "kagami_plugins.greeter.v1"


class Thing:
    pass


def called(*modules: str) -> tuple[Callable[[], Any], list[Any]]:
    """Functions of these modules that call each other, the first the outermost; the last calls what is in the list."""
    inner: list[Any] = [None]

    def last() -> Any:
        return inner[0]()

    call: Callable[[], Any] = last
    for name in reversed(modules):
        names: dict[str, Any] = {"__name__": name, "call": call}
        exec(compile("def f():\n    return call()\n", f"/code/{name}.py", "exec"), names)  # noqa: S102
        call = names["f"]
    return call, inner


def found_by(census: Census, *modules: str) -> tuple[Book, tuple[str, int]] | None:
    call, inner = called(*modules)
    inner[0] = lambda: census.book_of(sys._getframe(1))
    result: tuple[Book, tuple[str, int]] | None = call()
    return result


@pytest.fixture
def census() -> Census:
    census = Census()
    census.open(OWNER)
    return census


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        ((f"{OWNER}.main",), f"/code/{OWNER}.main.py"),
        ((f"{OWNER}.main", "json.decoder"), f"/code/{OWNER}.main.py"),
        (("kagami.plugins.contain", f"{OWNER}.main", "json"), f"/code/{OWNER}.main.py"),
        ((f"{OWNER}.main", f"{OWNER}.__deps__.tiny"), f"/code/{OWNER}.__deps__.tiny.py"),
        ((f"{OWNER}.main", "kagami.plugins.scope", "json"), None),
        ((f"{OWNER}.main", "importlib._bootstrap", "json"), None),
        (("kagami_plugins.other.v2.main",), None),
        (("kagami.hub.lane",), None),
        (("json",), None),
        ((f"{OWNER}.main", *["json"] * 20), None),
    ],
    ids=[
        "its own", "below it", "run by the host", "its dependency", "the host for it", "an import", "nobody noted",
        "the host", "others", "too deep",
    ],
)  # fmt: skip
def test_the_innermost_code_of_a_plugin_or_of_the_host_decides(
    census: Census, stack: tuple[str, ...], place: str | None
) -> None:
    found = found_by(census, *stack)
    assert (found[1][0] if found else None) == place


def test_the_code_of_a_test_counts_only_when_the_host_runs_it() -> None:
    census = Census()
    census.open("tests.mine")
    assert found_by(census, "tests.mine") is None
    found = found_by(census, "kagami.plugins.contain", "tests.mine")
    assert found is not None
    assert found[1][0] == "/code/tests.mine.py"


async def test_when_the_stack_tells_nothing_the_task_does(census: Census) -> None:
    own = asyncio.current_task()
    census.books[OWNER].note("task", own, ("main.py", 7))
    assert found_by(census, "json") == (census.books[OWNER], ("main.py", 7))


def test_a_closed_book_is_written_in_no_more(census: Census) -> None:
    book = census.close(OWNER)
    assert found_by(census, f"{OWNER}.main") is None
    assert book is not census.close(OWNER)


def test_what_is_noted_is_not_kept_alive(census: Census) -> None:
    book, thing = census.books[OWNER], Thing()
    book.note("socket", thing, ("main.py", 1))
    assert book.place_of(thing) == ("main.py", 1)
    ref = weakref.ref(thing)
    del thing
    gc.collect()
    assert ref() is None
    assert not book.things


def test_nothing_is_noted_quietly(census: Census) -> None:
    call, inner = called(f"{OWNER}.main")
    thing = Thing()
    inner[0] = lambda: census.quietly(census.note, "thread", thing, sys._getframe(1))
    call()
    assert not census.books[OWNER].things
    inner[0] = lambda: census.note("thread", thing, sys._getframe(1))
    call()
    assert len(census.books[OWNER].things) == 1


def test_a_descriptor_has_one_file(census: Census, tmp_path: Path) -> None:
    book = census.books[OWNER]
    for name in ("a", "b"):
        census.note_file(str(tmp_path / name), book, ("main.py", 1))
    assert [path for path, _ in book.files.values()] == [str(tmp_path / "b")]
    assert census.paths == {str(tmp_path / "b")}


@pytest.mark.parametrize("still", [True, False])
def test_a_path_that_others_open_is_a_plugins_only_while_it_is_open(
    census: Census, tmp_path: Path, still: bool
) -> None:
    path, book = str(tmp_path / "rows"), census.books[OWNER]
    census.note_file(path, book, ("main.py", 1))
    with Path(path).open("w") as file:
        assert list(book.files) == [file.fileno()]
        if still:
            census.settle(path)
    if not still:
        census.settle(path)
    assert bool(book.files) is still


def test_a_descriptor_is_open_on_a_path_or_on_what_had_it(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with path.open("w") as file:
        assert is_open(file.fileno(), str(path))
        assert not is_open(file.fileno(), __file__)
        path.unlink()
        assert is_open(file.fileno(), str(path))
        number = file.fileno()
    reader, writer = os.pipe()
    assert not is_open(number, str(path))
    os.close(reader)
    os.close(writer)


def test_the_innermost_frame_of_a_plugin_is_found_below_whatever_it_calls(census: Census) -> None:
    call, inner = called("json", f"{OWNER}.main", "kagami.plugins.scope", "json")
    inner[0] = lambda: census.innermost(sys._getframe(1))
    owner, frame = call()
    assert (owner, frame.f_globals["__name__"]) == (OWNER, f"{OWNER}.main")


def test_names_are_not_remembered_without_bound(census: Census) -> None:
    for number in range(5_000):
        call, inner = called(f"made.up{number}")
        inner[0] = lambda: census.book_of(sys._getframe(1))
        call()
    assert len(census.owners) < 4_200
