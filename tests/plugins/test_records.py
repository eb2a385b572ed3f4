from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.errors import NotFound, PackageRefused
from kagami.plugins.records import (
    DEPENDENCIES,
    RECORDS,
    Record,
    installed,
    keep,
    read,
    remove,
    signer_of,
    verify,
    verify_installed,
)
from kagami.plugins.versions import digest, fingerprints

Write = Callable[..., Path]


def put(write: Write, plugin: str = "greeter", version: str = "1.0.0", *, at_ms: int = 1) -> Path:
    """A version with a dependency and its record, as an install leaves them."""
    place = write(plugin, version, main="plugin = 1")
    (place / DEPENDENCIES).mkdir()
    (place / DEPENDENCIES / "leaf.py").write_text("x = 1")
    record = Record(
        plugin,
        version,
        digest=digest(fingerprints(place)),
        dependencies_digest=digest(fingerprints(place / DEPENDENCIES)),
        at_ms=at_ms,
    )
    keep(place.parent.parent, record)
    for path in (place / "main.py", place / DEPENDENCIES, place):
        path.chmod(0o555)
    return place


def test_the_latest_install_is_the_last(tmp_path: Path, write: Write) -> None:
    put(write, "greeter", "1.0.0", at_ms=3)
    put(write, "greeter", "2.0.0", at_ms=1)
    put(write, "other", "1.0.0", at_ms=2)
    assert list(installed(tmp_path)) == [("greeter", "2.0.0"), ("other", "1.0.0"), ("greeter", "1.0.0")]


def test_nothing_is_installed_where_there_is_nothing(tmp_path: Path) -> None:
    assert installed(tmp_path / "none") == {}


def test_a_version_that_was_taken_away_by_hand_is_not_installed(tmp_path: Path, write: Write) -> None:
    put(write).rename(tmp_path / "elsewhere")
    assert installed(tmp_path) == {}


def test_a_record_is_its_owners_alone(tmp_path: Path, write: Write) -> None:
    put(write)
    assert (tmp_path / RECORDS / "greeter@1.0.0.json").stat().st_mode & 0o777 == 0o600


def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, write: Write) -> None:
    put(write)
    (tmp_path / RECORDS / "greeter@1.0.0.json").write_text("{")
    assert read(tmp_path, "greeter", "1.0.0") is None
    assert installed(tmp_path) == {}


def test_a_version_that_nobody_touched_is_verified(tmp_path: Path, write: Write) -> None:
    put(write)
    verify(tmp_path, "greeter", "1.0.0")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("main.py", "files have changed"),
        ("new.txt", "files have changed"),
        ("__pycache__/main.cpython-311.pyc", "files have changed"),
        (".hidden", "files have changed"),
        (".deps/leaf.py", "dependencies have"),
    ],
)
def test_a_change_after_the_install_is_told(tmp_path: Path, write: Write, name: str, reason: str) -> None:
    place = put(write)
    place.chmod(0o755)
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).unlink(missing_ok=True)
    (place / name).write_text("evil = 1")
    with pytest.raises(PackageRefused, match=rf"greeter 1\.0\.0 is refused: its {reason}"):
        verify(tmp_path, "greeter", "1.0.0")


def test_a_folder_that_is_a_link_is_a_change(tmp_path: Path, write: Write) -> None:
    place = put(write)
    place.chmod(0o755)
    (place / "json").symlink_to(tmp_path)
    with pytest.raises(PackageRefused, match="files have changed"):
        verify(tmp_path, "greeter", "1.0.0")


def test_what_was_put_there_by_hand_is_nobodys_to_verify(tmp_path: Path, write: Write) -> None:
    assert verify_installed(write("greeter", "1.0.0")) is None
    assert verify_installed(write("simple")) is None


def test_a_version_without_a_record_is_not_verified(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0")
    with pytest.raises(PackageRefused, match="no record"):
        verify(tmp_path, "greeter", "1.0.0")


def test_a_version_is_removed_and_the_others_stay(tmp_path: Path, write: Write) -> None:
    put(write, version="1.0.0")
    put(write, version="2.0.0")
    remove(tmp_path, "greeter", "1.0.0")
    assert list(installed(tmp_path)) == [("greeter", "2.0.0")]
    assert {path.name for path in tmp_path.iterdir()} == {RECORDS, "greeter"}
    assert [path.name for path in (tmp_path / "greeter").iterdir()] == ["2.0.0"]


def test_the_last_version_takes_the_plugins_folder_along(tmp_path: Path, write: Write) -> None:
    put(write)
    remove(tmp_path, "greeter", "1.0.0")
    assert [path.name for path in tmp_path.iterdir()] == [RECORDS]
    assert list((tmp_path / RECORDS).iterdir()) == []


@pytest.mark.parametrize(
    ("plugin", "version"),
    [
        ("greeter", "9.9.9"),
        ("..", "outside"),
        ("greeter", ".."),
        ("greeter", "../../outside"),
        ("", "outside"),
        (".", "."),
    ],
)
def test_what_is_no_version_is_not_removed(tmp_path: Path, write: Write, plugin: str, version: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = put(write)
    with pytest.raises(NotFound):
        remove(tmp_path, plugin, version)
    assert outside.is_dir()
    assert place.is_dir()


@pytest.mark.parametrize("level", ["plugin", "version"])
def test_a_link_is_not_removed_nor_what_it_leads_to(tmp_path: Path, level: str) -> None:
    outside = tmp_path / "outside"
    (outside / "1.0.0").mkdir(parents=True)
    folder = tmp_path / "plugins"
    folder.mkdir()
    if level == "plugin":
        (folder / "greeter").symlink_to(outside)
    else:
        (folder / "greeter").mkdir()
        (folder / "greeter" / "1.0.0").symlink_to(outside / "1.0.0")
    with pytest.raises(NotFound):
        remove(folder, "greeter", "1.0.0")
    assert (outside / "1.0.0").is_dir()


def test_who_signed_a_version_is_read_from_its_record(tmp_path: Path, write: Write) -> None:
    place = put(write)
    assert signer_of(place) == ""
    keep(tmp_path, Record("greeter", "1.0.0", signer="abcd"))
    assert (signer_of(place), signer_of(tmp_path / "by" / "hand")) == ("abcd", "")
