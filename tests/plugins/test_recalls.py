from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kagami.plugins.recalls import KEPT, Recall, keep_recalls, read_recalls, recalled
from kagami.plugins.semver import Version


@pytest.mark.parametrize(
    ("versions", "version", "covered"),
    [
        ("1.2.0", "1.2.0", True),
        ("1.2.0", "1.2.1", False),
        ("<1.3", "1.2.9", True),
        ("<1.3", "1.3.0", False),
        ("<1.3", "1.3.0-beta", True),
        ("<=1.3.0", "1.3.0", True),
        (">=1.0, <1.2.4", "1.2.3", True),
        (">=1.0, <1.2.4", "0.9.0", False),
        (">2", "2.0.1", True),
        ("*", "0.0.1", True),
    ],
)
def test_a_range_covers_versions(versions: str, version: str, covered: bool) -> None:
    assert Recall("a", versions).covers("a", Version(version)) is covered


def test_another_plugin_is_never_covered() -> None:
    assert recalled([Recall("a", "*")], "b", Version("1.0.0")) is None


@pytest.mark.parametrize("versions", ["", "soon", "~1.0", "1.0 2.0", "<", "1.x"])
def test_what_is_no_range_is_refused(versions: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "a", "versions": versions}, Recall)


def test_the_last_recalls_replace_those_before(tmp_path: Path) -> None:
    keep_recalls(tmp_path, [Recall("a", "*", "why")])
    keep_recalls(tmp_path, [Recall("b", "<2")])
    assert read_recalls(tmp_path) == (Recall("b", "<2"),)


@pytest.mark.parametrize("content", [None, b"", b"{}", b'[{"id":"a","versions":"soon"}]'])
def test_without_a_sound_list_nothing_is_recalled(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / KEPT
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    assert read_recalls(tmp_path) == ()
