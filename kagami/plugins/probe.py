"""Imports plugins and tells what they declare: run as a process of its own, because their code is run for it.

python -m kagami.plugins.probe ANSWER FOLDER…        writes the JSON of a list of `Probed` to the file ANSWER
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import kagami
from kagami.errors import PluginError
from kagami.plugins.contain import contained
from kagami.plugins.frames import shown_trace
from kagami.plugins.loader import Package
from kagami.plugins.manifest import Manifest, is_module, read_manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.settings import fields
from kagami.ports import Field

SECONDS = 30.0
# What the plugin's code gets to know of our environment.
_ENVIRON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


class Called(msgspec.Struct, frozen=True):
    """A command: its names, `usage` of what follows them, and whether it is an operator's."""

    names: tuple[str, ...]
    usage: str = ""
    summary: str = ""
    operator: bool = False


class Probed(msgspec.Struct, frozen=True):
    """What a plugin declares, or the `problem` (a traceback) that keeps it from doing so."""

    id: str
    problem: str = ""
    commands: tuple[Called, ...] = ()
    jobs: tuple[str, ...] = ()
    settings: tuple[Field, ...] = ()


def probe(folders: Sequence[Path], seconds: float = SECONDS) -> list[Probed]:
    """Ask a child process about plugins in Python. `PluginError` when it does not answer in time, or at all."""
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place, "answer.json")
        environ = {name: value for name, value in os.environ.items() if name in _ENVIRON}
        environ |= {"PYTHONPATH": str(Path(kagami.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-P", "-m", __name__, str(answer), *(str(each.absolute()) for each in folders)]
        try:
            ended = subprocess.run(  # noqa: S603 - our own interpreter
                command,
                env=environ,
                cwd=place,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PluginError(plugin=_names(folders), reason=f"its import did not end within {seconds:g} s") from None
        try:
            return msgspec.json.decode(answer.read_bytes(), type=list[Probed])
        except (OSError, msgspec.DecodeError):
            said = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2][:400]
            reason = f"its import ended the process (exit code {ended.returncode}) {said}".rstrip()
            raise PluginError(plugin=_names(folders), reason=reason) from None


def _names(folders: Sequence[Path]) -> str:
    return ", ".join(each.name for each in folders)


async def _ask(folder: Path) -> Probed:
    manifest = read_manifest(folder)
    try:
        plugin = await contained(manifest.id, _load(manifest, folder))
    except PluginError as error:
        return Probed(manifest.id, shown_trace(error))
    declared = plugin.declared
    return Probed(
        manifest.id,
        commands=tuple(
            Called(each.names, each.grammar.usage, each.summary_in("en"), each.operator) for each in declared.commands
        ),
        jobs=tuple(declared.jobs),
        settings=tuple(fields(plugin.settings, {})),
    )


async def _load(manifest: Manifest, folder: Path) -> Plugin[Any]:
    plugin = Package(manifest.id, folder).load(str(manifest.entry))
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{manifest.entry} is {type(plugin).__name__}, not a kagami.plugins.api.Plugin")
    return plugin


async def _ask_all(folders: Sequence[Path]) -> list[Probed]:
    return [await _ask(folder) for folder in folders if is_module(read_manifest(folder).entry)]


if __name__ == "__main__":
    _answer, *_folders = map(Path, sys.argv[1:])
    _answer.write_bytes(msgspec.json.encode(asyncio.run(_ask_all(_folders))))
