"""Loads a version of a plugin as a package of its own, `kagami_plugins.<id>.v<hash>_<n>`, and unloads it again.

No two loads share a module, so that versions stand side by side and a reload never meets its past. Inside its folder
a plugin may write

    from . import tables            relative imports
    import tables                   absolute imports of its own files and folders, which come before installed ones

and both name the same module of the same version: absolute imports of own files are resolved when the plugin's code
asks for them and never become visible to anybody else. What is not supported: `importlib.import_module("tables")`
(use `import_module(".tables", __package__)`), and compiled extension modules in two versions at once, which CPython
itself does not allow for most of them. Byte code is not cached: a file that changed within a second is read anew.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import re
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import count
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from kagami.plugins.scope import belongs, place_of
from kagami.plugins.versions import fingerprint

ROOT = "kagami_plugins"
_serial = count(1)
_packages: dict[str, Package] = {}


class Package:
    """One loaded version. `name` is the private name of its package."""

    def __init__(self, plugin: str, folder: Path) -> None:
        family = re.sub(r"\W", "_", plugin)
        self.name = f"{ROOT}.{family}.v{fingerprint(folder)}_{next(_serial)}"
        self.folder = folder
        self.own = _own_names(folder)
        self.builtins = {**vars(builtins), "__import__": self._import}

    def load(self, entry: str) -> Any:
        """Import the module of `entry` (`module:name`) and return what is under the name."""
        module, _, name = entry.partition(":")
        _packages[self.name] = self
        if not any(isinstance(each, _Finder) for each in sys.meta_path):
            sys.meta_path.insert(0, _Finder())
        importlib.invalidate_caches()
        loaded = importlib.import_module(f"{self.name}.{module}")
        try:
            return vars(loaded)[name]
        except KeyError:
            raise ImportError(f"{entry}: the module has no {name}") from None

    def unload(self, *, verify: bool = True) -> list[str]:
        """Forget every module. Tells what is still alive: modules, classes, functions and threads, with their place.

        To see what is alive takes a full collection of garbage; where nothing comes after, do without.
        """
        watched = list(self._watched()) if verify else []
        for name in [each for each in sys.modules if belongs(each, self.name)]:
            del sys.modules[name]
        family, _, version = self.name.rpartition(".")
        vars(sys.modules.get(family, ModuleType(family))).pop(version, None)
        _packages.pop(self.name, None)
        if not verify:
            return []
        gc.collect()
        alive = [f"{what} is still referenced" for ref, what in watched if ref() is not None]
        return alive + list(self._threads())

    def _watched(self) -> Iterator[tuple[weakref.ref[Any], str]]:
        for module in self._modules():
            yield weakref.ref(module), f"module {module.__file__ or module.__name__}"
            for thing in vars(module).values():
                if isinstance(thing, (FunctionType, type)) and belongs(thing.__module__, self.name):
                    yield weakref.ref(thing), f"{_sort(thing)} {thing.__qualname__} of {_place(thing, module)}"

    def _modules(self) -> list[ModuleType]:
        return [module for name, module in sys.modules.items() if belongs(name, self.name)]

    def _threads(self) -> Iterator[str]:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, innermost in sys._current_frames().items():  # noqa: SLF001 - the documented way to see threads
            frame = innermost if ident != threading.get_ident() else None
            while frame is not None:
                if belongs(str(frame.f_globals.get("__name__", "")), self.name):
                    yield f"thread {names.get(ident, ident)} runs {place_of(frame)}"
                    break
                frame = frame.f_back

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of `builtins.__import__`
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """`__import__` of this version's modules: own files first."""
        head = name.partition(".")[0]
        if level or head not in self.own:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if fromlist:
            return builtins.__import__(f"{self.name}.{name}", globals, locals, fromlist, 0)
        importlib.import_module(f"{self.name}.{name}")
        return sys.modules[f"{self.name}.{head}"]


class _Finder:
    """Finds what is below `kagami_plugins`, and nothing else."""

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not belongs(fullname, ROOT):
            return None
        parts = fullname.split(".")
        if len(parts) <= 2:  # noqa: PLR2004 - the root and a plugin's family hold nothing themselves
            return ModuleSpec(fullname, None, is_package=True)
        package = _packages.get(".".join(parts[:3]))
        if package is None:
            return None
        spec = _root_spec(package) if fullname == package.name else PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and spec.origin:
            spec.loader = _Loader(fullname, spec.origin, package)
            spec.cached = None
        return spec


class _Loader(SourceFileLoader):
    """Runs a source file with the version's own `__import__`."""

    def __init__(self, fullname: str, path: str, package: Package) -> None:
        super().__init__(fullname, path)
        self._package = package

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._package.builtins
        super().exec_module(module)


def _root_spec(package: Package) -> ModuleSpec | None:
    start = package.folder / "__init__.py"
    if start.is_file():
        return spec_from_file_location(package.name, start, submodule_search_locations=[str(package.folder)])
    spec = ModuleSpec(package.name, None, is_package=True)
    spec.submodule_search_locations = [str(package.folder)]
    return spec


def _own_names(folder: Path) -> frozenset[str]:
    """Names of the files and folders that may be imported, except `kagami` itself."""
    files = {each.stem for each in folder.glob("*.py")}
    folders = {each.name for each in folder.iterdir() if each.is_dir() and each.name.isidentifier()}
    return frozenset((files | folders) - {"__init__", "kagami"})


def _sort(thing: object) -> str:
    return "class" if isinstance(thing, type) else "function"


def _place(thing: FunctionType | type, module: ModuleType) -> str:
    if isinstance(thing, FunctionType):
        return f"{thing.__code__.co_filename}:{thing.__code__.co_firstlineno}"
    return module.__file__ or module.__name__
