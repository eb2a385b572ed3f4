from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kagami.errors import ManifestError
from kagami.plugins.manifest import LARGEST_BYTES, Words, accepts, full_version, read_manifest

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
        "signature": "ed25519:AAAA",
        "files": {"main.py": "0" * 64},
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
        ('{\n "id": "名",\n "version" 1}', "in line 3, column 12"),
        ("[]", "must be a JSON object"),
        ({"id": "g", "version": "1.0.0"}, "the key entry is missing"),
        (LEAST | {"naem": "x"}, "unknown key naem"),
        (LEAST | {"entry_point": "a:b"}, "entry_point is another name of entry"),
        (LEAST | {"timeout": 0}, "timeout"),
        (LEAST | {"timeout": "long"}, "timeout: Expected `float`"),
        (LEAST | {"canary_weight": 101}, "canary_weight"),
        (LEAST | {"runtime": "java"}, "runtime: it is one of python, process"),
        (LEAST | {"id": "../evil"}, "id '../evil'"),
        (LEAST | {"id": "a" * 101}, "at most 100"),
        (LEAST | {"version": "1.0"}, "version: '1.0' is not a version"),
        (LEAST | {"api": "2"}, 'plugin API is 1.0: write "1"'),
        (LEAST | {"entry": "main"}, "module:plugin"),
        (LEAST | {"entry": ["main"]}, "module:plugin"),
        (LEAST | {"runtime": "process", "entry": []}, "names no program"),
        (LEAST | {"runtime": "process", "entry": "  "}, "names no program"),
        (LEAST | {"runtime": "process", "entry": ["", "x"]}, "names no program"),
        (LEAST | {"runtime": "process", "entry": "node 'main.js"}, "cannot be split"),
        (LEAST | {"dialect": True}, "unknown key dialect"),
        (LEAST | {"permissions": ["stoer"]}, "'stoer' is not one of send:any_chat, delete"),
        (LEAST | {"permissions": ["http:example.org/path"]}, "is not one of"),
        (LEAST | {"dependencies": ["aiofiles >>= 1"]}, "is not a requirement"),
        (LEAST | {"signature": "mine"}, "signature: write it as ed25519:"),
        (LEAST | {"files": {"../x": "0" * 64}}, "files: '../x'"),
        (LEAST | {"files": {"/x": "0" * 64}}, "files: '/x'"),
        (LEAST | {"files": {"a/../x": "0" * 64}}, "files: 'a/../x'"),
        (LEAST | {"files": {"x": "00"}}, "64 hexadecimal digits"),
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
    with pytest.raises(ManifestError, match="there is no such file"):
        read_manifest(tmp_path)
    with pytest.raises(ManifestError, match="there is no such folder"):
        read_manifest(tmp_path / "nowhere")


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


OLD = {
    "id": "com.example.weather",
    "name": "Weather",
    "version": "1.0",
    "entry_point": "python3 main.py --fast",
    "run_on": ["worker"],
    "permissions": ["send_message", "storage.get", "kick_user"],
    "events": ["on_message"],
    "intents": [{"name": "weather", "keywords": ["weather"], "regex": "", "priority": 5}],
    "ui": [{"type": "panel"}],
    "capabilities": ["x"],
    "actions": ["send_message"],
    "api_version": "2.0",
    "timeout_ms": 1500,
    "max_concurrency": 4,
    "plugin_level": "public",
    "source": "market",
    "category": "fun",
    "tags": ["a"],
    "price": 0,
    "support_url": "",
    "max_restarts": 3,
}


def test_a_manifest_of_the_predecessor_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(put(tmp_path, OLD))
    assert (manifest.dialect, manifest.runtime, manifest.entry) == (True, "process", "python3 main.py --fast")
    assert (manifest.version, manifest.timeout, manifest.max_restarts) == ("1.0.0", 1.5, 3)


@pytest.mark.parametrize(
    ("given", "runtime", "dialect"),
    [
        ({"entry_point": "main:plugin"}, "python", False),
        ({"entry_point": "main:plugin", "run_on": ["worker"]}, "python", False),
        ({"entry_point": "./run.sh"}, "process", True),
        ({"entry_point": "./run.sh", "api": "1"}, "process", False),
        ({"entry_point": "./run.sh", "api": "1", "run_on": []}, "process", True),
        ({"entry": "./run.sh", "runtime": "process"}, "process", False),
        ({"entry": "main:plugin", "runtime": "process"}, "process", False),
    ],
)
def test_what_it_is_follows_from_its_keys(tmp_path: Path, given: Any, runtime: str, *, dialect: bool) -> None:
    manifest = read_manifest(put(tmp_path, {"id": "g", "version": "1.0.0"} | given))
    assert (manifest.runtime, manifest.dialect) == (runtime, dialect)


def test_the_predecessors_other_keys_change_nothing(tmp_path: Path) -> None:
    assert read_manifest(put(tmp_path, LEAST | {"tags": ["x"], "price": 3})) == read_manifest(put(tmp_path, LEAST))


def test_a_short_version_is_the_predecessors_alone(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"version: '1\.0' is not a version"):
        read_manifest(put(tmp_path, LEAST | {"version": "1.0", "runtime": "process", "entry": "x"}))


@pytest.mark.parametrize(("text", "full"), [("1", "1.0.0"), ("1.2", "1.2.0"), ("1.2.3", "1.2.3"), ("x", "x")])
def test_short_versions_are_filled_up(text: str, full: str) -> None:
    assert full_version(text) == full


@pytest.mark.parametrize(
    "word",
    [
        *("send:any_chat", "delete", "store", "jobs", "operate", "*", "call:kick", "call:*"),
        *("http:*", "http:*.example.org", "http:example.org", "http:127.0.0.1", "http:[::1]"),
    ],
)
def test_permissions_are_words_that_are_known(tmp_path: Path, word: str) -> None:
    assert read_manifest(put(tmp_path, LEAST | {"permissions": [word]})).permissions == (word,)
