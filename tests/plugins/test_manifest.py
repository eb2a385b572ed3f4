from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kagami.errors import ManifestError
from kagami.plugins.manifest import LARGEST_BYTES, Words, accepts, read_manifest

LEAST = {"id": "greeter", "version": "1.0.0", "entry": "main:plugin"}


def put(folder: Path, content: Any) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "plugin.json").write_text(text, "utf-8")
    return folder


def test_three_keys_are_enough(tmp_path: Path) -> None:
    manifest = read_manifest(put(tmp_path, LEAST))
    assert (manifest.id, manifest.api, manifest.runtime, manifest.timeout) == ("greeter", "1", "python", 60.0)


def test_every_key_is_read(tmp_path: Path) -> None:
    given = LEAST | {
        "name": "Greeter",
        "description": "d",
        "author": "a",
        "homepage": "h",
        "license": "MIT",
        "api": ">=1,<2",
        "permissions": ["http:example.org"],
        "events": ["message"],
        "intents": ["hello", {"keywords": ["hi"], "regex": "h.*"}],
        "canary_weight": 10,
        "timeout": 5,
        "max_restarts": 1,
        "dependencies": ["x"],
        "signature": "s",
        "files": {"main.py": "00"},
    }
    manifest = read_manifest(put(tmp_path, given))
    assert manifest.intents == ("hello", Words(keywords=("hi",), regex="h.*"))
    assert manifest.canary_weight == 10


def test_the_older_name_of_entry_counts(tmp_path: Path) -> None:
    given = {"id": "g", "version": "1.0.0", "entry_point": "main:plugin"}
    assert read_manifest(put(tmp_path, given)).entry == "main:plugin"


def test_argv_is_an_entry_of_the_process_runtime(tmp_path: Path) -> None:
    given = LEAST | {"runtime": "process", "entry": ["python", "main.py"]}
    assert read_manifest(put(tmp_path, given)).entry == ("python", "main.py")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ({"id": "g", "version": "1.0.0"}, "the key entry is missing"),
        (LEAST | {"naem": "x"}, "unknown key naem"),
        (LEAST | {"entry_point": "a:b"}, "entry_point is another name of entry"),
        (LEAST | {"timeout": 0}, "timeout"),
        (LEAST | {"timeout": "long"}, "timeout: Expected `float`"),
        (LEAST | {"canary_weight": 101}, "canary_weight"),
        (LEAST | {"runtime": "java"}, "runtime"),
        (LEAST | {"id": "../evil"}, "id '../evil'"),
        (LEAST | {"id": "a" * 101}, "at most 100"),
        (LEAST | {"version": "1.0"}, "version: '1.0' is not a version"),
        (LEAST | {"api": "2"}, "api '2' does not fit"),
        (LEAST | {"entry": "main"}, "module:plugin"),
        (LEAST | {"entry": ["main"]}, "module:plugin"),
        (" " * (LARGEST_BYTES + 1), "larger than 1 MiB"),
    ],
)
def test_a_wrong_manifest_names_file_key_and_fix(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(put(tmp_path, content))
    assert str(tmp_path / "plugin.json") in str(caught.value)
    assert reason in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "plugin.json").write_bytes(b'{"id": "\xff"}')
    with pytest.raises(ManifestError, match="not JSON"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ("1", True),
        ("1.x", True),
        ("1.2", True),
        ("^1.1", True),
        ("~1", True),
        (">=1, <3", True),
        (">0", True),
        ("==1.2", True),
        ("<=2", True),
        ("1.3", False),
        ("2", False),
        ("=1.0", False),
        (">=2", False),
        ("<1", False),
        ("", False),
        ("latest", False),
    ],
)
def test_an_api_range_holds_our_version_or_not(spec: str, fits: bool) -> None:
    assert accepts(spec, (1, 2)) is fits
