"""Brings a version of a plugin into the plugins' folder, whole or not at all, and takes it away again.

<plugins>/.staging-…                      where it is unpacked, checked and completed
<plugins>/<id>/<version>/                 where it appears at once, read-only
<plugins>/<id>/<version>/.deps/           its dependencies
<plugins>/.installed/<id>@<version>.json  the record of its install
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from kagami.clock import Clock, SystemClock
from kagami.i18n import mark
from kagami.plugins import dependencies, package
from kagami.plugins.entries import STRICT, flaw, refused
from kagami.plugins.manifest import FILE, Manifest
from kagami.plugins.package import Progress
from kagami.plugins.recalls import read_recalls, recalled
from kagami.plugins.records import DEPENDENCIES, STAGING, Record, delete, installed, keep, read, shown
from kagami.plugins.versions import Found, digest, discover, fingerprints
from kagami.ports import Installed

Fetch = Callable[[str, Path, Callable[[int, int], None]], Awaitable[None]]
Tell = Callable[[Progress], None]
Agree = Callable[[Installed], Awaitable[None]]

T = TypeVar("T")

_STALE_S = 3600.0
# Ids of at least so many letters are alike when they are so many edits apart.
_ALIKE = ((6, 2), (4, 1))


class _Stopped(Exception):
    """Raised in the thread of an install that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for. `known` are ids that a new one must not be mistaken for."""

    folder: Path
    source: str
    trust: Sequence[str]
    unsigned: bool
    index_url: str
    known: frozenset[str]
    at_ms: int
    pins: tuple[str, ...] = ()


async def install(
    source: str | Path,
    *,
    folder: Path,
    trust: Sequence[str],
    progress: Tell,
    fetch: Fetch,
    unsigned: bool = False,
    index_url: str = "",
    known: Iterable[str] = (),
    agree: Agree | None = None,
    clock: Clock | None = None,
    pins: Sequence[str] = (),
) -> Installed:
    """Install a `.kpk` file, a folder or what an http(s) address gives into the plugins' `folder`.

    `trust` are public keys; without `unsigned` one of them must have signed it. `index_url` stands in for PyPI.
    `fetch(url, target, progress)` downloads; its `progress` takes the bytes done and, or 0, their total. `known` are
    ids of the market. The version that is there already is left alone; `warnings` of the result tell that, a
    downgrade, another signer or an id that looks like another's. `progress` is called in this event loop. `pins` are
    the versions (`name==1.0`) that dependencies have elsewhere.
    `agree` is asked when the package was found sound, with its wishes as `dependencies`; what it raises ends it.

    `PackageRefused` when anything is wrong, `Unavailable` without pip or index; nothing stays then, nor when this is
    cancelled.
    """
    at_ms = (clock or SystemClock()).wall_ms()
    order = _Order(folder, _named(source), tuple(trust), unsigned, index_url, frozenset(known), at_ms, tuple(pins))
    place = await asyncio.to_thread(_open_staging, folder)
    try:
        given = await _bring(source, place, fetch, progress)
        manifest, record = await _apart(partial(_judge, order, given, place), progress)
        if agree is not None:
            await agree(msgspec.structs.replace(shown(record), dependencies=manifest.dependencies))
        return await _apart(partial(_settle, order, manifest, record, place), progress)
    finally:
        await asyncio.to_thread(delete, place)


async def _bring(source: str | Path, place: Path, fetch: Fetch, progress: Tell) -> Path:
    """The file or folder to install, downloaded where `source` is an address."""
    if isinstance(source, Path) or "://" not in source:
        return Path(source)
    address = urlsplit(source)
    if address.scheme not in ("http", "https"):
        raise refused(_named(source), mark("only http and https addresses can be downloaded"))
    target = place / (re.sub(r"[^\w.-]", "_", Path(address.path).stem)[-80:] + ".kpk")

    def count(done: int, total: int) -> None:
        if max(done, total) > STRICT.archive:
            raise refused(target.name, mark("it is larger than 64 MiB"))
        progress(Progress(mark("Downloading"), done, total))

    await fetch(source, target, count)
    return target


async def _apart(work: Callable[[Tell], T], progress: Tell) -> T:
    """Run `work` in a thread. When this is cancelled, the next thing that `work` tells ends it, and this waits."""
    loop, stop = asyncio.get_running_loop(), threading.Event()

    def tell(step: Progress) -> None:
        if stop.is_set():
            raise _Stopped
        loop.call_soon_threadsafe(progress, step)

    running = loop.run_in_executor(None, work, tell)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])  # its folder is deleted next
        raise


def _judge(order: _Order, given: Path, place: Path, tell: Tell) -> tuple[Manifest, Record]:
    """Unpack and check a package apart from all others."""
    staged = place / "version"
    tell(Progress(mark("Unpacking")))
    manifest = _open(given, staged)
    tell(Progress(mark("Checking")))
    signer = package.check(staged, order.trust, unsigned=order.unsigned)
    name, address = f"{manifest.id} {manifest.version}", digest(fingerprints(staged))
    others = _check_place(order.folder, manifest, name)
    return manifest, Record(
        manifest.id,
        manifest.version,
        digest=address,
        source=order.source,
        signer=signer,
        permissions=manifest.permissions,
        warnings=tuple(_warnings(order, manifest, signer, others)),
        at_ms=order.at_ms,
    )


def _settle(order: _Order, manifest: Manifest, record: Record, place: Path, tell: Tell) -> Installed:
    """Everything that blocks from there to the version in its place."""
    staged, name = place / "version", f"{manifest.id} {manifest.version}"
    final = order.folder / manifest.id / manifest.version
    if final.exists():
        return _again(order.folder, record, digest(fingerprints(final)))
    wishes = (*manifest.dependencies, *order.pins)
    plan = dependencies.resolve(name, wishes, index_url=order.index_url, progress=tell)
    dependencies.install(plan, staged / DEPENDENCIES, runtime=manifest.runtime, progress=tell)
    record = msgspec.structs.replace(
        record,
        dependencies=tuple(str(wheel) for wheel in plan.wheels),
        dependencies_digest=digest(fingerprints(staged / DEPENDENCIES)),
    )
    tell(Progress(mark("Installing")))
    _move(staged, final)
    keep(order.folder, record)
    return shown(record)


def _open(given: Path, staged: Path) -> Manifest:
    given = given.expanduser()
    if given.is_dir():
        return package.copy(given, staged)
    if given.is_file():
        return package.unpack(given, staged)
    raise refused(str(given), mark("there is no such file or folder"))


def _check_place(folder: Path, manifest: Manifest, name: str) -> list[Found]:
    """The other versions of this plugin; `PackageRefused` when the new one cannot stand beside what is there."""
    found = discover(folder).versions
    _check_id(manifest, name, {each.name for each in folder.iterdir()} | found.keys())
    home = folder / manifest.id
    if home.is_symlink() or (home / FILE).exists():
        raise refused(name, f"{home} is a plugin without folders for its versions: move it away first")
    others = [each for each in found.get(manifest.id, []) if each.manifest.version != manifest.version]
    for each in others:
        if each.manifest.semver == manifest.semver:
            raise refused(name, f"{each.manifest.version} is installed, which counts as the same version")
    return others


def _check_id(manifest: Manifest, name: str, present: Iterable[str]) -> None:
    if manifest.id.casefold() == "kagami":
        raise refused(name, mark("kagami is not a name for a plugin"))
    if reason := flaw(manifest.id) or flaw(manifest.version):
        raise refused(name, reason)
    for other in present:
        if other != manifest.id and other.casefold() == manifest.id.casefold():
            raise refused(name, f"{other} is installed, whose id differs in capital letters only")


def _warnings(order: _Order, manifest: Manifest, signer: str, others: Sequence[Found]) -> Iterator[str]:
    if recall := recalled(read_recalls(order.folder), manifest.id, manifest.semver):
        yield f"it was recalled and will not be served: {recall.reason}"
    newest = max((each.manifest.semver for each in others), default=manifest.semver)
    if newest > manifest.semver:
        yield f"{newest} is installed, which is newer"
    before = [each for (plugin, _), each in installed(order.folder).items() if plugin == manifest.id]
    if before and before[-1].signer != signer:
        yield f"{before[-1].version} was signed by {before[-1].signer or 'nobody'}, this by {signer or 'nobody'}"
    yield from () if others else _likenesses(order, manifest.id)


def _likenesses(order: _Order, plugin: str) -> Iterator[str]:
    for other in sorted(order.known | discover(order.folder).versions.keys()):
        if _alike(other, plugin):
            yield f"its id looks like {other}, which is another plugin"


def _again(folder: Path, record: Record, present: str) -> Installed:
    """The version is there: nothing is done when it is the same one."""
    if present != record.digest:
        raise refused(record.id, f"{record.version} is installed already and differs: raise the version")
    before = read(folder, record.id, record.version)
    if before is None:
        keep(folder, record)
    told = f"{record.version} is installed already"
    return msgspec.structs.replace(shown(before or record), warnings=(told,))


def _move(staged: Path, final: Path) -> None:
    """Read-only, and then at once under its own name."""
    for root, folders, files in os.walk(staged):
        for name in files:
            path = Path(root, name)
            path.chmod(0o555 if path.stat().st_mode & stat.S_IXUSR else 0o444)
        for name in folders:
            Path(root, name).chmod(0o555)
    final.parent.mkdir(mode=0o755, exist_ok=True)
    try:
        staged.rename(final)
    except OSError as error:
        raise refused(final.parent.name, f"{final} cannot be made: {error.strerror}") from None
    final.chmod(0o555)  # only now: a folder that is moved is written to


def _open_staging(folder: Path) -> Path:
    """A folder of our own beside the plugins. What an install that was killed left there long ago goes."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for stale in folder.glob(f"{STAGING}*"):
        with suppress(FileNotFoundError):  # another install was faster
            if time.time() - stale.stat().st_mtime > _STALE_S:
                delete(stale)
    return Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))


def _named(source: str | Path) -> str:
    """A source for the record and for people: without what may be a password."""
    text = str(source)
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    address = urlsplit(text)
    return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"


def _alike(first: str, second: str) -> bool:
    """Whether two ids are one or two letters apart, so that one may be taken for the other."""
    shorter = min(len(first), len(second))
    near = next((edits for letters, edits in _ALIKE if shorter >= letters), 0)
    return 0 < _edits(first.casefold(), second.casefold()) <= near


def _edits(first: str, second: str) -> int:
    """Letters to insert, to delete or to change (Levenshtein)."""
    row = list(range(len(second) + 1))
    for line, letter in enumerate(first, 1):
        above, row = row, [line]
        for column, other in enumerate(second, 1):
            row.append(min(row[-1] + 1, above[column] + 1, above[column - 1] + (letter != other)))
    return row[-1]
