from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kagami.storage.anchors import MISSING, UNSIGNED, Anchors


@pytest.fixture
def anchors(tmp_path: Path) -> Anchors:
    made = Anchors(tmp_path / "audit.anchors", "a secret")
    for seq in (0, 10, 20):
        made.append(seq, f"{seq:064x}" if seq else "", 1_000 + seq)
    return made


def test_anchors_are_read_back(anchors: Anchors) -> None:
    found = anchors.read()
    assert found.hashes == {0: "", 10: f"{10:064x}", 20: f"{20:064x}"}
    assert (found.broken, found.why) == (0, "")


def test_only_the_owner_may_open_the_file(anchors: Anchors) -> None:
    assert stat.S_IMODE(anchors.path.stat().st_mode) == 0o600


def test_the_newest_is_read_alone(anchors: Anchors) -> None:
    newest = anchors.newest()
    assert newest is not None
    assert (newest.number, newest.seq, newest.at_ms) == (3, 20, 1_020)


def test_another_key_signed_none_of_them(anchors: Anchors) -> None:
    found = Anchors(anchors.path, "another secret").read()
    assert (found.hashes, found.broken, found.why) == ({}, 1, UNSIGNED)


def test_every_flipped_bit_is_found(anchors: Anchors) -> None:
    text = anchors.path.read_bytes()
    whole = anchors.read()
    # Every byte of the last line with its end, one bit of each in turn.
    for place in range(text.rindex(b"{"), len(text)):
        anchors.path.write_bytes(text[:place] + bytes([text[place] ^ (1 << place % 8)]) + text[place + 1 :])
        assert anchors.read() != whole, place
        assert anchors.read().broken or not anchors.read().hashes.get(20), place


def test_a_line_that_is_missing_is_found(anchors: Anchors) -> None:
    first, _, last = anchors.path.read_bytes().splitlines(keepends=True)
    anchors.path.write_bytes(first + last)
    assert anchors.read().broken == 2


def test_lines_that_changed_places_are_found(anchors: Anchors) -> None:
    first, second, last = anchors.path.read_bytes().splitlines(keepends=True)
    anchors.path.write_bytes(first + last + second)
    assert anchors.read().broken == 2


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    found = Anchors(tmp_path / "none", "a secret").read()
    assert (found.broken, found.why) == (1, MISSING)


@pytest.mark.parametrize("kept", [1, 40, 150])
def test_a_line_that_a_loss_of_power_cut_off_is_no_alarm_and_replaced(anchors: Anchors, kept: int) -> None:
    text = anchors.path.read_bytes()
    anchors.path.write_bytes(text + text.splitlines()[-1][:kept])
    assert not anchors.read().broken
    anchors.append(30, f"{30:064x}", 1_030)
    assert list(anchors.read().hashes) == [0, 10, 20, 30]


def test_a_last_line_without_its_end_counts(anchors: Anchors) -> None:
    anchors.path.write_bytes(anchors.path.read_bytes().rstrip(b"\n"))
    anchors.append(30, f"{30:064x}", 1_030)
    assert list(anchors.read().hashes) == [0, 10, 20, 30]


def test_anchors_up_to_a_row_are_kept_and_all_of_them_beside(anchors: Anchors) -> None:
    aside = anchors.path.with_name("aside")
    text = anchors.path.read_bytes()
    anchors.keep(10, aside)
    assert aside.read_bytes() == text
    anchors.append(11, f"{11:064x}", 1_011)
    assert list(anchors.read().hashes) == [0, 10, 11]


def test_without_anchors_there_is_nothing_to_keep(tmp_path: Path) -> None:
    Anchors(tmp_path / "none", "a secret").keep(10, tmp_path / "aside")
    assert list(tmp_path.iterdir()) == []
