from __future__ import annotations

import errno
import gzip
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from kagami.log import LogLine
from kagami.storage.logfiles import (
    ACTIVE,
    SEGMENT_BYTES,
    LogFiles,
    decode,
    place_by_number,
    place_by_time,
    place_of,
    read_name,
)


def encoded(numbers: Iterable[int], level: int = logging.INFO) -> list[bytes]:
    return [msgspec.json.encode(LogLine(each, each * 1000, level, "hub", f"line {each}")) + b"\n" for each in numbers]


@pytest.fixture
def files(tmp_path: Path) -> LogFiles:
    made = LogFiles(tmp_path)
    made.open()
    return made


def numbers(lines: list[bytes]) -> list[int]:
    return [decode(line).seq for line in lines]


def test_lines_are_read_as_they_were_written(files: LogFiles) -> None:
    files.append(encoded([1, 2]))
    files.append(encoded([3]))
    assert numbers(files.lines(None)) == [1, 2, 3]


def test_only_the_owner_may_read_them(files: LogFiles, tmp_path: Path) -> None:
    files.append(encoded([1]))
    assert (tmp_path / ACTIVE).stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_closed_and_compressed(files: LogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.logfiles.SEGMENT_BYTES", 100)
    files.append([*encoded([7, 8]), *encoded([9], logging.ERROR)])
    (segment,) = files.segments
    assert (segment.first, segment.first_ms, segment.counts, segment.last) == (7, 7000, (0, 2, 0, 1), 9)
    assert numbers(gzip.decompress(segment.path.read_bytes()).split(b"\n")) == [7, 8, 9]
    assert not (tmp_path / ACTIVE).exists()


def test_an_earlier_run_is_found_again(files: LogFiles, tmp_path: Path) -> None:
    files.append(encoded(range(1, 6)))
    again = LogFiles(tmp_path)
    again.open()
    assert (again.newest, again.oldest) == (5, 1)
    assert numbers(again.lines(again.segments[0])) == [1, 2, 3, 4, 5]


def test_a_torn_last_line_is_left_out(files: LogFiles, tmp_path: Path) -> None:
    files.append([*encoded([1, 2]), encoded([3])[0][:10]])
    again = LogFiles(tmp_path)
    again.open()
    assert again.newest == 2


def test_a_line_that_a_full_disk_tore_is_not_left(
    files: LogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.append(encoded([1]))
    write, room = os.write, [10]

    def short(descriptor: int, content: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        room[0], most = 0, room[0]
        return write(descriptor, content[:most])

    with monkeypatch.context() as patch:
        patch.setattr("kagami.storage.logfiles.os.write", short)
        with pytest.raises(OSError, match="No space"):
            files.append(encoded([2]))
    files.append(encoded([2, 3]))
    assert numbers(files.lines(None)) == [1, 2, 3]


def test_a_file_that_cannot_be_closed_on_a_full_disk_is_written_once(
    files: LogFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("kagami.storage.logfiles.SEGMENT_BYTES", 10)
    with monkeypatch.context() as patch:
        patch.setattr(LogFiles, "_keep", full)
        files.append(encoded([1]))
    files.append(encoded([2]))
    assert [numbers(files.lines(each)) for each in files.segments] == [[1, 2]]


def test_numbers_that_are_missing_begin_a_new_file(files: LogFiles, tmp_path: Path) -> None:
    files.append(encoded([1, 2]))
    files.append(encoded([7, 8]))
    again = LogFiles(tmp_path)
    again.open()
    assert [(each.first, each.last) for each in again.segments] == [(1, 2), (7, 8)]
    assert again.newest == 8


def test_a_file_that_was_closed_when_the_run_was_killed_is_there_once(files: LogFiles, tmp_path: Path) -> None:
    files.append(encoded([1, 2]))
    kept = (tmp_path / ACTIVE).read_bytes()
    files.close_active()
    (tmp_path / ACTIVE).write_bytes(kept)
    again = LogFiles(tmp_path)
    again.open()
    assert [numbers(again.lines(each)) for each in again.segments] == [[1, 2]]


@pytest.mark.parametrize("harm", [lambda raw: raw[:20], lambda raw: raw[:12] + b"\xff" * 8 + raw[20:], lambda _: b""])
def test_a_closed_file_that_is_damaged_has_no_lines(files: LogFiles, harm: Callable[[bytes], bytes]) -> None:
    files.append(encoded([1, 2]))
    files.close_active()
    path = files.segments[0].path
    path.write_bytes(harm(path.read_bytes()))
    assert files.lines(files.segments[0]) == []


def test_bytes_that_are_no_text_are_no_line(files: LogFiles, tmp_path: Path) -> None:
    files.append([*encoded([1]), encoded([2])[0].replace(b"line", b"l\xffne"), b"\0\0\n", *encoded([2])])
    again = LogFiles(tmp_path)
    again.open()
    assert numbers(again.lines(again.segments[0])) == [1, 2]


def test_a_file_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    made = LogFiles(tmp_path)
    made.open()
    assert (made.segments, (tmp_path / "notes.txt").read_text()) == ([], "mine")


def test_a_file_that_is_gone_has_no_lines(files: LogFiles) -> None:
    files.append(encoded([1]))
    files.close_active()
    files.segments[0].path.unlink()
    assert files.lines(files.segments[0]) == []


def test_the_oldest_go_when_it_is_too_much(files: LogFiles) -> None:
    for first in (1, 11, 21):
        files.append(encoded(range(first, first + 10)))
        files.close_active()
    files.tidy(keep_bytes=SEGMENT_BYTES + files.segments[2].path.stat().st_size + 10, keep_from_ms=0)
    assert [each.first for each in files.segments] == [21]


def test_what_cannot_be_deleted_is_left_for_later(files: LogFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    for first in (1, 11):
        files.append(encoded(range(first, first + 10)))
        files.close_active()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        files.tidy(keep_bytes=0, keep_from_ms=0)
    files.tidy(keep_bytes=0, keep_from_ms=0)
    assert [each.first for each in files.segments] == [11]


def test_a_file_that_was_taken_away_is_begun_again(files: LogFiles, tmp_path: Path) -> None:
    files.append(encoded([1]))
    (tmp_path / ACTIVE).unlink()
    files.append(encoded([2]))
    assert len(files.lines(None)) == 1


def test_what_is_too_old_goes(files: LogFiles) -> None:
    for first in (1, 11, 21):
        files.append(encoded(range(first, first + 10)))
        files.close_active()
    files.tidy(keep_bytes=1 << 30, keep_from_ms=12_000)
    assert [each.first for each in files.segments] == [11, 21]


def test_a_name_that_is_no_log_is_none(tmp_path: Path) -> None:
    assert read_name(tmp_path / "000000000001-x.jsonl.gz") is None


@pytest.mark.parametrize(("level", "place"), [(5, 0), (10, 0), (20, 1), (25, 1), (30, 2), (40, 3), (50, 3)])
def test_a_level_has_its_place_or_the_one_below(level: int, place: int) -> None:
    assert place_of(level) == place


def test_places_are_found_by_number_and_by_time() -> None:
    lines = encoded([3, 5, 7])
    assert [place_by_number(lines, seq) for seq in (1, 3, 4, 8)] == [0, 0, 1, 3]
    assert [place_by_time(lines, ms) for ms in (1, 5000, 5001, 9000)] == [0, 1, 2, 3]
