"""What a package may hold, whatever system it is unpacked on: the names, kinds and number of its entries."""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO

from kagami.errors import PackageRefused
from kagami.i18n import mark
from kagami.plugins.manifest import FILE

_MIB = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = 20
_ENTRY_BYTES = 46
_ENCRYPTED = 0x2041  # general purpose bits 0, 6 and 13 of PKZIP's APPNOTE 4.4.4
_NOT_A_FILE = 0x58  # MS-DOS attributes: label, folder, device
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}
_OUT = mark("a name in it leads out of its folder")
_FLAWS: tuple[tuple[str, Callable[[str], object]], ...] = (
    (_OUT, lambda part: part in {"", ".", ".."}),
    (mark("a name in it has characters that nobody sees"), lambda part: not part.isprintable()),
    (
        mark("a name in it has a backslash, a colon or another character that not every system allows"),
        lambda part: set(part) & set('\\:<>"|?*'),
    ),
    (mark("a name in it ends in a dot or a space"), lambda part: part.endswith((".", " "))),
    (
        mark("hidden files and compiled Python do not belong in a package"),
        lambda part: part.startswith(".") or part.casefold() == "__pycache__",
    ),
    (mark("a name in it is the name of a device on Windows"), lambda part: _device(part) in _DEVICES),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of the archive and of all its files, their ratio, number of files, bytes of a name, seconds."""

    archive: int = 64 * _MIB
    content: int = 256 * _MIB
    ratio: int = 100
    files: int = 5_000
    name: int = 240
    seconds: float = 20.0


STRICT = Limits()


def refused(package: str, reason: str, name: str = "") -> PackageRefused:
    """`name` is an entry's, shown so that it cannot play with the terminal."""
    return PackageRefused(package=f"{package} ({name[:80]!r})" if name else package, reason=reason)


def check_end(file: IO[bytes], package: str, limits: Limits) -> int:
    """How many bytes may come out. Looks at the end of the directory before anything reads the directory itself.

    Only the plainest form is accepted: one disk, no comment, no ZIP64, and nothing before or behind, so that no two
    programs see different archives in the same bytes (PKZIP's APPNOTE 4.3.16).
    """
    size = file.seek(0, os.SEEK_END)
    if size > limits.archive:
        raise refused(package, mark("it is larger than 64 MiB"))
    file.seek(max(0, size - _END.size - _END64_LOCATOR))
    tail = file.read()
    if len(tail) < _END.size:
        raise zipfile.BadZipFile
    magic, disk, first, here, count, length, start, comment = _END.unpack(tail[-_END.size :])
    plain = magic == b"PK\5\6" and not tail.startswith(b"PK\6\7") and disk == first == comment == 0
    if not plain or here != count or start + length + _END.size != size:
        raise zipfile.BadZipFile
    if count > limits.files or length > count * (_ENTRY_BYTES + 2 * limits.name):
        raise refused(package, mark("it holds too many files (5,000 at most)"))
    file.seek(0)
    return min(limits.content, limits.ratio * size)


def check_entry(entry: zipfile.ZipInfo, package: str) -> None:
    name = entry.orig_filename
    if entry.flag_bits & _ENCRYPTED:
        raise refused(package, mark("it is encrypted"), name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(package, mark("it is compressed in a way that zip files rarely are"), name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.external_attr & _NOT_A_FILE or name.endswith("/"):
        raise refused(package, mark("it may hold plain files only, no links, folders or devices"), name)
    if entry.filename != name:  # zipfile cut it at a NUL, or took another one from an extra field
        raise refused(package, mark("a name in it has characters that nobody sees"), name)


def check_names(names: Iterable[str], package: str, limits: Limits) -> None:
    """Each name by itself, and all of them on a system that ignores case or how a letter is composed."""
    spelled: dict[str, tuple[str, bool]] = {}
    for count, name in enumerate(names, 1):
        if count > limits.files:
            raise refused(package, mark("it holds too many files (5,000 at most)"))
        if reason := flaw(name, limits.name):
            raise refused(package, reason, name)
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            folded = unicodedata.normalize("NFKC", path).casefold()
            is_file = depth == len(parts)
            if (is_file and folded in spelled) or spelled.setdefault(folded, (path, is_file)) != (path, is_file):
                raise refused(package, mark("two names in it are the same on some systems"), name)


def flaw(name: str, longest: int = STRICT.name) -> str:
    """Why a relative path with `/` may not be a file's name in a package; empty when it may."""
    parts = name.split("/")
    for reason, wrong in _FLAWS:
        if any(wrong(part) for part in parts):
            return reason
    if not {".", ".."}.isdisjoint(unicodedata.normalize("NFKC", name).replace("\\", "/").split("/")):
        return _OUT
    if len(name.encode()) > longest:
        return mark("a name in it is too long (240 bytes at most)")
    if parts[-1].casefold() == FILE and name != FILE:
        return mark("plugin.json must be at the top of it, and nowhere else")
    return ""


def _device(part: str) -> str:
    return unicodedata.normalize("NFKC", part).partition(".")[0].rstrip().casefold()
