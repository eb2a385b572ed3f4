"""Who still holds the code of a version that was unloaded.

One function that is held holds its module's variables, and they hold all the rest. So what is left is taken apart: the
variables of the modules are cleared, and what is alive then is what somebody else holds. That also frees what the one
function kept in memory.
"""

from __future__ import annotations

import gc
import linecache
import typing
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from kagami.plugins.scope import belongs

# Of one version; the first few say where to look.
SHOWN = 20
_HELD = "something outside still holds it"


class Watched:
    """Weak references to the modules of `package` and their classes; `lines` are the first lines by full name."""

    def __init__(self, modules: Iterable[ModuleType], package: str, lines: Mapping[str, int]) -> None:
        self._package = package
        self._lines = lines
        self._modules: list[tuple[weakref.ref[ModuleType], str]] = []
        self._classes: list[tuple[weakref.ref[type], str]] = []
        # Each module's variables hold its loader, and a dictionary cannot be referred to weakly.
        self._loaders: list[weakref.ref[Any]] = []
        for module in modules:
            names: dict[str, Any] = vars(module)
            file = module.__file__ or module.__name__
            self._modules.append((weakref.ref(module), file))
            if names.get("__loader__") is not None:
                self._loaders.append(weakref.ref(names["__loader__"]))
            self._classes += [(weakref.ref(each), file) for each in _classes(names, module.__name__)]

    def held(self) -> list[str]:
        """What is still held, after the modules were forgotten. Collects garbage."""
        gc.collect()
        if self._is_alive():
            gc.unfreeze()  # what was set aside to spare later collections is collected by none of them
            gc.collect()
        if not self._is_alive():
            return []
        loaders = [loader for ref in self._loaders if (loader := ref()) is not None]
        spaces = _spaces(loaders)
        del loaders
        for space in spaces:
            space.clear()
        gc.collect()
        return list(islice(self._left(spaces), SHOWN))

    def _is_alive(self) -> bool:
        refs: Iterable[weakref.ref[Any]] = chain(
            self._loaders, (ref for ref, _ in self._modules), (ref for ref, _ in self._classes)
        )
        return any(ref() is not None for ref in refs)

    def _left(self, spaces: list[dict[str, Any]]) -> Iterator[str]:
        classes = {_name(kind): (kind.__qualname__, file) for ref, file in self._classes if (kind := ref()) is not None}
        for ref, file in self._modules:
            if ref() is not None:
                yield f"module {file}:1: {_HELD}"
        for name, (inner, file) in classes.items():
            if not _is_inside(name, classes):
                yield f"class {inner} of {file}:{self._lines.get(name, 1)}: {_HELD}"
        for function in _functions(spaces):
            if belongs(function.__module__, self._package) and not _is_inside(_name(function), classes):
                code = function.__code__
                yield f"function {function.__qualname__} of {code.co_filename}:{code.co_firstlineno}: {_HELD}"


def _name(code: FunctionType | type) -> str:
    return f"{code.__module__}.{code.__qualname__}"


def _is_inside(name: str, classes: Collection[str]) -> bool:
    """Whether it is part of one of these, which hold it."""
    return any(name != each and belongs(name, each) for each in classes)


def _classes(names: Mapping[str, Any], module: str, outer: str = "") -> Iterator[type]:
    """The classes that a module made, and those inside them."""
    for thing in list(names.values()):
        if isinstance(thing, type) and thing.__module__ == module and thing.__qualname__.startswith(outer):
            yield thing
            yield from _classes(vars(thing), module, f"{thing.__qualname__}.")


def _spaces(loaders: list[Any]) -> list[dict[str, Any]]:
    """The variables of the modules of these loaders."""
    if not loaders:
        return []
    known = set(map(id, loaders))
    return [each for each in gc.get_referrers(*loaders) if type(each) is dict and id(each.get("__loader__")) in known]


def _functions(spaces: list[dict[str, Any]]) -> list[FunctionType]:
    if not spaces:
        return []
    known = set(map(id, spaces))
    return [
        each for each in gc.get_referrers(*spaces) if isinstance(each, FunctionType) and id(each.__globals__) in known
    ]


def let_go(folder: Path) -> None:
    """Empty the standard library's caches of what was loaded from `folder`."""
    for name in [name for name in linecache.cache if name.startswith(f"{folder}/")]:
        linecache.cache.pop(name, None)
    # `list[Mine] | None` in an annotation would keep the class `Mine` for as long as the cache pleases.
    cleanups: Iterable[Callable[[], object]] = vars(typing).get("_cleanups", ())
    for forget in cleanups:
        forget()
