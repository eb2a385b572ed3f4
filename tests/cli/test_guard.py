"""`kagami guard mask`, without an engine."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from kagami.cli.main import main


def masked(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> list[dict[str, object]]:
    assert main(["guard", "mask", "--home", str(home), *words], {}) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_text_is_answered_with_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [{"kind": "name", "start": 2, "end": 4}, {"kind": "phone", "start": 5, "end": 16}]
    home = tmp_path / "home"
    expected = [{"text": "我叫[name-1]，[phone-1]", "found": found}]
    assert masked(capsys, home, "--text", "我叫张伟，13800138000") == expected
    assert not home.exists()


def test_without_a_text_every_line_of_the_input_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = b"13800138000 a@b.io\r\n\n" + b"\xff 13800138000"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    texts = [each["text"] for each in masked(capsys, tmp_path, "--kinds", "phone")]
    assert texts == ["[phone-1] a@b.io", "", "\ufffd [phone-1]"]


def test_patterns_of_the_settings_are_kinds_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kagami.toml").write_text('[privacy]\npatterns = {order = "ORD-[0-9]+"}\n', "utf-8")
    assert masked(capsys, tmp_path, "ORD-7") == [
        {"text": "[order-1]", "found": [{"kind": "order", "start": 0, "end": 5}]}
    ]


def test_a_bad_pattern_is_refused_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kagami.toml").write_text('[privacy]\npatterns = {order = "("}\n', "utf-8")
    assert main(["guard", "mask", "--home", str(tmp_path), "x"], {}) == 78
    assert "privacy.patterns.order" in capsys.readouterr().err


def test_a_kind_that_there_is_not_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guard", "mask", "--home", str(tmp_path), "--kinds", "fax", "x"], {}) == 64
    assert "fax" in capsys.readouterr().err
