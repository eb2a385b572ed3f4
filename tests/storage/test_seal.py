from __future__ import annotations

import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from kagami.errors import BackupRefused
from kagami.storage.seal import CHUNK, MAGIC, TAG, is_sealed, opened, read_label, sealing

PASSPHRASE, LABEL = "correct horse battery staple", b'{"made_ms": 1}'
HEAD = len(MAGIC) + 2 + 16 + 7 + 16 + len(LABEL)


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)


def sealed(folder: Path, content: bytes, name: str = "a") -> Path:
    target = folder / f"{name}.enc"
    with sealing(target, PASSPHRASE, LABEL) as file:
        file.write(content)
    return target


def read(path: Path, passphrase: str = PASSPHRASE) -> bytes:
    with opened(path, passphrase) as file:
        return file.read()


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_goes_in_comes_out(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    assert read(sealed(tmp_path, content)) == content


def test_any_place_can_be_read(tmp_path: Path) -> None:
    content = os.urandom(2 * CHUNK + 500)
    with opened(sealed(tmp_path, content), PASSPHRASE) as file:
        file.seek(CHUNK - 10)
        assert file.read(20) == content[CHUNK - 10 : CHUNK + 10]
        file.seek(-5, os.SEEK_END)
        assert file.read() == content[-5:]


def test_nothing_of_the_content_shows(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"a secret word " * 100)
    assert is_sealed(path)
    assert b"secret word" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_label_is_read_without_the_passphrase(tmp_path: Path) -> None:
    assert read_label(sealed(tmp_path, b"x")) == LABEL


def test_another_passphrase_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="the passphrase is another one"):
        read(sealed(tmp_path, b"x"), "wrong")


def test_none_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="its passphrase is needed"):
        read(sealed(tmp_path, b"x"), "")


@pytest.mark.parametrize("place", [len(MAGIC) + 18, HEAD - 1, HEAD, HEAD + CHUNK, HEAD + CHUNK + TAG + 5, -1])
def test_a_changed_bit_is_found_anywhere(tmp_path: Path, place: int) -> None:
    path = sealed(tmp_path, os.urandom(2 * CHUNK + 100))
    flip(path, place)
    with pytest.raises(BackupRefused, match="damaged"):
        read(path)


@pytest.mark.parametrize("left", [HEAD + CHUNK + TAG, HEAD + 2 * (CHUNK + TAG), HEAD + 100, HEAD, 20, 0])
def test_a_file_that_was_cut_off_is_refused_at_once(tmp_path: Path, left: int) -> None:
    path = sealed(tmp_path, os.urandom(2 * CHUNK + 100))
    os.truncate(path, left)
    with pytest.raises(BackupRefused, match="damaged"), opened(path, PASSPHRASE):
        pass


def test_chunks_that_changed_places_are_found(tmp_path: Path) -> None:
    path = sealed(tmp_path, os.urandom(3 * CHUNK))
    raw, size = path.read_bytes(), CHUNK + TAG
    first, second = raw[HEAD : HEAD + size], raw[HEAD + size : HEAD + 2 * size]
    path.write_bytes(raw[:HEAD] + second + first + raw[HEAD + 2 * size :])
    with pytest.raises(BackupRefused, match="damaged"):
        read(path)


def test_a_chunk_of_another_file_is_found(tmp_path: Path) -> None:
    one, other = sealed(tmp_path, b"x" * 100, "one"), sealed(tmp_path, b"y" * 100, "other")
    one.write_bytes(one.read_bytes()[:HEAD] + other.read_bytes()[HEAD:])
    with pytest.raises(BackupRefused, match="damaged"):
        read(one)


def test_one_whose_writing_was_broken_off_counts_as_damaged(tmp_path: Path) -> None:
    def break_off() -> None:
        with sealing(tmp_path / "target", PASSPHRASE, LABEL) as plain:
            plain.write(bytes(2 * CHUNK + 1))
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        break_off()
    with pytest.raises(BackupRefused, match="damaged"):
        read(tmp_path / "target")


def test_memory_stays_within_some_chunks(tmp_path: Path) -> None:
    target = tmp_path / "target"
    tracemalloc.start()
    try:
        with sealing(target, PASSPHRASE, LABEL) as plain:
            for _ in range(24):
                plain.write(bytes(CHUNK))
        with opened(target, PASSPHRASE) as file:
            while file.read(CHUNK):
                pass
        assert tracemalloc.get_traced_memory()[1] < 8 * CHUNK
    finally:
        tracemalloc.stop()
