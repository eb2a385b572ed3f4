from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kagami.plugins.loader import Package

Write = Callable[..., Path]
LEFT: list[Any] = []


@contextmanager
def loaded(folder: Path, entry: str = "main:value") -> Iterator[tuple[Package, Any]]:
    package = Package("greeter", folder)
    try:
        yield package, package.load(entry)
    finally:
        package.unload()


def public_names() -> set[str]:
    return {name for name in sys.modules if not name.startswith("kagami_plugins")}


@pytest.mark.parametrize(
    "line",
    [
        "from .tables import ROWS",
        "from . import tables\nROWS = tables.ROWS",
        "import tables\nROWS = tables.ROWS",
        "from tables import ROWS",
        "import tables as t\nROWS = t.ROWS",
        "from tables import *",
        "def rows():\n    import tables\n    return tables.ROWS\nROWS = rows()",
    ],
)
def test_own_files_are_imported_in_every_way(write: Write, line: str) -> None:
    folder = write("greeter", main=f"{line}\nvalue = ROWS", tables="ROWS = [1, 2]")
    before = public_names()
    with loaded(folder) as (_, value):
        assert value == [1, 2]
        assert public_names() == before


@pytest.mark.parametrize(
    "line",
    [
        "import parts.inner\nvalue = parts.inner.X",
        "from parts import inner\nvalue = inner.X",
        "from parts.inner import X as value",
        "import parts.inner as it\nvalue = it.X",
    ],
)
def test_own_folders_are_imported_in_every_way(write: Write, line: str) -> None:
    folder = write("greeter", main=line, parts__inner="from . import deep\nX = deep.Y", parts__deep="Y = 5")
    with loaded(folder) as (_, value):
        assert value == 5


def test_absolute_and_relative_imports_give_the_same_module(write: Write) -> None:
    folder = write("greeter", main="import tables\nfrom . import tables as again\nvalue = tables is again", tables="")
    with loaded(folder) as (_, value):
        assert value is True


def test_own_files_go_before_installed_ones_for_the_plugin_only(write: Write) -> None:
    folder = write("greeter", main="import colorsys\nvalue = colorsys.WHO", colorsys="WHO = 'mine'")
    with loaded(folder) as (_, value):
        assert value == "mine"
        import colorsys  # noqa: PLC0415

        assert "WHO" not in vars(colorsys)


def test_kagami_itself_cannot_be_shadowed(write: Write) -> None:
    folder = write("greeter", main="import kagami.errors\nvalue = kagami.errors.__name__", kagami="WHO = 'mine'")
    with loaded(folder) as (_, value):
        assert value == "kagami.errors"


def test_two_versions_share_no_module(write: Write) -> None:
    code = "import tables\nvalue = tables"
    one = write("greeter", "1.0.0", main=code, tables="X = 1")
    two = write("greeter", "2.0.0", main=code, tables="X = 2")
    with loaded(one) as (_, first), loaded(two) as (_, second):
        assert (first.X, second.X) == (1, 2)


def test_the_same_folder_twice_shares_no_module(write: Write) -> None:
    folder = write("greeter", main="value = []")
    with loaded(folder) as (_, first), loaded(folder) as (_, second):
        assert first is not second


def test_a_file_that_changed_at_once_is_read_anew(write: Write) -> None:
    folder = write("greeter", main="value = 1")
    with loaded(folder) as (_, value):
        assert value == 1
    (folder / "main.py").write_text("value = 2")
    with loaded(folder) as (_, value):
        assert value == 2


def test_no_byte_code_is_left_in_the_folder(write: Write) -> None:
    folder = write("greeter", main="value = 1")
    with loaded(folder):
        assert not (folder / "__pycache__").exists()


def test_an_init_file_is_run_as_the_package(write: Write) -> None:
    folder = write("greeter", __init__="NAME = 'root'", main="from . import NAME as value")
    with loaded(folder) as (_, value):
        assert value == "root"


def test_classes_of_a_plugin_know_their_private_module(write: Write) -> None:
    folder = write("greeter", main="class A: ...\nvalue = A")
    with loaded(folder) as (package, value):
        assert value.__module__ == f"{package.name}.main"


def test_an_entry_without_its_name_is_refused(write: Write) -> None:
    folder = write("greeter", main="x = 1")
    with pytest.raises(ImportError, match="main:value: the module has no value"), loaded(folder):
        pass


def test_a_module_that_is_not_there_is_named(write: Write) -> None:
    folder = write("greeter", main="import absent_altogether")
    with pytest.raises(ModuleNotFoundError, match="absent_altogether"), loaded(folder):
        pass


def test_unloading_leaves_no_module(write: Write) -> None:
    folder = write("greeter", main="import tables\nclass A: ...\nvalue = [A()]\ndef f(): ...", tables="")
    package = Package("greeter", folder)
    package.load("main:value")
    assert package.unload() == []
    assert not [name for name in sys.modules if name.startswith(package.name)]


def test_an_unloaded_package_cannot_be_imported_again(write: Write) -> None:
    folder = write("greeter", main="value = 1")
    package = Package("greeter", folder)
    package.load("main:value")
    package.unload()
    with pytest.raises(ModuleNotFoundError):
        __import__(f"{package.name}.main")


@pytest.mark.parametrize(("name", "what"), [("A", "class A"), ("f", "function f"), ("tables", "module ")])
def test_what_somebody_still_holds_is_named_with_its_place(write: Write, name: str, what: str) -> None:
    folder = write("greeter", main="import tables\nclass A: ...\ndef f(): ...", tables="")
    package = Package("greeter", folder)
    LEFT.append(package.load(f"main:{name}"))
    survivors = package.unload()
    LEFT.clear()
    assert any(each.startswith(what) and str(folder) in each for each in survivors), survivors


def test_a_thread_that_still_runs_is_named_with_its_place(write: Write) -> None:
    folder = write(
        "greeter",
        main="""
        import threading
        value, gone = threading.Event(), threading.Event()
        def work():
            value.wait()
        thread = threading.Thread(target=work, name="worker", daemon=True)
        thread.start()
        """,
    )
    package = Package("greeter", folder)
    stop = package.load("main:value")
    thread = next(each for each in threading.enumerate() if each.name == "worker")
    survivors = package.unload()
    stop.set()
    thread.join()
    assert any(f"thread worker runs {folder / 'main.py'}:5" in each for each in survivors), survivors


async def test_the_loop_goes_on_beside_a_loaded_package(write: Write) -> None:
    folder = write("greeter", main="import asyncio\nasync def value():\n    await asyncio.sleep(0)\n    return 3")
    with loaded(folder) as (_, value):
        assert await asyncio.wait_for(value(), 1) == 3
