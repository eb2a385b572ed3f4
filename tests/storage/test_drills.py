"""Restore drills: every kind of backup, of every schema, onto every engine, and every kind of damage.

Each ends with the data intact, or with a refusal that says why and everything as it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kagami.errors import BackupRefused
from kagami.storage.archive import DATABASE, MANIFEST, SEALED, Origin, check, pack, read_row, write_copy
from kagami.storage.audit import Seals
from kagami.storage.postgres_whole import DatabaseSchema, copy_of_server
from kagami.storage.replacing import DatabaseFile, Place
from kagami.storage.restore import Restored, restore
from kagami.testing.clock import FakeClock
from tests.storage.audited import opened
from tests.storage.make import START_MS
from tests.storage.older import MESSAGES, SCHEMAS, content, make

NEWEST = SCHEMAS[-1]
PASSPHRASE = "correct horse battery staple"
KINDS = {"plain": "", "sealed": PASSPHRASE}
FILES = {"kagami.toml": b"prefix = '!'\n", "secrets/jwt_secret": b"secret\n"}


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)


def backup(folder: Path, schema: int, kind: str) -> tuple[Path, str]:
    """A backup of a database of this schema, and the digest of what was in it."""
    source = make(folder / f"source-{schema}.db", schema)
    made = pack(folder / "backups", Origin(source, FILES, "1.0.0", "asked", (), KINDS[kind]), START_MS)
    return made, content(source)


async def put_back(archive: Path, place: Place, seals: Seals, passphrase: str = PASSPHRASE) -> Restored:
    return await restore(archive, place, clock=FakeClock(), seals=seals, passphrase=passphrase)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("schema", SCHEMAS)
async def test_it_comes_back_onto_a_file(tmp_path: Path, file: Path, seals: Seals, schema: int, kind: str) -> None:
    archive, before = backup(tmp_path, schema, kind)
    done = await put_back(archive, DatabaseFile(file), seals)
    assert (done.schema, done.messages, content(file)) == (schema, MESSAGES, before)
    async with opened(file, seals) as store:
        assert (await store.verify_audit()).ok
        assert len(await store.search("天气")) == MESSAGES // 2


@pytest.mark.parametrize(("schema", "kind"), [(SCHEMAS[0], "sealed"), (NEWEST, "plain")])
async def test_it_comes_back_onto_a_server_and_from_there_onto_a_file(
    tmp_path: Path, file: Path, postgres_url: str, seals: Seals, schema: int, kind: str
) -> None:
    archive, before = backup(tmp_path, schema, kind)
    await put_back(archive, DatabaseSchema(postgres_url, tmp_path), seals)
    again = Origin(copy_of_server(postgres_url), FILES, "1.0.0", "asked", (), KINDS[kind])
    other = await asyncio.to_thread(pack, tmp_path / "backups", again, START_MS)
    done = await put_back(other, DatabaseFile(file), seals)
    assert (done.schema, done.kept, content(file)) == (NEWEST, True, before)


def flipped(part: str) -> Callable[[Path], None]:
    """One bit in the middle of a part of the archive."""

    def flip(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            found = archive.getinfo(part)
        start = found.header_offset
        start += 30 + sum(struct.unpack("<HH", raw[start + 26 : start + 30]))
        raw[start + found.compress_size // 2] ^= 0x10
        path.write_bytes(raw)

    return flip


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def told(**changes: object) -> Callable[[Path], None]:
    """A manifest that says something else."""

    def change(name: str, raw: bytes) -> bytes:
        return json.dumps(json.loads(raw) | changes).encode() if name == MANIFEST else raw

    return lambda path: rewritten(path, change)


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, raw in parts.items():
            new.writestr(name, change(name, raw))


def bomb(path: Path) -> None:
    """A database of a few kilobytes that says, and is, far more than the disk holds."""
    rewritten(path, lambda name, raw: bytes(64 << 20) if name == DATABASE else raw)


def honest_bomb(path: Path) -> None:
    """The manifest says so too."""
    size = 2 * shutil.disk_usage(path.parent).free

    def change(name: str, raw: bytes) -> bytes:
        if name != MANIFEST:
            return raw
        manifest = json.loads(raw)
        manifest["parts"][DATABASE]["bytes"] = size
        return json.dumps(manifest).encode()

    rewritten(path, change)


def foreign(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.jpg", b"\xff\xd8\xff")


def other_database(path: Path) -> None:
    """A whole SQLite file that is not Kagami's, with hashes that fit."""
    place = path.with_name("other.db")
    with closing(sqlite3.connect(place)) as database:
        database.execute("CREATE TABLE notes (text)")
    raw = place.read_bytes()
    part = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}

    def change(name: str, old: bytes) -> bytes:
        if name == MANIFEST:
            manifest = json.loads(old)
            manifest["parts"][DATABASE] = part
            return json.dumps(manifest).encode()
        return raw if name == DATABASE else old

    rewritten(path, change)


PLAIN = {
    "a bit of the database": (flipped(DATABASE), "damaged"),
    "a bit of the manifest": (flipped(MANIFEST), "damaged"),
    "cut at the half": (cut(0.5), "damaged"),
    "cut at the end": (cut(0.99), "damaged"),
    "empty": (cut(0), "no backup at all"),
    "a newer schema": (told(schema=NEWEST + 1), "a newer Kagami made it"),
    "a newer format": (told(format=2), "a newer Kagami made it"),
    "no parts": (told(parts={}), "its manifest is damaged"),
    "a path elsewhere": (told(parts={"../x": {"bytes": 1, "sha256": ""}}), "its manifest is damaged"),
    "a bomb": (bomb, "its database is damaged"),
    "an honest bomb": (honest_bomb, "no room on the disk"),
    "another zip": (foreign, "no backup at all"),
    "another database": (other_database, "no such table"),
}
SEALS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a bit of the head": (lambda path: flip_at(path, 40), "damaged|another one"),
    "a bit of the label": (lambda path: flip_at(path, 70), "damaged"),
    "a bit of the content": (lambda path: flip_at(path, path.stat().st_size // 2), "damaged"),
    "cut": (cut(0.7), "damaged"),
    "only a head": (cut(0.02), "damaged"),
}


def flip_at(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def refused(archive: Path, place: Place, seals: Seals, reason: str, passphrase: str = PASSPHRASE) -> None:
    with pytest.raises(BackupRefused, match=reason) as found:
        await put_back(archive, place, seals, passphrase)
    assert archive.name in str(found.value)


@pytest.mark.parametrize("damage", PLAIN)
async def test_a_damaged_one_is_refused_and_nothing_changes(
    tmp_path: Path, file: Path, seals: Seals, damage: str
) -> None:
    harm, reason = PLAIN[damage]
    archive, _ = backup(tmp_path, NEWEST, "plain")
    harm(archive)
    before = content(make(file, NEWEST))
    await refused(archive, DatabaseFile(file), seals, reason)
    assert content(file) == before
    assert not [name for name in names(tmp_path) if name.startswith(".kagami.db")]


@pytest.mark.parametrize("damage", SEALS)
async def test_a_damaged_sealed_one_is_refused_and_nothing_changes(
    tmp_path: Path, file: Path, seals: Seals, damage: str
) -> None:
    harm, reason = SEALS[damage]
    archive, _ = backup(tmp_path, NEWEST, "sealed")
    harm(archive)
    before = content(make(file, NEWEST))
    await refused(archive, DatabaseFile(file), seals, reason)
    assert content(file) == before


@pytest.mark.parametrize(("passphrase", "reason"), [("", "its passphrase is needed"), ("x", "is another one")])
async def test_without_its_passphrase_it_is_refused(
    tmp_path: Path, file: Path, seals: Seals, passphrase: str, reason: str
) -> None:
    archive, _ = backup(tmp_path, NEWEST, "sealed")
    await refused(archive, DatabaseFile(file), seals, reason, passphrase)
    assert file.name not in names(tmp_path)


async def test_a_server_stays_as_it_was_too(tmp_path: Path, postgres_url: str, seals: Seals) -> None:
    place = DatabaseSchema(postgres_url, tmp_path)
    archive, before = backup(tmp_path, NEWEST, "plain")
    await put_back(archive, place, seals)
    for damage in ("a bit of the database", "a newer schema", "another database"):
        harm, reason = PLAIN[damage]
        broken = archive.with_name("broken.kbk")
        shutil.copyfile(archive, broken)
        harm(broken)
        await refused(broken, place, seals, reason)
    await asyncio.to_thread(write_copy, copy_of_server(postgres_url), tmp_path / "now.db")
    assert content(tmp_path / "now.db") == before


def test_one_whose_manifest_counts_other_rows_does_not_pass_the_check(tmp_path: Path) -> None:
    archive, _ = backup(tmp_path, NEWEST, "plain")
    rewritten(archive, lambda name, raw: raw.replace(b'"events": 40', b'"events": 41') if name == MANIFEST else raw)
    with pytest.raises(BackupRefused, match="other rows"):
        check(archive, tmp_path)


def test_a_sealed_one_is_listed_without_its_passphrase_and_shows_nothing_else(tmp_path: Path) -> None:
    archive, _ = backup(tmp_path, NEWEST, "sealed")
    row = read_row(archive)
    assert archive.name.endswith(SEALED)
    assert (row.schema, row.messages, row.made_ms, row.secrets) == (NEWEST, MESSAGES, START_MS, True)
    assert not any(word in archive.read_bytes() for word in (b"SQLite", b"Oslo", b"jwt_secret", b"sha256"))
