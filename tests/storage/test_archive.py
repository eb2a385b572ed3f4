from __future__ import annotations

import sqlite3
import stat
import struct
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kagami.errors import BackupFailed, BackupRefused
from kagami.storage.archive import DATABASE, MANIFEST, Origin, check, pack, read_manifest, read_part, unpack
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations
from tests.storage.make import START_MS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "kagami.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, None)
        connection.execute("INSERT INTO plugin_values VALUES ('weather', 'city', '\"Oslo\"')")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def origin(database: Path) -> Origin:
    return Origin(database, {"kagami.toml": b"prefix = '/'\n", "secrets/jwt_secret": b"s\n"}, "1.2.3", "asked", ("a",))


@pytest.fixture
def made(folder: Path, origin: Origin) -> Path:
    return pack(folder, origin, START_MS)


def rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The same archive with other contents; None leaves a file out."""
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in contents.items():
            if (changed := change(name, content)) is not None:
                new.writestr(name, changed)


def test_a_backup_is_named_after_its_version_and_time(made: Path) -> None:
    assert made.name == "kagami-1.2.3-20251009T085320Z.kbk"


def test_a_second_one_in_the_same_second_gets_another_name(folder: Path, origin: Origin, made: Path) -> None:
    assert pack(folder, origin, START_MS).name == "kagami-1.2.3-20251009T085320Z-2.kbk"


def test_only_the_owner_may_open_it_and_nothing_is_left_beside(folder: Path, made: Path) -> None:
    assert [path.name for path in folder.iterdir()] == [made.name]
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_says_what_is_in_it(made: Path) -> None:
    found = read_manifest(made)
    assert (found.version, found.schema, found.made_ms) == ("1.2.3", migrations()[-1][0], START_MS)
    assert (found.reason, found.secrets, found.withheld) == ("asked", True, ("a",))
    assert set(found.parts) == {DATABASE, "kagami.toml", "secrets/jwt_secret"}


def test_what_goes_in_comes_out(made: Path, tmp_path: Path) -> None:
    unpack(made, tmp_path / "out.db")
    with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
        assert connection.execute("SELECT value FROM plugin_values").fetchall() == [('"Oslo"',)]
    assert stat.S_IMODE((tmp_path / "out.db").stat().st_mode) == 0o600
    assert read_part(made, "secrets/jwt_secret") == b"s\n"


def test_a_database_in_use_is_copied_as_of_one_moment(folder: Path, origin: Origin, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM plugin_values")
        made = pack(folder, origin, START_MS)
        writer.execute("COMMIT")
    unpack(made, folder / "out.db")
    with closing(sqlite3.connect(folder / "out.db")) as connection:
        assert connection.execute("SELECT count(*) FROM plugin_values").fetchone() == (1,)


def test_a_whole_one_passes_the_check(made: Path, tmp_path: Path) -> None:
    assert check(made, tmp_path) == read_manifest(made)


def test_a_flipped_bit_is_found(made: Path, tmp_path: Path) -> None:
    text = made.read_bytes()
    with zipfile.ZipFile(made) as pack_:
        heads = [(info.header_offset, info.compress_size) for info in map(pack_.getinfo, (DATABASE, MANIFEST))]
    for start, size in heads:
        # Behind the fixed part of the head stand the name and a field of their own lengths.
        place = start + 30 + sum(struct.unpack("<HH", text[start + 26 : start + 30])) + size // 2
        made.write_bytes(text[:place] + bytes([text[place] ^ 0x10]) + text[place + 1 :])
        with pytest.raises(BackupRefused):
            check(made, tmp_path)


def test_a_database_that_was_replaced_is_found(made: Path, tmp_path: Path) -> None:
    rewrite(made, lambda name, content: content + b"x" if name == DATABASE else content)
    with pytest.raises(BackupRefused, match="its database is damaged"):
        check(made, tmp_path)


def test_a_file_that_was_replaced_is_found(made: Path, tmp_path: Path) -> None:
    rewrite(made, lambda name, content: b"x" if name == "kagami.toml" else content)
    with pytest.raises(BackupRefused, match="one of its files is damaged"):
        check(made, tmp_path)


@pytest.mark.parametrize("missing", [MANIFEST, DATABASE])
def test_a_file_that_is_missing_is_found(made: Path, tmp_path: Path, missing: str) -> None:
    rewrite(made, lambda name, content: None if name == missing else content)
    with pytest.raises(BackupRefused, match="damaged"):
        check(made, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"secrets/jwt_secret"', b'"../jwt_secret"'),
        (b'"secrets/jwt_secret"', b'"secrets/../../x"'),
        (b'"kagami.toml"', b'"/etc/passwd"'),
        (b'"parts"', b'"other"'),
        (b"{", b"\xff"),
    ],
)
def test_a_manifest_that_is_none_is_refused(made: Path, old: bytes, new: bytes) -> None:
    rewrite(made, lambda name, content: content.replace(old, new, 1) if name == MANIFEST else content)
    with pytest.raises(BackupRefused, match="its manifest is damaged"):
        read_manifest(made)


@pytest.mark.parametrize("field", [b'"schema"', b'"format"'])
def test_one_of_a_newer_version_is_refused(made: Path, field: bytes) -> None:
    rewrite(made, lambda name, content: content.replace(field + b": ", field + b": 9") if name == MANIFEST else content)
    with pytest.raises(BackupRefused, match="a newer Kagami made it"):
        read_manifest(made)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04"])
def test_any_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.kbk"
    path.write_bytes(content)
    with pytest.raises(BackupRefused, match="no backup at all"):
        read_manifest(path)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="No such file"):
        read_manifest(tmp_path / "x.kbk")


def test_a_database_that_is_damaged_is_not_backed_up(folder: Path, origin: Origin, database: Path) -> None:
    text = database.read_bytes()
    database.write_bytes(text[:8192] + b"\xff" * 4096 + text[12288:])
    with pytest.raises(BackupFailed):
        pack(folder, origin, START_MS)
    assert list(folder.iterdir()) == []


def test_without_a_database_there_is_no_backup(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="there is no database yet"):
        pack(folder, Origin(tmp_path / "none.db", {}, "1", "asked"), START_MS)


def test_what_a_killed_one_left_goes_with_the_next(folder: Path, origin: Origin) -> None:
    (folder / ".making-old").mkdir(parents=True)
    (folder / ".making-old" / DATABASE).write_bytes(b"x")
    made = pack(folder, origin, START_MS)
    assert [path.name for path in folder.iterdir()] == [made.name]


def test_one_that_is_stopped_leaves_nothing(folder: Path, origin: Origin) -> None:
    halt = threading.Event()
    halt.set()
    with pytest.raises(BackupFailed, match="it was stopped"):
        pack(folder, origin, START_MS, halt)
    assert list(folder.iterdir()) == []


class Looking(threading.Event):
    """Looks into the folder each time that the work asks whether to go on."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.seen: list[bytes] = []

    def is_set(self) -> bool:
        self.seen += [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        return False


def test_nothing_of_a_sealed_one_is_ever_readable_while_it_is_made(
    folder: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)
    looking = Looking(folder)
    made = pack(folder, msgspec.structs.replace(origin, passphrase="correct horse battery staple"), START_MS, looking)
    assert any(len(each) >= made.stat().st_size for each in looking.seen)
    assert not any(word in each for each in looking.seen for word in (b"SQLite", b"Oslo", b"jwt_secret", b"PK\x03\x04"))
    assert read_part(made, "secrets/jwt_secret", "correct horse battery staple") == b"s\n"
