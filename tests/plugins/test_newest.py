from __future__ import annotations

from pathlib import Path

import pytest

from kagami.plugins.newest import FILE, Newest
from kagami.plugins.records import RECORDS
from kagami.ports import PackageRow

KEY = ("greeter", "1.0.0")


def row(added_ms: int, removed_ms: int = 0) -> PackageRow:
    return PackageRow(*KEY, "00", 1, added_ms, removed_ms, "one", "{}")


def test_what_is_as_new_as_what_was_seen_is_kept(tmp_path: Path) -> None:
    newest = Newest(tmp_path)
    for each in (row(5), row(5), row(5, 6), row(7)):
        assert newest.sift([each]) == ([each], set())


@pytest.mark.parametrize(("seen", "older"), [(row(5), row(4)), (row(5, 6), row(5)), (row(7), row(5, 6))])
def test_what_is_older_is_not_also_by_the_next_process(tmp_path: Path, seen: PackageRow, older: PackageRow) -> None:
    Newest(tmp_path).sift([seen])
    assert Newest(tmp_path).sift([older]) == ([], {KEY})


def test_a_removal_is_remembered_though_its_row_is_not_there(tmp_path: Path) -> None:
    Newest(tmp_path).sift([row(5, 6)])
    newest = Newest(tmp_path)
    newest.sift([])
    assert newest.removed == {KEY: 6}


def test_a_new_moment_is_later_than_all_that_is_known(tmp_path: Path) -> None:
    newest = Newest(tmp_path)
    newest.sift([row(5, 60)])
    assert (newest.after(KEY, 50), newest.after(KEY, 70), newest.after(("other", "1"), 50)) == (61, 70, 50)


def test_a_file_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / RECORDS).mkdir()
    (tmp_path / RECORDS / FILE).write_bytes(b"\xff")
    Newest(tmp_path).sift([row(5)])
    assert Newest(tmp_path).sift([row(4)]) == ([], {KEY})


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / RECORDS).write_text("no folder")
    newest = Newest(tmp_path)
    assert newest.sift([row(5)]) == ([row(5)], set())
    assert newest.sift([row(4)]) == ([], {KEY})
