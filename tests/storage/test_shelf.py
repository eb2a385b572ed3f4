from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kagami.errors import NotFound
from kagami.ports import BackupRow
from kagami.storage.config import BackupConfig
from kagami.storage.shelf import place_of, rows_of, spare

NOW = datetime(2025, 11, 30, 12, 30, tzinfo=UTC)


def row(age: timedelta, reason: str = "scheduled") -> BackupRow:
    made = NOW - age
    return BackupRow(made.strftime("%m-%d %H:%M"), 1, int(made.timestamp() * 1000), reason=reason)


def hourly(days: int) -> list[BackupRow]:
    return [row(timedelta(hours=hours)) for hours in range(24 * days)]


def test_the_newest_stay_and_the_last_of_each_day_and_week() -> None:
    rows = hourly(60)
    gone = set(spare(rows, BackupConfig(keep_newest=3, keep_days=4, keep_weeks=3)))
    assert [each.name for each in rows if each.name not in gone] == [
        "11-30 12:30",
        "11-30 11:30",
        "11-30 10:30",
        "11-29 23:30",
        "11-28 23:30",
        "11-27 23:30",
        "11-23 23:30",
        "11-16 23:30",
    ]


def test_days_without_a_backup_do_not_count() -> None:
    rows = [row(timedelta(days=days)) for days in (0, 20, 40, 60, 80)]
    gone = spare(rows, BackupConfig(keep_newest=1, keep_days=3, keep_weeks=0))
    assert gone == [rows[3].name, rows[4].name]


def test_what_was_asked_for_stays() -> None:
    rows = [row(timedelta(days=days), "asked") for days in range(30)]
    assert spare(rows, BackupConfig(keep_newest=0, keep_days=0, keep_weeks=0)) == []


def test_one_stays_whatever_is_kept() -> None:
    rows = hourly(1)
    gone = spare(rows, BackupConfig(keep_newest=0, keep_days=0, keep_weeks=0))
    assert gone == [each.name for each in rows[1:]]


def test_a_file_that_is_none_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.kbk").write_bytes(b"x")
    (tmp_path / "other.txt").write_bytes(b"x")
    (found,) = rows_of(tmp_path)
    assert (found.name, found.trouble) == ("broken.kbk", "it is damaged, or no backup at all")


@pytest.mark.parametrize("name", ["", "..", "../a.kbk", "/a.kbk", "none.kbk", ".hidden.kbk", "a.txt", "a\0.kbk"])
def test_only_names_of_backups_are_found(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for path in (tmp_path / "a.kbk", folder / ".hidden.kbk", folder / "a.txt"):
        path.write_bytes(b"x")
    with pytest.raises(NotFound):
        place_of(folder, name)


def test_a_backup_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "kagami-1.0.0-20251130T123000Z-2.kbk").write_bytes(b"x")
    assert place_of(tmp_path, "kagami-1.0.0-20251130T123000Z-2.kbk").is_file()
