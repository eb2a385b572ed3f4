from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.plugins.versions import digest, discover, fingerprint, fingerprints

Write = Callable[..., Path]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert discover(tmp_path / "none").versions == {}


def test_versions_stand_side_by_side_the_highest_first(tmp_path: Path, write: Write) -> None:
    for version in ("1.2.0", "1.10.0", "1.9.0"):
        write("greeter", version)
    found = discover(tmp_path).versions["greeter"]
    assert [each.manifest.version for each in found] == ["1.10.0", "1.9.0", "1.2.0"]


def test_a_plugin_may_stand_alone_in_its_folder(tmp_path: Path, write: Write) -> None:
    write("greeter", at="3.0.0")
    assert discover(tmp_path).versions["greeter"][0].manifest.version == "3.0.0"


def test_a_folder_without_versions_may_have_any_name(tmp_path: Path, write: Write) -> None:
    write("greeter-main", manifest={"id": "greeter"})
    assert "greeter" in discover(tmp_path).versions


@pytest.mark.parametrize(
    ("lesser", "manifest"), [("2.0.0-beta", {}), ("2.0.0", {"canary_weight": 10})], ids=["pre-release", "canary"]
)
def test_a_stable_release_goes_before_a_higher_one_that_is_not(
    tmp_path: Path, write: Write, lesser: str, manifest: dict[str, object]
) -> None:
    write("greeter", lesser, manifest=manifest)
    write("greeter", "1.0.0")
    assert discover(tmp_path).versions["greeter"][0].manifest.version == "1.0.0"


def test_what_is_no_plugin_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes" / "drafts").mkdir(parents=True)
    (tmp_path / "README").write_text("hello")
    shelf = discover(tmp_path)
    assert (shelf.versions, shelf.unsound) == ({}, [])


def test_an_unsound_manifest_is_listed_under_the_names_of_its_folders(tmp_path: Path, write: Write) -> None:
    folder = write("greeter", "1.0.0", manifest={"naem": "x"})
    (unsound,) = discover(tmp_path).unsound
    assert (unsound.id, unsound.version, unsound.folder) == ("greeter", "1.0.0", folder)
    assert "naem" in unsound.error


def test_an_unsound_manifest_of_the_simple_layout_has_no_version(tmp_path: Path, write: Write) -> None:
    write("greeter", manifest={"naem": "x"})
    (unsound,) = discover(tmp_path).unsound
    assert (unsound.id, unsound.version) == ("greeter", "")


@pytest.mark.parametrize("key", ["id", "version"])
def test_a_manifest_must_agree_with_its_folders(tmp_path: Path, write: Write, key: str) -> None:
    write("greeter", "1.0.0", manifest={key: "2.0.0"})
    (unsound,) = discover(tmp_path).unsound
    assert f"{key} is '2.0.0' but its folder" in unsound.error


def test_the_same_version_twice_is_refused(tmp_path: Path, write: Write) -> None:
    write("a", manifest={"id": "greeter"})
    write("b", manifest={"id": "greeter"})
    shelf = discover(tmp_path)
    assert len(shelf.versions["greeter"]) == 1
    assert "here twice" in shelf.unsound[0].error


def test_a_fingerprint_changes_with_any_file(write: Write) -> None:
    folder = write("greeter", main="x = 1", parts__inner="y = 1")
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    (folder / "parts" / "inner.py").write_text("y = 2")
    assert fingerprint(folder) != before


def test_a_fingerprint_changes_with_a_name(write: Write) -> None:
    folder = write("greeter", main="x = 1")
    before = fingerprint(folder)
    (folder / "main.py").rename(folder / "other.py")
    assert fingerprint(folder) != before


def test_fingerprints_are_of_all_files_but_those_that_come_and_go(tmp_path: Path) -> None:
    for name in ("main.py", "rows/a.csv", "rows/.keep", "__pycache__/main.pyc", ".deps/x.py", "rows/.git/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = fingerprints(tmp_path)
    assert list(files) == ["main.py", "rows/.keep", "rows/a.csv"]
    assert files["main.py"] == hashlib.sha256(b"main.py").hexdigest()
    assert list(fingerprints(tmp_path, suffixes=(".csv",))) == ["rows/a.csv"]


def test_a_digest_is_of_names_and_contents_in_any_order() -> None:
    files = {"a": "1", "b": "2"}
    assert digest(files) == digest({"b": "2", "a": "1"})
    assert len({digest(files), digest({"a": "2", "b": "1"}), digest({"a": "1"}), digest({"a\x001\nb": "2"})}) == 4
