from __future__ import annotations

import os
from pathlib import Path

import pytest

from kagami.storage.spoolfile import Kept, SpoolFile, record
from tests.storage.make import event


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "events"


def filled(path: Path, *texts: str) -> SpoolFile:
    file = SpoolFile(path)
    file.append([record(event(text), 7) for text in texts])
    return file


def texts(file: SpoolFile, start: int = 0, most: int = 100) -> list[str]:
    return [kept.event.text if kept else "?" for _, kept in file.read(start, most)]


def test_what_was_appended_is_read_in_order(path: Path) -> None:
    file = filled(path, "a", "b", "c")
    file.append([record(event("d"), 8)])
    assert texts(file) == ["a", "b", "c", "d"]


def test_an_event_comes_back_as_it_was(path: Path) -> None:
    file, given = SpoolFile(path), event("好")
    file.append([record(given, 2)])
    ((_, kept),) = file.read(0, 2)
    assert kept == Kept(2, given)


def test_text_that_no_database_takes_does_not_keep_an_event_out(path: Path) -> None:
    assert texts(filled(path, "a\ud800b")) == ["a\ufffdb"]


def test_a_page_goes_on_behind_the_last_one(path: Path) -> None:
    file = filled(path, "a", "b", "c")
    (_, (end, _)) = file.read(0, 2)
    assert texts(file, end) == ["c"]


def test_records_larger_than_a_step_are_whole(path: Path) -> None:
    large = ["x" * 700_000, "y" * 2_500_000, "z"]
    file = filled(path, *large)
    assert [len(text) for text in texts(file)] == [700_000, 2_500_000, 1]


def test_only_the_owner_may_open_it(path: Path) -> None:
    filled(path, "a")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_looking_at_none_makes_none(path: Path) -> None:
    assert SpoolFile(path).find() == (0, 0, 0)
    assert not path.exists()


def test_another_run_finds_what_is_whole(path: Path) -> None:
    size = filled(path, "a", "b").size
    assert SpoolFile(path).find() == (2, size, 7)


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_a_torn_last_record_is_written_over(path: Path, cut: int) -> None:
    filled(path, "a", "torn")
    os.truncate(path, path.stat().st_size - cut)
    file = SpoolFile(path)
    assert file.find().events == 1
    file.append([record(event("b"), 8)])
    assert texts(file) == ["a", "b"]


def test_zeros_behind_the_end_are_no_records(path: Path) -> None:
    size = filled(path, "a").size
    os.truncate(path, size + 4_096)
    assert SpoolFile(path).find() == (1, size, 7)


def test_a_damaged_record_does_not_hide_the_others(path: Path) -> None:
    file = filled(path, "a", "b", "c")
    ((first, _), *_) = file.read(0, 1)
    with path.open("r+b") as raw:
        raw.seek(first + 20)
        raw.write(b"\xff")
    assert texts(file) == ["a", "?", "c"]


def test_an_emptied_file_takes_more(path: Path) -> None:
    file = filled(path, "a")
    file.empty()
    file.append([record(event("b"), 8)])
    assert texts(file) == ["b"]


def test_what_a_failed_write_has_left_does_not_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, write = filled(path, "a"), os.pwrite

    def no_space(descriptor: int, content: memoryview, at: int) -> int:
        write(descriptor, content[:5], at)
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", no_space)
        with pytest.raises(OSError, match="no space"):
            file.append([record(event("lost"), 8)])
    file.append([record(event("b"), 9)])
    assert texts(file) == ["a", "b"]
