from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from kagami.plugins.loader import Package
from kagami.plugins.records import Verified
from kagami.plugins.versions import fingerprints

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


def dependency(folder: Path, name: str, **files: str) -> None:
    """Put a package where `pip install --target` would."""
    for file, code in files.items():
        path = folder / ".deps" / name / f"{file}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, "utf-8")


TINY = {"__init__": "import tiny.parts\nfrom tiny.rows import ROW\nWHO = tiny.parts.WHO", "rows": "ROW = 1"}


def test_two_plugins_have_two_versions_of_one_dependency(write: Write) -> None:
    code = "import tiny\nfrom tiny import parts\nvalue = (tiny.WHO, tiny.ROW, parts.WHO)"
    before, folders = public_names(), []
    for version in ("1", "2"):
        folder = write(f"plugin-{version}", main=code)
        dependency(folder, "tiny", **TINY, parts=f"WHO = {version}")
        folders.append(folder)
    with loaded(folders[0]) as (_, first), loaded(folders[1]) as (_, second):
        assert (first, second) == ((1, 1, 1), (2, 1, 2))
        assert public_names() == before


@pytest.mark.parametrize(
    "line",
    [
        "import tiny.parts as p\nvalue = p.WHO",
        "import tiny.parts\nvalue = tiny.parts.WHO",
        "from tiny.parts import WHO as value",
        "from tiny import parts\nvalue = parts.WHO",
    ],
)
def test_a_dependency_is_imported_in_every_way(write: Write, line: str) -> None:
    folder = write("greeter", main=line)
    dependency(folder, "tiny", __init__="", parts="WHO = 5")
    with loaded(folder) as (_, value):
        assert value == 5


def test_own_files_go_before_dependencies_for_the_plugin_but_not_for_them(write: Write) -> None:
    folder = write("greeter", main="import tables, tiny\nvalue = (tables.WHO, tiny.WHO)", tables="WHO = 'own'")
    dependency(folder, "tiny", __init__="import tables\nWHO = tables.WHO")
    dependency(folder, "tables", __init__="WHO = 'dependency'")
    with loaded(folder) as (_, value):
        assert value == ("own", "dependency")


def test_a_dependency_cannot_see_the_files_of_the_plugin(write: Write) -> None:
    folder = write("greeter", main="import tiny", secrets_of_mine="X = 1")
    dependency(folder, "tiny", __init__="import secrets_of_mine")
    with pytest.raises(ModuleNotFoundError, match="secrets_of_mine"), loaded(folder):
        pass


def test_a_dependency_finds_its_own_metadata(write: Write) -> None:
    folder = write("greeter", main="import tiny\nvalue = tiny.__version__")
    dependency(folder, "tiny", __init__="import importlib.metadata as m\n__version__ = m.version('tiny')")
    about = folder / ".deps" / "tiny-7.1.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 7.1\n")
    with loaded(folder) as (_, value):
        assert value == "7.1"
        with pytest.raises(metadata.PackageNotFoundError):
            metadata.version("tiny")


def test_a_file_that_changed_after_the_check_is_not_run(write: Write) -> None:
    folder = write("greeter", main="value = 1")
    package = Package("greeter", folder)
    (folder / "main.py").write_text("value = 2")
    with pytest.raises(ImportError, match=r"main\.py changed after it was checked: reload the plugin"):
        package.load("main:value")
    package.unload()


def test_a_late_import_of_a_file_that_changed_is_refused(write: Write) -> None:
    folder = write("greeter", main="def value():\n    import tables", tables="")
    with loaded(folder) as (_, value):
        (folder / "tables.py").write_text("X = 2")
        with pytest.raises(ImportError, match="changed after it was checked"):
            value()


def test_a_file_that_came_after_the_check_is_not_found(write: Write) -> None:
    folder = write("greeter", main="def value():\n    from . import tables")
    with loaded(folder) as (_, value):
        (folder / "tables.py").write_text("X = 2")
        with pytest.raises(ImportError):
            value()


def test_what_somebody_checked_before_is_what_counts(write: Write) -> None:
    folder = write("greeter", main="value = 1")
    checked = Verified(fingerprints(folder), {})
    (folder / "main.py").write_text("value = 2")
    package = Package("greeter", folder, checked)
    with pytest.raises(ImportError, match="changed after it was checked"):
        package.load("main:value")
    package.unload()


@pytest.mark.parametrize("name", ["asyncio", "kagami", "kagami.plugins", "__main__", "../../etc"])
def test_an_id_that_is_a_modules_name_is_harmless(write: Write, name: str) -> None:
    before = {each: sys.modules.get(each) for each in ("asyncio", "kagami", "kagami.plugins", "__main__")}
    package = Package(name, write("greeter", main="import asyncio\nvalue = asyncio", asyncio="WHO = 'mine'"))
    try:
        assert package.load("main:value").WHO == "mine"
        assert {each: sys.modules.get(each) for each in before} == before
        assert asyncio.get_event_loop_policy() is not None
    finally:
        package.unload()


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
    assert any(f"thread worker of {folder / 'main.py'}:7" in each for each in survivors), survivors


async def test_the_loop_goes_on_beside_a_loaded_package(write: Write) -> None:
    folder = write("greeter", main="import asyncio\nasync def value():\n    await asyncio.sleep(0)\n    return 3")
    with loaded(folder) as (_, value):
        assert await asyncio.wait_for(value(), 1) == 3


def test_a_module_that_is_not_there_is_told_with_those_that_are(write: Write) -> None:
    folder = write("greeter", main="", tables="")
    with pytest.raises(
        ImportError, match=r"mian:plugin: there is no mian\.py in its folder, which has main\.py, tables\.py"
    ):
        Package("greeter", folder).load("mian:plugin")


def test_what_a_module_itself_misses_is_told_as_python_does(write: Write) -> None:
    folder = write("greeter", main="import nothing_there")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nothing_there'"):
        Package("greeter", folder).load("main:plugin")


def test_a_name_that_is_not_there_is_told_with_the_plugins_that_are(write: Write) -> None:
    folder = write("greeter", main="from kagami.plugins.api import Plugin\nplugin = Plugin()")
    with pytest.raises(ImportError, match="main:plugn: the module has no plugn; its plugins are plugin"):
        Package("greeter", folder).load("main:plugn")
