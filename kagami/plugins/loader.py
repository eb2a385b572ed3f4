"""Loads a version of a plugin as a package of its own, `kagami_plugins.<id>.v<hash>_<n>`, and unloads it again.

No two loads share a module, so that versions stand side by side and a reload never meets its past. Inside its folder
a plugin may write

    from . import tables            relative imports
    import tables                   absolute imports of its own files and folders, which come before installed ones
    import feedparser               a dependency in its folder `.deps`, where `pip install --target` put it

and the first two name the same module of the same version: absolute imports of own files and dependencies are resolved
when the plugin's code asks for them and never become visible to anybody else. A dependency's code sees its fellows in
`.deps` before what is installed, and the plugin's files never. What is not supported:
`importlib.import_module("tables")` (use `import_module(".tables", __package__)`), and compiled extension modules in two
versions at once, which CPython itself does not allow for most of them. Byte code is not cached: a file that changed
within a second is read anew.

What is run is what was there when the version was loaded: a file that changed or came later is not imported.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import count
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from kagami.plugins.census import CENSUS, ROOT
from kagami.plugins.listening import open_book
from kagami.plugins.plugin import Plugin
from kagami.plugins.records import Verified
from kagami.plugins.references import Watched, let_go
from kagami.plugins.scope import belongs
from kagami.plugins.survivors import Reckoning, undo
from kagami.plugins.versions import SOURCES, digest, fingerprints

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

# A folder of dependencies, and the package under which they are imported. No file of a plugin's own has such a name.
DEPS = ".deps"
_DEPS = "__deps__"
MOST_NAMED = 10
_serial = count(1)
_packages: dict[str, Package] = {}


class Package:
    """One loaded version. `name` is the private name of its package.

    `verified` are its files where somebody has looked at them before, else their `fingerprints` are taken now.
    """

    def __init__(self, plugin: str, folder: Path, verified: Verified | None = None) -> None:
        own, deps = verified or (fingerprints(each, suffixes=SOURCES) for each in (folder, folder / DEPS))
        family = re.sub(r"\W", "_", plugin)
        self.name = f"{ROOT}.{family}.v{digest(own)[:12]}_{next(_serial)}"
        self.folder = folder
        self.files = own | {f"{DEPS}/{path}": content for path, content in deps.items()}
        self._folders = {str(parent) for path in self.files for parent in PurePosixPath(path).parents}
        near, far = _importable(own), _importable(deps)
        self._own = self._builtins({**dict.fromkeys(far, f"{self.name}.{_DEPS}"), **dict.fromkeys(near, self.name)})
        self._deps = self._builtins(dict.fromkeys(far, f"{self.name}.{_DEPS}"))
        self.lines: dict[str, int] = {}

    def load(self, entry: str) -> Any:
        """Import the module of `entry` (`module:name`) and return what is under the name."""
        module, _, name = entry.partition(":")
        _packages[self.name] = self
        if not any(isinstance(each, _Finder) for each in sys.meta_path):
            sys.meta_path.insert(0, _Finder())
        open_book(self.name)
        full = f"{self.name}.{module}"
        try:
            loaded = importlib.import_module(full)
        except ModuleNotFoundError as error:
            if not belongs(full, error.name or ""):
                raise
            raise ImportError(f"{entry}: {self._without(module)}") from None
        try:
            return vars(loaded)[name]
        except KeyError:
            raise ImportError(f"{entry}: the module has no {name}; {_plugins_of(loaded)}") from None

    def unload(self, *, verify: bool = True, running: bool = False) -> list[str]:
        """Forget every module. Tells what is left, with its place, and which code of it somebody still holds.

        To see what is held takes a full collection of garbage; where nothing comes after, do without. `running` says
        that what is left was told before and still runs: that holds all of the code, and explains it.
        """
        left = Reckoning(undo(self.name))
        told = [] if running else left.lines
        running = running or any(each.kind == "thread" for each in left.survivors)
        watched = Watched(self._modules(), self.name, self.lines) if verify and not running else None
        for name in [each for each in sys.modules if belongs(each, self.name)]:
            del sys.modules[name]
        family, _, version = self.name.rpartition(".")
        vars(sys.modules.get(family, ModuleType(family))).pop(version, None)
        _packages.pop(self.name, None)
        let_go(self.folder)
        return [*told, *(watched.held() if watched is not None else ())]

    def find(self, fullname: str) -> ModuleSpec | None:
        """The module of this name: a file that was there when the version was loaded, or a folder of such."""
        parts = fullname.split(".")[3:]
        apart = parts[:1] == [_DEPS]
        inner = PurePosixPath(DEPS, *parts[1:]) if apart else PurePosixPath(*parts)
        place = self.folder / inner
        for path, folder in ((inner / "__init__.py", str(place)), (inner.parent / f"{inner.name}.py", "")):
            if str(path) in self.files:
                return self._spec(fullname, path, folder, self._deps if apart else self._own)
        if not parts or str(inner) in self._folders:
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(place)]
            return spec
        found = PathFinder.find_spec(fullname, [str(place.parent)])
        return found if found is not None and isinstance(found.loader, ExtensionFileLoader) else None

    def _spec(self, fullname: str, path: PurePosixPath, folder: str, names: dict[str, Any]) -> ModuleSpec | None:
        file = str(self.folder / path)
        loader = _Loader(fullname, file, self.files[str(path)], names, self.lines)
        spec = spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=[folder] if folder else None
        )
        if spec is not None:
            spec.cached = None
        return spec

    def _without(self, module: str) -> str:
        """That this module is not there, and what is."""
        own = [path for path in self.files if path.endswith(".py") and not path.startswith(f"{DEPS}/")]
        there = ", ".join(own[:MOST_NAMED]) or "no Python"
        return f"there is no {module.replace('.', '/')}.py in its folder, which has {there}"

    def _modules(self) -> list[ModuleType]:
        return [module for name, module in sys.modules.items() if belongs(name, self.name)]

    @staticmethod
    def _builtins(private: Mapping[str, str]) -> dict[str, Any]:
        return {**vars(builtins), "__import__": _importer(private)}


def _plugins_of(module: ModuleType) -> str:
    plugins = ", ".join(name for name, value in vars(module).items() if isinstance(value, Plugin))
    return f"its plugins are {plugins}" if plugins else "it makes no Plugin"


def _importable(files: Iterable[str]) -> frozenset[str]:
    """Names at the top of a folder that may be imported, except `kagami` itself."""
    tops = (PurePosixPath(path) for path in files if path.endswith(".py"))
    names = {path.stem if len(path.parts) == 1 else path.parts[0] for path in tops}
    return frozenset(name for name in names if name.isidentifier()) - {"__init__", "kagami", _DEPS}


def _importer(private: Mapping[str, str]) -> Callable[..., ModuleType]:
    """`__import__` for code that sees the modules `private` (name -> package that holds it) before all others."""

    def find(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of `builtins.__import__`
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        head = name.partition(".")[0]
        holder = private.get(head)
        if level or holder is None:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if fromlist:
            return builtins.__import__(f"{holder}.{name}", globals, locals, fromlist, 0)
        importlib.import_module(f"{holder}.{name}")
        return sys.modules[f"{holder}.{head}"]

    return find


class _Finder:
    """Finds what is below `kagami_plugins`, and nothing else."""

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG004
        if not belongs(fullname, ROOT):
            return None
        parts = fullname.split(".")
        if len(parts) <= 2:  # noqa: PLR2004 - the root and a plugin's family hold nothing themselves
            return ModuleSpec(fullname, None, is_package=True)
        package = _packages.get(".".join(parts[:3]))
        spec = package.find(fullname) if package is not None else None
        if spec is None:  # nobody else shall look for it in the folder
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec

    @staticmethod
    def find_distributions(context: DistributionFinder.Context) -> Iterator[Distribution]:
        """What `importlib.metadata` tells the code of a plugin about its own dependencies."""
        from importlib.metadata import DistributionFinder, MetadataPathFinder  # noqa: PLC0415 (who asks has loaded it)

        asking = CENSUS.innermost(sys._getframe(1))  # noqa: SLF001 - who asks is on the stack
        package = _packages.get(asking[0]) if asking else None
        if package is None:
            return
        apart = DistributionFinder.Context(name=context.name, path=[str(package.folder / DEPS)])
        yield from MetadataPathFinder.find_distributions(apart)


class _Loader(SourceFileLoader):
    """Runs a source file with the version's own `__import__`, if it is the file that was there at the load."""

    def __init__(self, fullname: str, path: str, content: str, names: dict[str, Any], lines: dict[str, int]) -> None:
        super().__init__(fullname, path)
        self._content = content
        self._names = names
        self._lines = lines

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        if hashlib.sha256(source).hexdigest() != self._content:
            raise ImportError(f"{path} changed after it was checked: reload the plugin", name=fullname, path=path)
        code: CodeType = self.source_to_code(source, path)
        self._lines.update((f"{fullname}.{name}", line) for name, line in _bodies(code))
        return code

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._names
        super().exec_module(module)


def _bodies(code: CodeType) -> Iterator[tuple[str, int]]:
    """The first lines of the classes and functions of a module, by their names in it."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each.co_firstlineno
            yield from _bodies(each)
