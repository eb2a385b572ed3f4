from __future__ import annotations

import hashlib
import json
import os
import resource
import stat
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kagami.errors import ManifestError, PackageRefused, UsageError
from kagami.plugins.entries import STRICT, Limits
from kagami.plugins.manifest import LARGEST_BYTES
from kagami.plugins.package import check, copy, pack, read_document, unpack, wrap
from kagami.plugins.signing import fingerprint, make_key
from kagami.plugins.versions import fingerprints

Write = Callable[..., Path]
Entry = tuple[str | zipfile.ZipInfo, bytes]

LEAST = {"id": "demo", "version": "1.0.0", "entry": "main:plugin"}
CODE = b"plugin = 1\n"


def build(path: Path, *entries: Entry, **keys: Any) -> Path:
    """A package whose hashes fit its entries, so that only what a test adds is wrong with it."""
    manifest: dict[str, Any] = LEAST | {"files": {"main.py": hashlib.sha256(CODE).hexdigest()}}
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)  # duplicate names are meant
        archive.writestr("main.py", CODE)
        for name, content in entries:
            archive.writestr(name, content)
            said = name if isinstance(name, str) else name.filename
            manifest["files"][said] = hashlib.sha256(content).hexdigest()
        archive.writestr("plugin.json", json.dumps(manifest | keys))
    return path


def unusual(name: str, *, mode: int = 0, attributes: int = 0, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16 | attributes
    entry.compress_type = method
    return entry


def swapped(path: Path, before: bytes, after: bytes) -> Path:
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def encrypted(path: Path) -> Path:
    build(path)
    content = bytearray(path.read_bytes())
    for magic, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(magic) + flags] |= 1
    path.write_bytes(content)
    return path


def with_zip64(path: Path) -> Path:
    """A comment of the last entry that reads like the locator of a second directory."""
    entry = zipfile.ZipInfo("z.py")
    entry.comment = b"PK\6\7".ljust(20, b"\0")
    content = b"z"
    files = {"main.py": hashlib.sha256(CODE).hexdigest(), "z.py": hashlib.sha256(content).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main.py", CODE)
        archive.writestr("plugin.json", json.dumps(LEAST | {"files": files}))
        archive.writestr(entry, content)
    return path


def commented(path: Path) -> Path:
    with zipfile.ZipFile(build(path), "a") as archive:
        archive.comment = b"hello"
    return path


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "slip": (lambda path: build(path, ("../evil.py", b"x")), "leads out"),
    "slip inside": (lambda path: build(path, ("a/../../evil.py", b"x")), "leads out"),
    "slip in other dots": (lambda path: build(path, ("․․/evil.py", b"x")), "leads out"),
    "slip in other slashes": (lambda path: build(path, ("a／..／..／evil.py", b"x")), "leads out"),
    "absolute": (lambda path: build(path, ("/evil.py", b"x")), "leads out"),
    "double slash": (lambda path: build(path, ("a//evil.py", b"x")), "leads out"),
    "backslash": (lambda path: build(path, ("..\\evil.py", b"x")), "not every system"),
    "drive": (lambda path: build(path, ("C:/evil.py", b"x")), "not every system"),
    "stream": (lambda path: build(path, ("main.py:evil", b"x")), "not every system"),
    "nul": (lambda path: swapped(build(path, ("evilX.py", b"x")), b"evilX.py", b"evil\0.py"), "nobody sees"),
    "terminal": (lambda path: build(path, ("\x1b[2Jevil.py", b"x")), "nobody sees"),
    "right to left": (lambda path: build(path, ("evil\u202eyp.txt", b"x")), "nobody sees"),
    "link": (lambda path: build(path, (unusual("a", mode=stat.S_IFLNK | 0o777), b"/etc/passwd")), "plain files"),
    "through a link": (
        lambda path: build(path, (unusual("a", mode=stat.S_IFLNK | 0o777), b".."), ("a/evil.py", b"x")),
        "plain files",
    ),
    "pipe": (lambda path: build(path, (unusual("a", mode=stat.S_IFIFO | 0o666), b"")), "plain files"),
    "device": (lambda path: build(path, (unusual("a", mode=stat.S_IFCHR | 0o666), b"")), "plain files"),
    "folder": (lambda path: build(path, ("a/", b"")), "plain files"),
    "folder by attribute": (lambda path: build(path, (unusual("a", attributes=0x10), b"")), "plain files"),
    "encrypted": (encrypted, "encrypted"),
    "bzip2": (lambda path: build(path, (unusual("a", method=zipfile.ZIP_BZIP2), b"x")), "compressed in a way"),
    "lzma": (lambda path: build(path, (unusual("a", method=zipfile.ZIP_LZMA), b"x")), "compressed in a way"),
    "duplicate": (lambda path: build(path, ("a.py", b"x"), ("a.py", b"x")), "two names"),
    "case": (lambda path: build(path, ("Main.py", b"x")), "two names"),
    "case of a folder": (lambda path: build(path, ("a/x", b"x"), ("A/y", b"y")), "two names"),
    "composed": (lambda path: build(path, ("\u00e9", b"x"), ("e\u0301", b"y")), "two names"),
    "file and folder": (lambda path: build(path, ("a", b"x"), ("a/b", b"y")), "two names"),
    "folder and file": (lambda path: build(path, ("a/b", b"y"), ("a", b"x")), "two names"),
    "windows device": (lambda path: build(path, ("lib/NUL.txt", b"x")), "device on Windows"),
    "windows port": (lambda path: build(path, ("COM¹", b"x")), "device on Windows"),
    "dot at the end": (lambda path: build(path, ("evil.py.", b"x")), "dot or a space"),
    "space at the end": (lambda path: build(path, ("evil /x", b"x")), "dot or a space"),
    "long": (lambda path: build(path, ("a/" * 120 + "b", b"x")), "too long"),
    "hidden": (lambda path: build(path, (".deps/evil.py", b"x")), "hidden"),
    "byte code": (lambda path: build(path, ("__pycache__/main.cpython-311.pyc", b"x")), "hidden"),
    "second manifest": (lambda path: build(path, ("a/plugin.json", b"{}")), "nowhere else"),
    "manifest in capitals": (lambda path: build(path, ("Plugin.JSON", b"{}")), "nowhere else"),
    "manifest below": (lambda path: swapped(build(path), b"plugin.json", b"x/ugin.json"), "at the top"),
    "large manifest": (
        lambda path: build(path, name=hashlib.shake_256().hexdigest(LARGEST_BYTES)),
        "larger than 1 MiB",
    ),
    "unsound manifest": (lambda path: build(path, naem="x"), "unknown key naem"),
    "no hashes": (lambda path: build(path, files={}), "'main.py'.*not listed"),
    "too many hashes": (lambda path: build(path, files={"a": "0" * 64, "main.py": "0" * 64}), "'a'.*is missing"),
    "wrong hash": (lambda path: build(path, files={"main.py": "0" * 64}), "'main.py'.*changed"),
    "changed by a byte": (
        lambda path: swapped(build(path, (unusual("a.py"), b"x = 1111")), b"x = 1111", b"x = 1112"),
        "damaged",
    ),
    "behind a comment": (commented, "damaged"),
    "behind something": (
        lambda path: swapped(build(path), b"PK\3\4\x14\0\0\0\x08", b"MZPK\3\4\x14\0\0\0\x08"),
        "damaged",
    ),
    "second directory": (with_zip64, "damaged"),
    "cut": (lambda path: written(path, build(path).read_bytes()[:-30]), "damaged"),
    "no zip": (lambda path: written(path, b"hello, this is no archive"), "damaged"),
    "empty": (lambda path: written(path, b""), "damaged"),
}


def below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused_whole_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    craft, reason = HOSTILE[name]
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    archive = craft(tmp_path / "demo.kpk")
    before = below(tmp_path)
    with pytest.raises(PackageRefused, match=reason) as caught:
        unpack(archive, place / "staging")
    assert str(caught.value).isprintable()
    assert below(tmp_path) == before
    assert list(place.iterdir()) == []


@pytest.fixture
def _no_file_over_one_mib() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_no_file_over_one_mib")
@pytest.mark.parametrize("limits", [Limits(content=1 << 20, ratio=1 << 20), Limits()], ids=["size", "ratio"])
def test_a_bomb_takes_neither_memory_nor_disk(tmp_path: Path, limits: Limits) -> None:
    bomb = build(tmp_path / "bomb.kpk", ("zeros", bytes(8 << 20)))
    assert bomb.stat().st_size * 100 < 1 << 20
    tracemalloc.start()
    with pytest.raises(PackageRefused, match="too large when"):
        unpack(bomb, tmp_path / "staging", limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 << 20
    assert not (tmp_path / "staging").exists()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(archive=100), "larger than 64 MiB"),
        (Limits(files=1), "too many files"),
        (Limits(seconds=-1), "too long to unpack"),
        (Limits(content=len(CODE) - 1), "too large when"),
    ],
)
def test_every_limit_holds(tmp_path: Path, limits: Limits, reason: str) -> None:
    with pytest.raises(PackageRefused, match=reason):
        unpack(build(tmp_path / "demo.kpk"), tmp_path / "staging", limits)


def test_a_directory_larger_than_its_count_says_is_not_read(tmp_path: Path) -> None:
    archive = build(tmp_path / "demo.kpk", *[(f"{number:0200}", b"") for number in range(20)])
    content = bytearray(archive.read_bytes())
    content[-14:-10] = b"\1\0\1\0"
    archive.write_bytes(content)
    with pytest.raises(PackageRefused, match="too many files"):
        unpack(archive, tmp_path / "staging")


def test_what_was_packed_is_what_is_unpacked(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1", parts__inner="x = 1", manifest={"name": "镜"})
    archive = pack(folder, tmp_path / "dist")
    manifest = unpack(archive, tmp_path / "out")
    assert (archive.name, manifest.id, manifest.name) == ("greeter-1.0.0.kpk", "greeter", "镜")
    assert set(manifest.files) == {"main.py", "parts/inner.py"}
    assert (tmp_path / "out" / "parts" / "inner.py").read_bytes() == (folder / "parts" / "inner.py").read_bytes()


def test_the_same_files_give_the_same_bytes(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1")
    key = tmp_path / "key"
    make_key(key)
    first = pack(folder, tmp_path / "one", key).read_bytes()
    os.utime(folder / "main.py", (1, 1))
    assert pack(folder, tmp_path / "two", key).read_bytes() == first


def test_what_only_the_author_needs_is_left_out(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1", tests__test_main="x = 1")
    for left in (".git/config", ".deps/x.py", "__pycache__/main.pyc", ".env", "greeter-0.9.0.kpk"):
        (folder / left).parent.mkdir(exist_ok=True)
        (folder / left).write_text("x")
    assert set(unpack(pack(folder, folder), tmp_path / "out").files) == {"main.py", "tests/test_main.py"}


def test_only_the_right_to_run_is_kept_of_a_mode(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1", tool="x = 1")
    (folder / "tool.py").chmod(0o777)
    unpack(pack(folder, tmp_path / "dist"), tmp_path / "out")
    modes = [(tmp_path / "out" / name).stat().st_mode & 0o777 for name in ("main.py", "tool.py")]
    assert modes == [0o600, 0o700]


def test_what_could_not_be_installed_is_not_packed(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1")
    (folder / "aux.txt").write_text("x")
    with pytest.raises(PackageRefused, match="device on Windows"):
        pack(folder, tmp_path / "dist")
    assert list((tmp_path / "dist").iterdir()) == []


def test_a_link_is_not_packed(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1")
    (folder / "passwords").symlink_to("/etc/passwd")
    with pytest.raises(PackageRefused, match="plain files"):
        pack(folder, tmp_path / "dist")


def test_the_private_key_is_never_packed(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1")
    make_key(folder / "key")
    with pytest.raises(UsageError, match="move the private key"):
        pack(folder, tmp_path / "dist", folder / "key")


def test_a_folder_that_is_no_plugin_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        pack(tmp_path, tmp_path / "dist")


def test_a_signature_is_known_by_its_key(tmp_path: Path, write: Write) -> None:
    public, other = make_key(tmp_path / "key"), make_key(tmp_path / "other")
    unpack(pack(write("greeter", main="plugin = 1"), tmp_path, tmp_path / "key"), tmp_path / "out")
    assert check(tmp_path / "out", [other, public]) == fingerprint(public)


def test_a_signature_of_a_stranger_is_none(tmp_path: Path, write: Write) -> None:
    make_key(tmp_path / "key")
    unpack(pack(write("greeter", main="plugin = 1"), tmp_path, tmp_path / "key"), tmp_path / "out")
    with pytest.raises(PackageRefused, match=r"greeter 1\.0\.0 .* nobody in \[plugins\] trust"):
        check(tmp_path / "out", [make_key(tmp_path / "other")])


@pytest.mark.parametrize("key", ["permissions", "entry", "timeout", "files"])
def test_a_signature_speaks_for_the_whole_manifest(tmp_path: Path, write: Write, key: str) -> None:
    public = make_key(tmp_path / "key")
    unpack(pack(write("greeter", main="plugin = 1"), tmp_path, tmp_path / "key"), tmp_path / "out")
    changed = {"permissions": ["*"], "entry": "evil:plugin", "timeout": 900, "files": {}}
    document = read_document(tmp_path / "out") | {key: changed[key]}
    (tmp_path / "out" / "plugin.json").write_text(json.dumps(document))
    with pytest.raises(PackageRefused, match="changed since"):
        check(tmp_path / "out", [public])


def test_an_unsigned_package_must_be_asked_for(tmp_path: Path, write: Write) -> None:
    unpack(pack(write("greeter", main="plugin = 1"), tmp_path), tmp_path / "out")
    with pytest.raises(PackageRefused, match="--unsigned"):
        check(tmp_path / "out", [make_key(tmp_path / "key")])
    assert check(tmp_path / "out", [], unsigned=True) == ""


def test_a_folder_is_copied_as_it_would_be_packed(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", main="plugin = 1")
    (folder / ".env").write_text("SECRET=1")
    assert copy(folder, tmp_path / "out").id == "greeter"
    assert set(below(tmp_path / "out")) == {"main.py", "plugin.json"}


@pytest.mark.parametrize("keys", [{"signature": "ed25519:x"}, {"files": {"main.py": "0" * 64}}])
def test_a_folder_that_claims_hashes_must_keep_them(tmp_path: Path, write: Write, keys: dict[str, object]) -> None:
    folder = write("greeter", main="plugin = 1", manifest=keys)
    with pytest.raises(PackageRefused, match=r"'main\.py'"):
        copy(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("limits", "reason"), [(Limits(files=1), "too many"), (Limits(content=20), "too large when")])
def test_a_folder_has_the_limits_of_a_package(tmp_path: Path, write: Write, limits: Limits, reason: str) -> None:
    with pytest.raises(PackageRefused, match=reason):
        copy(write("greeter", main="plugin = 1"), tmp_path / "out", limits)


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match=r"none\.kpk .* No such file"):
        unpack(tmp_path / "none.kpk", tmp_path / "out")


def test_what_is_wrapped_comes_out_just_as_it_was(tmp_path: Path) -> None:
    """Also without a list of its files, and when it packs better than a stranger's package may."""
    source = tmp_path / "greeter"
    source.mkdir()
    (source / "plugin.json").write_text('{ "id": "greeter", "version": "1.0.0", "entry": "main:plugin" }')
    (source / "zeros.txt").write_bytes(bytes(1 << 20))
    wrap(source, tmp_path / "w.kpk")
    unpack(tmp_path / "w.kpk", tmp_path / "out", replace(STRICT, ratio=2_000), listed=False)
    assert fingerprints(tmp_path / "out") == fingerprints(source)
