from __future__ import annotations

import tomllib
from typing import Any

import msgspec

from kagami.cli.template import write_template
from kagami.config import Document
from kagami.shape import Shape


def uncommented() -> dict[str, Any]:
    """The file with every default switched on."""
    lines = write_template(str).splitlines()
    keys = [line.removeprefix("# ") for line in lines if line.startswith(("# [[", "[")) or " = " in line]
    return tomllib.loads("\n".join(line for line in keys if not line.startswith(("Settings", "The environment"))))


def test_as_written_it_changes_nothing() -> None:
    tree = tomllib.loads(write_template(str))
    assert Shape(str).struct(Document, tree) == Document()


def test_every_key_in_it_exists() -> None:
    assert Shape(str).struct(Document, uncommented()).bots


def test_the_defaults_in_it_are_the_defaults() -> None:
    told = Shape(str).struct(Document, uncommented())
    plain = Document()
    sections = ("gateway", "web", "limits", "store", "log", "prefix")
    shown, real = msgspec.structs.asdict(told), msgspec.structs.asdict(plain)
    assert {name: shown[name] for name in sections} == {name: real[name] for name in sections}


def test_comments_are_translated() -> None:
    assert "# 健康与指标\n[web]" in write_template(lambda text: "健康与指标" if text == "Health and metrics" else text)
