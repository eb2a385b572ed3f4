"""The command lines of a child: its program inside the launcher that confines it."""

from __future__ import annotations

import json
import os
import shutil
import site
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

import kagami
from kagami.plugins.config import ProcessConfig

JAIL = Path(__file__).with_name("jail.py")
PACKAGE = Path(kagami.__file__).parent
# Where Kagami's own packages are. In a .pyz that is a folder which the interpreter does not know by itself.
PACKAGES = Path(msgspec.__file__).parents[1]
OPEN_FILES = 256
MIB = 1 << 20

# Finds the package `kagami` itself and not what lies beside it, which may be somebody's home.
_GUEST = (
    "import sys, importlib.util as u; folder, *more = sys.argv[1:]; "
    "sys.path += [each for each in more if each not in sys.path]; "
    "s = u.spec_from_file_location('kagami', folder + '/__init__.py', submodule_search_locations=[folder]); "
    "sys.modules['kagami'] = m = u.module_from_spec(s); s.loader.exec_module(m); "
    "from kagami.plugins.process.guest import main; main()"
)


def guest_command() -> list[str]:
    """The program that runs a plugin written against `kagami.plugins.api`."""
    return [sys.executable, "-P", "-B", "-c", _GUEST, str(PACKAGE), str(PACKAGES)]


def jail_command(
    argv: Sequence[str],
    *,
    folder: Path,
    work: Path,
    config: ProcessConfig,
    readable: Sequence[Path] = (),
    strict: bool = False,
) -> list[str]:
    """`argv` so that it reads `folder`, `readable` and the system only, writes in `work` only, and has no network.

    To be started by this very process; with `strict` it starts only where the system can enforce all of it.
    """
    spec = {
        "read": [str(each) for each in (folder, *readable, *_of_python(), *_of_program(argv[0]))],
        "write": [str(work)],
        "memory": config.memory_mb * MIB,
        "file": config.disk_mb * MIB,
        "files": OPEN_FILES,
        "cpu": config.cpu_seconds,
        "processes": config.processes,
        "parent": os.getpid(),
        "strict": strict,
    }
    return [sys.executable, "-I", "-S", str(JAIL), json.dumps(spec), "--", *argv]


def _of_python() -> Iterator[Path]:
    """What an interpreter and Kagami itself consist of."""
    # Not all of a prefix: somebody's home may be in it.
    for prefix in {Path(sys.prefix), Path(sys.base_prefix)}:
        yield from (prefix / each for each in ("bin", "lib", "lib64", "include", "share", "pyvenv.cfg"))
    yield from (Path(each) for each in [*site.getsitepackages(), site.getusersitepackages()])
    yield from (PACKAGE, PACKAGES)


def _of_program(name: str) -> Iterator[Path]:
    """A program outside the system's folders, with the libraries of its own installation."""
    found = shutil.which(name)
    if found:
        program = Path(found).resolve()
        yield program
        if program.parent.name == "bin":
            yield program.parent.with_name("lib")
