"""One plugins' folder for all processes on one database, though each has its own.

What is installed at one is kept in the database, whole and sealed, and every other one brings it onto its own disk by
the same walk as an install. A folder that somebody put there by hand stays where it is: it serves when most have it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.secrets import Secret
from kagami.errors import KagamiError, Unavailable
from kagami.i18n import mark
from kagami.plugins.entries import STRICT, Limits, refused
from kagami.plugins.install import install
from kagami.plugins.newest import Newest
from kagami.plugins.package import unpack, wrap
from kagami.plugins.records import STAGING, Record, installed, keep, read, remove, verify
from kagami.plugins.versions import Found, Shelf, Unsound, digest, discover, fingerprints
from kagami.ports import Installed, NodeRow, Nodes, PackageRow, Packages, Role

# Between two looks at what the others have, and between two tries to bring what could not be brought.
LOOK_S, AGAIN_S = 1.0, 30.0
# How long who installs something waits until all have it.
SPREAD_S, SPREAD_LOOK_S = 10.0, 0.1
# It was judged when it was installed; here it only has to be what it was.
WRAPPED = Limits(ratio=2_000, seconds=60.0)
ALONE = mark("only this process has it: install it by `kagami plugin install`, and all have it")
NOT_YET = mark("the other processes do not have it yet")
GONE = mark("it was removed at another process")
FOREIGN = mark("its row in the database was changed from outside, or written with another cluster.secret")
REPLAYED = mark("its row in the database is older than one that was there: install it again, or remove it again")
_log = log.get("plugins")

Key = tuple[str, str]


class ClusterStock:
    """Implements `plugins.stock.Stock`. `secret` is the same for all; a `node` is dead when silent for `patience_s`.

    `inventory` is what the others are to know of this process; `announce` tells it them. `runs` says what runs here.
    """

    def __init__(
        self,
        folder: Path,
        packages: Packages,
        nodes: Nodes,
        clock: Clock,
        *,
        secret: Secret,
        node: str,
        role: Role,
        patience_s: float,
        index_url: Callable[[], str] = str,
    ) -> None:
        self._folder = folder
        self._packages = packages
        self._nodes = nodes
        self._clock = clock
        self._secret = secret.reveal().encode()
        self._serves = role != "gateway"
        self._patience_s = patience_s
        self._index_url = index_url
        self._turn = asyncio.Lock()
        self._newest = Newest(folder)
        self._keys: dict[Key, str] = {}
        self._shared: dict[Key, str] = {}
        self._others: list[NodeRow] = []
        self._doomed: set[Key] = set()
        self._withheld: set[Key] = set()
        self._seen: object = None
        self._tried_at = 0.0
        self._troubles: dict[Key, str] = {}
        self._told: dict[Key, str] = {}
        self.node = node
        self.inventory: tuple[str, ...] | None = None
        self.announce: Callable[[], Awaitable[None]] = _nothing
        self.runs: Callable[[str, str], bool] = lambda *_: False

    async def run(self, follow: Callable[[], Awaitable[None]], tell: Callable[[str, str, str], None]) -> None:
        """Follow whatever changes at the others; `tell` is given plugin, version and reason of what cannot be had."""
        await self.announce()
        while True:
            try:
                late = self._troubles and self._clock.monotonic() > self._tried_at + AGAIN_S
                if late or await self._look() != self._seen:
                    await follow()
            except KagamiError as error:
                _log.debug("cannot look at the others' plugins", reason=error)
            for key in [key for key, reason in self._troubles.items() if self._told.get(key) != reason]:
                tell(*key, self._troubles[key])
            self._told = dict(self._troubles)
            await self._clock.sleep(LOOK_S)

    # --- Stock ---

    async def agree(self) -> None:
        async with self._turn:
            try:
                seen = await self._look()
                self._troubles, self._tried_at = {}, self._clock.monotonic()
                await self._level(seen[0])
                self._seen = seen
            except KagamiError as error:
                _log.warning("cannot compare plugins with the others", reason=error)
                return
            self._keys = await asyncio.to_thread(_keys, self._folder)
            before, self.inventory = self.inventory, tuple(sorted(_text(*each) for each in self._keys.items()))
        if before != self.inventory:
            await self.announce()

    def judge(self, shelf: Shelf) -> Shelf:
        kept = Shelf({}, list(shelf.unsound))
        self._withheld = set(self._troubles)
        for plugin, versions in shelf.versions.items():
            for found in versions:
                if reason := self._flaw(found):
                    self._withheld.add((plugin, found.manifest.version))
                    kept.unsound.append(Unsound(plugin, found.manifest.version, reason, found.folder, withheld=True))
                else:
                    kept.versions.setdefault(plugin, []).append(found)
        lying = {(found.manifest.id, found.manifest.version) for each in kept.versions.values() for found in each}
        lying |= {(each.id, each.version) for each in kept.unsound}
        for (plugin, version), reason in self._troubles.items():
            if (plugin, version) not in lying:
                place = self._folder / plugin / version
                kept.unsound.append(Unsound(plugin, version, reason, place, withheld=True))
        return kept

    def awaits(self, plugin: str, version: str) -> bool:
        return (plugin, version) in self._shared and (plugin, version) in self._withheld

    async def spread(self, plugin: str, version: str) -> str:
        record = await asyncio.to_thread(read, self._folder, plugin, version)
        if record is None:
            return ""
        await self._offer(record)
        await self.agree()
        wanted = _text((plugin, version), record.digest)
        until = self._clock.monotonic() + SPREAD_S
        while True:
            lacking = [each.node for each in await self._living() if wanted not in (each.state.plugins or ())]
            if not lacking or self._clock.monotonic() >= until:
                break
            await self._clock.sleep(SPREAD_LOOK_S)
        await self.agree()
        return f"{', '.join(lacking)} could not take it up yet: it is not served there" if lacking else ""

    async def withdraw(self, plugin: str, version: str) -> None:
        for row in await self._packages.rows():
            if (row.plugin, row.version) == (plugin, version) and not row.removed_ms:
                at_ms = self._newest.after((plugin, version), self._clock.wall_ms())
                gone = row._replace(removed_ms=at_ms, node=self.node)
                await self._packages.remove(self._sealed(gone))

    # --- inside ---

    async def _look(self) -> tuple[list[PackageRow], list[tuple[str, tuple[str, ...] | None]]]:
        """What all are to have, and what each of the others has that handles events."""
        rows = await self._packages.rows()
        self._others = [each for each in await self._living() if each.role != "gateway" and not each.state.leaving]
        return rows, [(each.node, each.state.plugins) for each in self._others]

    async def _living(self) -> list[NodeRow]:
        """The others that have said what they have."""
        return [
            each
            for each in await self._nodes.rows()
            if each.node != self.node and each.seen_s < self._patience_s and each.state.plugins is not None
        ]

    def _is_ours(self, row: PackageRow) -> bool:
        """Whether one of us wrote it."""
        return hmac.compare_digest(row.seal, self._sealed(row).seal)

    def _sealed(self, row: PackageRow) -> PackageRow:
        told = msgspec.json.encode(tuple(row._replace(seal="")))
        return row._replace(seal=hmac.digest(self._secret, told, "sha256").hex())

    async def _level(self, given: Sequence[PackageRow]) -> None:
        """Make the folder what the rows say, and the rows what the folder has beyond them."""
        mine = await asyncio.to_thread(installed, self._folder)
        rows, older = await asyncio.to_thread(self._newest.sift, [row for row in given if self._is_ours(row)])
        gone = self._newest.removed
        self._shared, self._doomed = {}, set()
        for row in rows:
            if not row.removed_ms:
                await self._take((row.plugin, row.version), row, mine)
        for key, seen in mine.items():
            await self._keep(key, seen, gone.get(key, 0))
        # Those that are here too are mended by now.
        for key in older - self._shared.keys():
            self._fail(key, REPLAYED)
        for foreign in {(row.plugin, row.version) for row in given} - gone.keys() - self._shared.keys() - older:
            self._fail(foreign, FOREIGN)

    async def _keep(self, key: Key, seen: Installed, removed_ms: int) -> None:
        """Let go what was removed since it came; give the others what they do not know of."""
        if removed_ms and seen.at_ms <= removed_ms:
            await self._drop(key)
        elif key not in self._shared and key not in self._troubles:
            record = await asyncio.to_thread(read, self._folder, *key)
            if record is not None:
                await self._try(key, self._offer(record))

    async def _take(self, key: Key, row: PackageRow, mine: Mapping[Key, Installed]) -> None:
        """Have what all are to have."""
        self._shared[key] = msgspec.json.decode(row.record, type=Record).digest
        if key not in mine:
            await self._try(key, self._bring(row))
        elif mine[key].digest != self._shared[key]:
            self._fail(key, mark("the others have another content under this version: remove it here"))

    async def _try(self, key: Key, work: Awaitable[None]) -> None:
        try:
            await work
        except (KagamiError, OSError) as error:
            self._fail(key, str(error))

    def _fail(self, key: Key, reason: str) -> None:
        if self._told.get(key) != reason:
            _log.warning("a plugin of the others cannot be had", plugin=key[0], version=key[1], reason=reason)
        self._troubles[key] = reason

    async def _drop(self, key: Key) -> None:
        """What runs goes first, as something else takes its place."""
        self._doomed.add(key)
        if not self.runs(*key):
            await self._try(key, asyncio.to_thread(remove, self._folder, *key))
            _log.info("a plugin was removed, as at another process", plugin=key[0], version=key[1])

    async def _offer(self, record: Record) -> None:
        content = await asyncio.to_thread(_wrapped, self._folder, record)
        row = PackageRow(
            record.id,
            record.version,
            hashlib.sha256(content).hexdigest(),
            len(content),
            self._newest.after((record.id, record.version), self._clock.wall_ms()),
            0,
            self.node,
            msgspec.json.encode(record).decode(),
        )
        await self._packages.put(self._sealed(row), content)
        self._shared[record.id, record.version] = record.digest
        _log.info("a plugin is there for the others", plugin=record.id, version=record.version, bytes=len(content))

    async def _bring(self, row: PackageRow) -> None:
        name, record = f"{row.plugin} {row.version}", msgspec.json.decode(row.record, type=Record)
        content = await self._packages.content(row)
        if len(content) != row.size or hashlib.sha256(content).hexdigest() != row.sha256:
            raise refused(name, mark("it is damaged in the database: install it again"))

        async def agree(seen: Installed) -> None:
            if (seen.id, seen.version, seen.digest) != (row.plugin, row.version, record.digest):
                raise refused(name, mark("it is not what the others have"))

        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=STAGING, dir=self._folder) as place:
            folder = Path(place, "version")
            await asyncio.to_thread(_unwrap, content, Path(place, f"{row.plugin}.kpk"), folder)
            await install(
                folder,
                folder=self._folder,
                trust=(),
                progress=lambda _: None,
                fetch=_no_fetch,
                unsigned=True,
                index_url=self._index_url(),
                agree=agree,
                clock=self._clock,
                pins=record.dependencies,
            )
        await asyncio.to_thread(_take_over, self._folder, record)
        _log.info("a plugin of the others is here", plugin=row.plugin, version=row.version, node=row.node)

    def _flaw(self, found: Found) -> str:
        """Why a version is not to serve here."""
        key = (found.manifest.id, found.manifest.version)
        if key in self._doomed:
            return GONE
        if reason := self._troubles.get(key):
            return reason
        content = self._keys.get(key, "")
        shared = bool(content) and self._shared.get(key) == content
        if (shared and self._may_go_on(key)) or self._is_held_by_most(_text(key, content)):
            return ""
        return NOT_YET if shared else ALONE

    def _may_go_on(self, key: Key) -> bool:
        """One who cannot bring it takes it from nobody who has it."""
        return not self._serves or self.runs(*key)

    def _is_held_by_most(self, text: str) -> bool:
        """Of those that handle events; half of them are not enough."""
        having = [text in (each.state.plugins or ()) for each in self._others] + [True] * self._serves
        return 2 * sum(having) > len(having) or not having


def _text(key: Key, content: str) -> str:
    return f"{key[0]}@{key[1]}#{content[:12]}"


def _keys(folder: Path) -> dict[Key, str]:
    """The content of every sound version: of what was installed as it was verified, of others as they lie there."""
    mine, found = installed(folder), dict[Key, str]()
    for versions in discover(folder).versions.values():
        for each in versions:
            key = (each.manifest.id, each.manifest.version)
            placed = key in mine and each.folder == folder / key[0] / key[1]
            found[key] = mine[key].digest if placed else digest(fingerprints(each.folder))
    return found


def _wrapped(folder: Path, record: Record) -> bytes:
    """A version as it was installed; `PackageRefused` when it has changed since."""
    verify(folder, record.id, record.version)
    with tempfile.TemporaryDirectory(prefix=STAGING, dir=folder) as place:
        target = Path(place, "package.kpk")
        wrap(folder / record.id / record.version, target)
        if target.stat().st_size > STRICT.archive:
            raise refused(f"{record.id} {record.version}", mark("it is larger than 64 MiB"))
        return target.read_bytes()


def _unwrap(content: bytes, file: Path, folder: Path) -> None:
    file.write_bytes(content)
    unpack(file, folder, WRAPPED, listed=False)


def _take_over(folder: Path, record: Record) -> None:
    """The record of the first install, with what dependencies have become here."""
    mine = read(folder, record.id, record.version)
    if mine is not None:
        here = {"dependencies": mine.dependencies, "dependencies_digest": mine.dependencies_digest}
        keep(folder, msgspec.structs.replace(record, **here))


async def _no_fetch(url: str, target: Path, progress: Callable[[int, int], None]) -> None:
    del target, progress
    raise Unavailable(what=url, reason=mark("it comes from the database"))


async def _nothing() -> None:
    return
