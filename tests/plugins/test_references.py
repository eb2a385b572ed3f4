from __future__ import annotations

import gc
import linecache
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kagami.plugins.loader import Package
from kagami.plugins.references import let_go

Write = Callable[..., Path]
CODE = """\
import tables
ROWS = ["x" * 1000]

class A:
    def method(self):
        return ROWS

    class Inner: ...

def f():
    def nested():
        return ROWS
    return nested

def generate():
    yield ROWS
    yield tables.X
"""


@pytest.fixture
def package(write: Write) -> Iterator[Package]:
    package = Package("greeter", write("greeter", main=CODE, tables="X = 1\ndef g(): ..."))
    yield package
    package.unload(verify=False)


@pytest.mark.parametrize(
    ("hold", "line"),
    [
        (lambda of: of["A"], "class A of {}:4: something outside still holds it"),
        (lambda of: of["A"](), "class A of {}:4: something outside still holds it"),
        (lambda of: of["A"].Inner, "class A.Inner of {}:8: something outside still holds it"),
        (lambda of: of["f"], "function f of {}:10: something outside still holds it"),
        (lambda of: of["f"](), "function f.<locals>.nested of {}:11: something outside still holds it"),
        (lambda of: next(iter([of["generate"]()])), "function generate of {}:15: something outside still holds it"),
        (lambda of: of["tables"], "module {}: something outside still holds it"),
    ],
    ids=["a class", "an instance", "an inner class", "a function", "a nested function", "a generator", "a module"],
)
def test_what_is_held_is_one_line_with_its_place(
    package: Package, hold: Callable[[dict[str, Any]], Any], line: str
) -> None:
    package.load("main:f")
    import sys  # noqa: PLC0415

    held = hold(vars(sys.modules[f"{package.name}.main"]))
    place = "tables.py:1" if line.startswith("module") else "main.py"
    assert package.unload() == [line.format(package.folder / place)]
    del held


def test_nothing_held_is_nothing_told(package: Package) -> None:
    package.load("main:f")
    assert package.unload() == []


def test_one_function_that_is_held_holds_nothing_else(package: Package) -> None:
    function = package.load("main:f")
    rows = weakref.ref(function.__globals__["A"])
    package.unload()
    gc.collect()
    assert rows() is None


def test_what_still_runs_is_not_taken_apart(package: Package) -> None:
    function = package.load("main:f")
    assert package.unload(running=True) == []
    assert function()() == ["x" * 1000]


def test_the_cache_of_source_lines_is_emptied(package: Package) -> None:
    package.load("main:f")
    file = str(package.folder / "main.py")
    linecache.getlines(file)
    let_go(package.folder)
    assert file not in linecache.cache


def test_annotations_keep_no_class(write: Write) -> None:
    code = "from typing import Optional, Union\nclass A: ...\nvalue = [Optional[A], Union[A, int], list[A] | None]"
    package = Package("greeter", write("greeter", main=code))
    package.load("main:value")
    assert package.unload() == []


def test_what_was_frozen_meanwhile_is_no_leak(package: Package) -> None:
    """The first console of a process sets aside what is there, plugins with cycles among it."""
    package.load("main:f")
    gc.freeze()
    try:
        assert package.unload() == []
    finally:
        gc.unfreeze()
