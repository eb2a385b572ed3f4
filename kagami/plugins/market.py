"""A market: a static `index.json` in a folder or under an http(s) address, signed by whoever runs it.

The index says which versions there are, with the size and the SHA-256 of each package, and which ones are recalled. It
is signed like a package: Ed25519 over its canonical JSON without `signature`. All its texts are plain data.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from kagami.errors import Refused
from kagami.i18n import mark
from kagami.plugins import package, signing
from kagami.plugins.entries import STRICT, flaw, refused
from kagami.plugins.manifest import Manifest, accepts
from kagami.plugins.recalls import Recall, recalled
from kagami.plugins.semver import Version
from kagami.ports import SyncRow

FILE = "index.json"
LARGEST_BYTES = 8 << 20
LONGEST_CHANGES = 4_000
CHANGES = ("CHANGES.md", "CHANGELOG.md")

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$", max_length=100)]
Line = Annotated[str, msgspec.Meta(max_length=500)]
Words = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=300)], ...], msgspec.Meta(max_length=200)]


class Release(msgspec.Struct, frozen=True):
    """One package. `file` is relative to the index or an address; `signer` a key's fingerprint, as far as known."""

    version: Annotated[str, msgspec.Meta(max_length=150)]
    file: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$", max_length=64)]
    size: Annotated[int, msgspec.Meta(ge=1, le=STRICT.archive)]
    signer: Annotated[str, msgspec.Meta(max_length=64)] = ""
    api: Annotated[str, msgspec.Meta(max_length=100)] = "1"
    permissions: Words = ()
    changes: Annotated[str, msgspec.Meta(max_length=LONGEST_CHANGES)] = ""

    def __post_init__(self) -> None:
        _ = self.semver

    @property
    def semver(self) -> Version:
        return Version(self.version)


class Entry(msgspec.Struct, frozen=True):
    """One plugin with its versions."""

    id: Id
    name: Line = ""
    description: Annotated[str, msgspec.Meta(max_length=LONGEST_CHANGES)] = ""
    homepage: Line = ""
    versions: Annotated[tuple[Release, ...], msgspec.Meta(max_length=1_000)] = ()

    def release(self, version: str) -> Release | None:
        return next((each for each in self.versions if each.version == version), None)


class Index(msgspec.Struct, frozen=True):
    """`at_ms` is when it was made: one that is older than another of the same key is never taken."""

    format: Literal[1]
    at_ms: Annotated[int, msgspec.Meta(ge=0)]
    name: Line = ""
    plugins: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=10_000)] = ()
    recalls: Annotated[tuple[Recall, ...], msgspec.Meta(max_length=10_000)] = ()
    signature: str = ""

    def entry(self, plugin: str) -> Entry | None:
        return next((each for each in self.plugins if each.id == plugin), None)

    def newest(self, plugin: str, *, pre: bool = False) -> Release | None:
        """The highest version that this Kagami can run and nobody recalled; pre-releases only with `pre`."""
        entry = self.entry(plugin)
        fitting = [
            each
            for each in (entry.versions if entry else ())
            if accepts(each.api) and (pre or not each.semver.pre) and not recalled(self.recalls, plugin, each.semver)
        ]
        return max(fitting, key=lambda each: each.semver, default=None)


def read_index(content: bytes, public: str) -> Index:
    """A sound index that the owner of `public` signed; `PackageRefused` for any other."""
    if not public:
        raise Refused(reason=mark("The market needs plugins.market.key: the public key that signs its index."))
    if len(content) > LARGEST_BYTES:
        raise refused(FILE, mark("it is larger than 8 MiB"))
    try:
        document = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise refused(FILE, mark("it is not a JSON object")) from None
    signature = document.get("signature")
    if not isinstance(signature, str) or not signing.verify(public, signature, signing.canonical(document)):
        raise refused(FILE, mark("plugins.market.key has not signed it, or it was changed since"))
    try:
        return msgspec.convert(document, Index)
    except msgspec.ValidationError as error:
        raise refused(FILE, str(error)) from None


@dataclass(frozen=True, slots=True)
class Market:
    """Where an index and its packages are. `mirror` stands in for the index's host."""

    url: str
    mirror: str = ""

    @property
    def remote(self) -> bool:
        return urlsplit(self.url).scheme in ("http", "https")

    @property
    def index(self) -> str | Path:
        """The file, or the address from which it is fetched."""
        return self._mirrored(self._address) if self.remote else self._folder / FILE

    def place(self, file: str) -> str | Path:
        """Where a package is; `PackageRefused` for a name that leads out of the folder, or another kind of address."""
        if "://" in file:
            if urlsplit(file).scheme not in ("http", "https"):
                raise refused(file[:80], mark("only http and https addresses can be downloaded"))
            return self._mirrored(file)
        if reason := flaw(file):
            raise refused(file[:80], reason)
        if self.remote:
            return self._mirrored(urljoin(self._address, quote(file)))
        return self._folder / file

    @property
    def _folder(self) -> Path:
        path = Path(self.url).expanduser()
        return path.parent if path.name == FILE else path

    @property
    def _address(self) -> str:
        return self.url if urlsplit(self.url).path.endswith(".json") else f"{self.url.rstrip('/')}/{FILE}"

    def _mirrored(self, address: str) -> str:
        given, own = urlsplit(address), urlsplit(self.url)
        if not self.mirror or (given.scheme, given.netloc) != (own.scheme, own.netloc):
            return address
        return self.mirror.rstrip("/") + given._replace(scheme="", netloc="").geturl()


def plan(
    index: Index,
    present: Mapping[str, Sequence[Manifest]],
    pinned: Collection[str],
    heeded: Collection[Recall] = (),
) -> list[SyncRow]:
    """What a sync would do with the versions that are `present`, by plugin.

    Never a downgrade, nothing of `pinned` plugins, and pre-releases only for those who have one. Recalls that were
    `heeded` before are not told again.
    """
    rows: list[SyncRow] = []
    for plugin, versions in sorted(present.items()):
        newest = max(versions, key=lambda each: each.semver)
        found = index.newest(plugin, pre=bool(newest.semver.pre))
        if found is not None and found.semver > newest.semver and plugin not in pinned:
            news = tuple(word for word in found.permissions if word not in newest.permissions)
            rows.append(SyncRow(plugin, newest.version, found.version, "update", news, found.changes))
        elif index.entry(plugin) is not None:
            rows.append(SyncRow(plugin, newest.version, newest.version, "keep"))
        for each in versions:
            recall = recalled(index.recalls, plugin, each.semver)
            if recall is not None and not recalled([*heeded], plugin, each.semver):
                rows.append(SyncRow(plugin, each.version, "", "recall", changes=recall.reason))
    return rows


def make_index(
    folder: Path, key: Path, *, at_ms: int, name: str = "", recalls: Sequence[Recall] = (), trust: Sequence[str] = ()
) -> Index:
    """Write `index.json` over every `.kpk` below `folder`, signed by the private key in the file `key`.

    Recalls and the name of the index that is there stay; `recalls` are added. `trust` are the public keys among which
    the signers of packages are looked for. `PackageRefused` for a package that could not be installed.
    """
    public = signing.public_key(key)
    path = folder / FILE
    before = read_index(path.read_bytes(), public) if path.exists() else Index(1, 0)
    entries: dict[str, list[tuple[Manifest, Release]]] = {}
    for file in sorted(folder.rglob("*.kpk")):
        manifest, release = _release(folder, file, [public, *trust])
        known = entries.setdefault(manifest.id, [])
        if any(each.semver == release.semver for _, each in known):
            raise refused(file.name, f"{manifest.id} {manifest.version} is in this folder twice: remove one")
        known.append((manifest, release))
    made = Index(
        1,
        max(at_ms, before.at_ms + 1),
        name or before.name,
        tuple(_entry(entries[plugin]) for plugin in sorted(entries)),
        tuple(dict.fromkeys([*before.recalls, *recalls])),
    )
    document = msgspec.to_builtins(made)
    document["signature"] = signing.sign(signing.canonical(document), key)
    draft = path.with_name(f".{FILE}")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    draft.chmod(0o644)
    draft.replace(path)
    return made


def _release(folder: Path, file: Path, keys: Sequence[str]) -> tuple[Manifest, Release]:
    with tempfile.TemporaryDirectory() as place:
        manifest = package.unpack(file, Path(place, "version"))
        signer = _signer(Path(place, "version"), keys)
        changes = "\n".join(_changes(Path(place, "version"), manifest.version))[:LONGEST_CHANGES]
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    name, size = file.relative_to(folder).as_posix(), file.stat().st_size
    release = Release(manifest.version, name, sha256, size, signer, manifest.api, manifest.permissions, changes)
    return manifest, release


def _signer(folder: Path, keys: Sequence[str]) -> str:
    document = package.read_document(folder)
    content, signature = signing.canonical(document), str(document.get("signature") or "")
    return next((signing.fingerprint(each) for each in keys if signing.verify(each, signature, content)), "")


def _changes(folder: Path, version: str) -> Iterator[str]:
    """What the author's own list of changes says below a heading with this version."""
    path = next((folder / name for name in CHANGES if (folder / name).is_file()), None)
    inside = False
    for line in path.read_text("utf-8", "replace").splitlines() if path else ():
        if line.startswith("#"):
            inside = version in re.split(r"[^\w.+-]+", line)
        elif inside and line.strip():
            yield line.strip()


def _entry(versions: Sequence[tuple[Manifest, Release]]) -> Entry:
    """Described by its highest version."""
    ordered = sorted(versions, key=lambda each: each[1].semver, reverse=True)
    manifest = ordered[0][0]
    named = (manifest.name[:500], manifest.description[:LONGEST_CHANGES], manifest.homepage[:500])
    return Entry(manifest.id, *named, versions=tuple(release for _, release in ordered))
