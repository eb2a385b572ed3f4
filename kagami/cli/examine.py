"""`kagami plugin check`: everything that would keep a plugin from being installed or from serving, and what to mend."""

from __future__ import annotations

import ast
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kagami.cli.findings import Finding, tell_findings
from kagami.cli.options import Globals
from kagami.cli.unasked import sources, unasked
from kagami.errors import KagamiError, ManifestError, PackageRefused, PluginError
from kagami.i18n import Translate, mark
from kagami.plugins.fleet import BUILTIN
from kagami.plugins.manifest import FILE, Manifest, is_module, read_manifest
from kagami.plugins.package import copy
from kagami.plugins.probe import Called, Probed, probe
from kagami.plugins.versions import discover
from kagami.reasons.say import say


class Smell(NamedTuple):
    """`names` are of calls, of modules, or what a text begins with. `bad` ones are refused here."""

    names: frozenset[str]
    text: str
    fix: str
    bad: bool = False


_SERVERS = ("start_server", "start_unix_server", "create_server", "run_app", "TCPSite", "UnixSite")
# Whatever the dot stands behind.
_PORTS = frozenset({*_SERVERS, *(f".{name}" for name in _SERVERS)})
_CALLS = (
    Smell(
        _PORTS, mark("it opens a port"), mark("Answer events: what listens belongs into a process of its own."), True
    ),
    Smell(frozenset({"time.sleep"}), mark("it holds up everybody"), mark("Await asyncio.sleep, or use ctx.jobs.")),
    Smell(frozenset({"eval", "exec"}), mark("it runs text as code"), mark("Read text with a parser that only reads.")),
    Smell(frozenset({"os._exit"}), mark("it ends the whole process"), mark("Raise an error."), True),
    Smell(
        frozenset({"b64encode", ".b64encode"}),
        mark("it encodes files as text"),
        mark("Keep files with ctx.media and send their references."),
    ),
)
_MODULES = (
    Smell(
        frozenset({"requests", "urllib.request", "http.client"}),
        mark("it waits for the network and holds up everybody"),
        mark("Use ctx.http."),
    ),
    Smell(
        frozenset({"pickle", "shelve", "marshal"}), mark("it reads objects that may run code"), mark("Use ctx.store.")
    ),
    Smell(frozenset({"socketserver", "http.server"}), *_CALLS[0][1:]),
)
_BASE64 = Smell(
    frozenset({"base64://"}),
    mark("it puts a file into a message as text"),
    mark("Keep files with ctx.media and send their references."),
    True,
)


def check(given: Globals, folder: Path) -> int:
    """Show what was found; 1 when something is bad."""
    return tell_findings(list(look(given, folder)), given)


def look(given: Globals, folder: Path) -> Iterator[Finding]:
    """In the order in which it would matter: manifest, package, code, import, commands."""
    t = given.t
    if not folder.is_dir():
        fix = t("Name the folder of a plugin, or make one: kagami plugin new ID")
        yield Finding("bad", str(folder), t("there is no such folder"), fix)
        return
    try:
        manifest = read_manifest(folder)
    except ManifestError as error:
        yield Finding("bad", FILE, say(str(error.details["reason"]), t), t("Correct it in {}.").format(folder / FILE))
        return
    yield Finding("ok", FILE, f"{manifest.id} {manifest.version}, api {manifest.api}, {manifest.runtime}")
    yield Finding("ok", t("permissions"), ", ".join(manifest.permissions) or t("none"))
    yield _package(folder, t)
    yield from smells(folder, t)
    yield from unasked(manifest, folder, t)
    if not is_module(manifest.entry):
        yield _program(manifest, folder, t)
        return
    found = _imported(manifest, folder, t)
    if isinstance(found, Finding):
        yield found
        return
    yield from _declared(found, t)
    yield from _conflicts(found, given)


def unloadable(folder: Path, t: Translate) -> str:
    """Why its module cannot be imported; empty when it can, or when it is a program. `ManifestError`."""
    manifest = read_manifest(folder)
    found = _imported(manifest, folder, t) if is_module(manifest.entry) else None
    return found.text if isinstance(found, Finding) else ""


def _imported(manifest: Manifest, folder: Path, t: Translate) -> Probed | Finding:
    """What it declares, or what keeps it from that."""
    try:
        (found,) = probe([folder])
    except PluginError as error:
        fix = t("Let the import of {} only declare.").format(manifest.entry)
        return Finding("bad", "entry", say(str(error.details["reason"]), t), fix)
    if found.problem:
        *_, line = found.problem.splitlines()
        return Finding("bad", "entry", line, t("Correct it: the module cannot be imported."))
    return found


def _package(folder: Path, t: Translate) -> Finding:
    with tempfile.TemporaryDirectory() as place:
        try:
            copy(folder, Path(place, "copy"))
        except PackageRefused as error:
            return Finding("bad", t("files"), error.text(t), t("Rename or remove what it names."))
    return Finding("ok", t("files"), t("they can be packed"))


def _program(manifest: Manifest, folder: Path, t: Translate) -> Finding:
    words = shlex.split(manifest.entry) if isinstance(manifest.entry, str) else list(manifest.entry)
    if (folder / words[0]).is_file() or shutil.which(words[0]):
        return Finding("ok", "entry", t("a program: {}").format(shlex.join(words)))
    text = t("there is no program {}").format(words[0])
    return Finding("bad", "entry", text, t("Name a program of this machine, or a file in the plugin's folder."))


def _declared(found: Probed, t: Translate) -> Iterator[Finding]:
    for each in found.commands:
        usage = f"{_shown(each, each.names[0])} {each.usage}".rstrip()
        if each.summary:
            yield Finding("ok", t("commands"), f"{usage}: {each.summary}")
        else:
            yield Finding("warn", t("commands"), usage, t("Say in its docstring what it does: /help shows that."))
    for job in found.jobs:
        yield Finding("ok", t("job"), job)
    for field in found.settings:
        default = t("needed") if field.required else t("default {}").format(field.default)
        yield Finding("ok", t("setting"), f"{field.name} ({field.kind}): {default}")


def _conflicts(found: Probed, given: Globals) -> Iterator[Finding]:
    """Commands that others have already; of those that cannot be imported nothing is known."""
    t, places = given.t, [*_served(BUILTIN), *_served(given.settings(create=False).plugins_dir)]
    try:
        others = [each for each in probe(places) if each.id != found.id]
    except KagamiError as error:
        yield Finding("warn", t("conflicts"), error.text(t), t("Remove or repair the installed plugin that it names."))
        return
    owners = {
        (each.operator, name.casefold()): other.id for other in others for each in other.commands for name in each.names
    }
    clashes = False
    for each in found.commands:
        for name in each.names:
            if owner := owners.get((each.operator, name.casefold())):
                clashes = True
                text = t("the command {} belongs to {}").format(_shown(each, name), owner)
                fix = t("Give it another name, or say in [plugins.rename] how it is called here.")
                yield Finding("warn", t("conflicts"), text, fix)
    if not clashes:
        yield Finding("ok", t("conflicts"), t("none"))


def _served(folder: Path) -> Iterator[Path]:
    """The first of each plugin's versions."""
    for versions in discover(folder).versions.values():
        if is_module(versions[0].manifest.entry):
            yield versions[0].folder


def _shown(command: Called, name: str) -> str:
    return f"{'#' if command.operator else '/'}{name}"


def smells(folder: Path, t: Translate) -> Iterator[Finding]:
    """What the code shows without being run. Tests may do what they like."""
    for name in sources(folder):
        try:
            tree = ast.parse((folder / name).read_bytes())
        except (SyntaxError, ValueError) as error:
            yield Finding("bad", str(name), str(error), t("Correct it: Python cannot read this file."))
            continue
        nodes: Iterator[Any] = ast.walk(tree)
        found = ((node.lineno, smell) for node in nodes for smell in _smells_of(node))
        for line, smell in sorted(found, key=lambda each: each[0]):
            yield Finding("bad" if smell.bad else "warn", f"{name}:{line}", t(smell.text), t(smell.fix))


def _smells_of(node: Any) -> Iterator[Smell]:
    match node:
        case ast.Call(func=function):
            called = ast.unparse(function)
            yield from _named(_CALLS, {called, f".{called.rpartition('.')[2]}"} if "." in called else {called})
        case ast.Import(names=names):
            yield from _named(_MODULES, {each.name for each in names})
        case ast.ImportFrom(module=str(module), level=0):
            yield from _named(_MODULES, {module})
        case ast.Constant(value=str(text)) if text.startswith(tuple(_BASE64.names)):
            yield _BASE64


def _named(smells_of: Sequence[Smell], names: set[str]) -> Iterator[Smell]:
    return (each for each in smells_of if each.names & names)
