"""Brings plugins onto the disk: from folders, files, addresses, a market, and from what Kagami itself ships."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kagami import log
from kagami.clock import Clock, SystemClock
from kagami.errors import KagamiError, NotFound, NoVersion, Refused, Unavailable
from kagami.i18n import Translate, mark
from kagami.plugins.config import PluginsConfig
from kagami.plugins.entries import refused
from kagami.plugins.install import Agree, Tell, install
from kagami.plugins.manifest import FILE, Manifest, read_manifest
from kagami.plugins.market import LARGEST_BYTES, Index, Market, Release, plan, read_index
from kagami.plugins.package import Progress
from kagami.plugins.recalls import keep_recalls, read_recalls, recalled
from kagami.plugins.records import RECORDS, installed
from kagami.plugins.versions import discover
from kagami.ports import Installed, Reach, SyncRow

EXTRA = Path(__file__).parent / "extra"
SEEN = "market.json"
RECALLS_S = 3600.0
_log = log.get("plugins")


class Seen(msgspec.Struct, frozen=True):
    """The index of a key that was last taken: when it was made, and which plugins it had."""

    at_ms: int
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where to get it. `release` is what the market says of it, `plugin` whose release that is.

    `unseen` is an update that nobody looks at before: it has to come from whoever signed what is there.
    """

    source: str | Path
    unsigned: bool = False
    plugin: str = ""
    release: Release | None = None
    unseen: bool = False


class Deliveries:
    """Implements `plugins.office.Deliveries` for the plugins in `folder`. `pinned` tells which get no updates.

    `unsigned` packages are for whoever sits at this machine. `agree` is asked before a package is installed.
    """

    def __init__(
        self,
        folder: Path,
        config: PluginsConfig,
        reach: Reach,
        *,
        pinned: Callable[[], Collection[str]] = tuple,
        told: Tell = lambda _: None,
        unsigned: bool = False,
        agree: Agree | None = None,
        clock: Clock | None = None,
        translate: Translate = str,
    ) -> None:
        self.told = told
        self._folder = folder
        self._config = config
        self._reach = reach
        self._pinned = pinned
        self._unsigned = unsigned
        self._agree = agree
        self._clock = clock or SystemClock()
        self._translate = translate
        self._market = Market(config.market.url, config.market.mirror)

    def configure(self, config: PluginsConfig) -> None:
        """Go on with other keys and addresses."""
        self._config = config
        self._market = Market(config.market.url, config.market.mirror)

    async def install(self, source: str) -> Installed:
        """A folder, a `.kpk` file, an address, the name of a plugin that Kagami ships, or `id[@version]` of the market.

        `PackageRefused` for what is not sound, `Unavailable` without the network, `NotFound` for an unknown name.
        """
        return await self._install(await self._find(source))

    async def sync(self, *, dry_run: bool) -> list[SyncRow]:
        """Updates and recalls; with `dry_run` they are only told. `Unavailable` when the market is away."""
        index, rows = await self.compare()
        return rows if dry_run else await self.carry_out(index, rows)

    async def compare(self) -> tuple[Index, list[SyncRow]]:
        """The market's index as it is now, and what a sync by it would do."""
        index = await self.look_up()
        present = await asyncio.to_thread(_present, self._folder)
        return index, plan(index, present, self._pinned(), read_recalls(self._folder))

    async def carry_out(self, index: Index, rows: Sequence[SyncRow]) -> list[SyncRow]:
        """Do what `compare` told. An update that fails has its `error` and stops no other."""
        await asyncio.to_thread(keep_recalls, self._folder, index.recalls)
        done = []
        for row in rows:
            error = ""
            if row.act == "update":
                try:
                    await self._install(replace(self._release(index, row.id, row.new), unseen=True))
                except KagamiError as failure:
                    error = failure.text(self._translate)
            done.append(msgspec.structs.replace(row, error=error))
        return done

    async def look_up(self) -> Index:
        """The market's index, checked. One that is older than the last is refused: it may hide a recall."""
        market = self._market
        if not market.url:
            raise Refused(reason=mark("There is no market: set plugins.market.url and plugins.market.key."))
        index = read_index(await self._read(market.index), self._config.market.key)
        seen = self._seen()
        before = seen.get(self._config.market.key)
        if before is not None and index.at_ms < before.at_ms:
            raise refused("index.json", mark("it is older than the last one from this market: somebody may hide news"))
        seen = {**seen, self._config.market.key: Seen(index.at_ms, tuple(each.id for each in index.plugins))}
        await asyncio.to_thread(_write, self._folder / RECORDS / SEEN, msgspec.json.encode(seen))
        return index

    async def follow_recalls(self, disable: Callable[[str], Awaitable[object]]) -> None:
        """Look for recalls every hour, as long as this runs; `disable` is called for plugins that have a new one."""
        while True:
            try:
                index, rows = await self.compare()
                await asyncio.to_thread(keep_recalls, self._folder, index.recalls)
                for row in rows:
                    if row.act == "recall":
                        _log.warning("recalled", plugin=row.id, version=row.old, reason=row.changes)
                        await disable(row.id)
            except KagamiError as error:
                _log.warning("recalls cannot be followed", reason=str(error))
            await self._clock.sleep(RECALLS_S)

    async def _install(self, wanted: _Wanted) -> Installed:
        async def fetch(url: str, target: Path, progress: Callable[[int, int], None]) -> None:
            await self._reach.download(url, target, progress)
            if wanted.release is not None:
                await asyncio.to_thread(_check_file, target, wanted.release)

        async def agree(seen: Installed) -> None:
            if wanted.release is not None:
                _check_claims(seen, wanted.plugin, wanted.release)
            if wanted.unseen:
                await asyncio.to_thread(_check_signer, self._folder, seen)
            if self._agree is not None:
                await self._agree(seen)

        if wanted.release is not None and isinstance(wanted.source, Path):
            await asyncio.to_thread(_check_file, wanted.source, wanted.release)
        known = {name for each in self._seen().values() for name in each.ids} | bundled()
        return await install(
            wanted.source,
            folder=self._folder,
            trust=self._config.trust,
            progress=self.told,
            fetch=fetch,
            unsigned=wanted.unsigned or self._unsigned,
            index_url=self._config.market.packages,
            known=known,
            agree=agree,
            clock=self._clock,
        )

    async def _find(self, source: str) -> _Wanted:
        if source in bundled():
            return _Wanted(EXTRA / source, unsigned=True)
        if "://" in source:
            return _Wanted(source)
        if await asyncio.to_thread(_is_path, source):
            return _Wanted(_expanded(source))
        if not self._market.url:
            reason = mark(
                "There is no such file or folder, and no market: set plugins.market.url and plugins.market.key."
            )
            raise Refused(reason=reason)
        plugin, _, version = source.partition("@")
        return self._release(await self.look_up(), plugin, version)

    def _release(self, index: Index, plugin: str, version: str) -> _Wanted:
        """A version of the market, the newest one when none is named."""
        entry = index.entry(plugin)
        release = entry.release(version) if entry and version else index.newest(plugin)
        if release is None and entry and version:
            raise NoVersion(plugin=plugin, version=version, known=", ".join(each.version for each in entry.versions))
        if release is None:
            raise NotFound(what="plugin in the market", name=f"{plugin} {version}".rstrip())
        if recall := recalled(index.recalls, plugin, release.semver):
            raise refused(f"{plugin} {release.version}", f"it was recalled: {recall.reason}")
        return _Wanted(self._market.place(release.file), plugin=plugin, release=release)

    async def _read(self, place: str | Path) -> bytes:
        if isinstance(place, Path):
            return await asyncio.to_thread(_read, place)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "index.json")
            await self._reach.download(place, target, self._count)
            return await asyncio.to_thread(_read, target)

    def _count(self, done: int, total: int) -> None:
        if max(done, total) > LARGEST_BYTES:
            raise refused("index.json", mark("it is larger than 8 MiB"))
        self.told(Progress(mark("Asking the market"), done, total))

    def _seen(self) -> dict[str, Seen]:
        try:
            return msgspec.json.decode((self._folder / RECORDS / SEEN).read_bytes(), type=dict[str, Seen])
        except (OSError, msgspec.DecodeError):
            return {}


def bundled() -> set[str]:
    """Names of the plugins that come with Kagami and are installed on demand."""
    return {place.parent.name for place in EXTRA.glob(f"*/{FILE}")}


def is_bundled(seen: Installed) -> bool:
    """Whether a version comes with Kagami, and so from whoever signed that."""
    return Path(seen.source).parent == EXTRA


def hosts(config: PluginsConfig) -> tuple[str, ...]:
    """Hosts that an operator named as the market's: they may be in a private network."""
    return tuple(filter(None, (urlsplit(each).hostname for each in (config.market.url, config.market.mirror))))


def _is_path(source: str) -> bool:
    """Whether it names a file or folder, rather than a plugin of the market."""
    path = _expanded(source)
    return len(path.parts) > 1 or path.suffix == ".kpk" or path.exists()


def _expanded(source: str) -> Path:
    try:
        return Path(source).expanduser()
    except RuntimeError:
        raise refused(source, mark("there is no such user")) from None


def _present(folder: Path) -> Mapping[str, Sequence[Manifest]]:
    """All versions on the disk by plugin, the recalled ones too."""
    shelf = discover(folder)
    manifests = [found.manifest for versions in shelf.versions.values() for found in versions]
    manifests += [read_manifest(each.folder) for each in shelf.unsound if each.recalled]
    present: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        present.setdefault(manifest.id, []).append(manifest)
    return present


def _check_file(path: Path, release: Release) -> None:
    """Before anything looks into it."""
    try:
        with path.open("rb") as file:
            size, digest = path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unavailable(what=path.name, reason=error.strerror or str(error)) from None
    if (size, digest) != (release.size, release.sha256):
        raise refused(path.name, mark("it is not the file that the index describes"))


def _check_claims(seen: Installed, plugin: str, release: Release) -> None:
    """What was shown of an update has to be what it is."""
    name = f"{plugin} {release.version}"
    if (seen.id, seen.version) != (plugin, release.version):
        raise refused(name, f"the package holds {seen.id} {seen.version}")
    if more := [word for word in seen.permissions if word not in release.permissions]:
        raise refused(name, f"it wants more than the index says: {', '.join(more)}")


def _check_signer(folder: Path, seen: Installed) -> None:
    """Every key of `trust` may sign every plugin; another one than before is for a person to agree to."""
    before = [each.signer for (plugin, _), each in installed(folder).items() if plugin == seen.id]
    if before and before[-1] not in ("", seen.signer):
        reason = (
            f"{before[-1]} has signed it until now, and {seen.signer} this one: if that is right, install it by hand"
        )
        raise refused(f"{seen.id} {seen.version}", reason)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Unavailable(what="The market", reason=f"{path}: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    draft.replace(path)
