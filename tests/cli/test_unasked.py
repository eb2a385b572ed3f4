from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.cli.unasked import unasked
from kagami.plugins.manifest import read_manifest


def missing(folder: Path, code: str, *permissions: str, **keys: object) -> list[tuple[str, str, str]]:
    folder.joinpath("plugin.json").write_text(
        json.dumps({"id": "dice", "version": "1.0.0", "entry": "main:plugin", "permissions": permissions} | keys)
    )
    folder.joinpath("main.py").write_text(code)
    found = unasked(read_manifest(folder), folder, str)
    return [(each.state, each.subject, each.fix.split('"')[1]) for each in found]


@pytest.mark.parametrize(
    ("code", "word", "enough"),
    [
        ("ctx.store.get('a')", "store", "store"),
        ("life.store", "store", "*"),
        ("ctx.jobs.put()", "jobs", "jobs"),
        ("ctx.http.get('x')", "http:<host>", "http:example.com"),
        ("ctx.delete('1')", "delete", "*"),
        ("ctx.call('set_ban')", "call:set_ban", "call:*"),
        ("ctx.call(name)", "call:*", "call:set_ban"),
        ("ctx.operate(x)", "operate", "operate"),
        ("def f(c: Context[None]): c.store", "store", "store"),
        ("def f(c: 'api.Lifetime'): c.http", "http:<host>", "http:*"),
    ],
)
def test_a_word_is_missing_until_it_is_there(tmp_path: Path, code: str, word: str, enough: str) -> None:
    assert missing(tmp_path, code) == [("warn", "main.py:1", word)]
    assert missing(tmp_path, code, enough) == []


@pytest.mark.parametrize("code", ["self.store.get()", "shop.delete(1)", "ctx.reply('x')", "def (:", "ctx.store.jobs"])
def test_what_needs_none_is_left_alone(tmp_path: Path, code: str) -> None:
    assert missing(tmp_path, code, "store") == []


def test_all_words_are_not_operate(tmp_path: Path) -> None:
    assert missing(tmp_path, "ctx.operate(x)", "*") == [("warn", "main.py:1", "operate")]


def test_a_word_is_told_once(tmp_path: Path) -> None:
    assert missing(tmp_path, "\nctx.store\nctx.store\n") == [("warn", "main.py:2", "store")]


def test_a_process_would_be_refused_it(tmp_path: Path) -> None:
    assert missing(tmp_path, "ctx.store", runtime="process") == [("bad", "main.py:1", "store")]


def test_tests_may_do_what_they_like(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_dice.py").write_text("ctx.store")
    assert missing(tmp_path, "") == []
