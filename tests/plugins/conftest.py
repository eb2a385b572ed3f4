"""Plugins on disk, written by the test that uses them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("greeter", "1.0.0", main="…code…", other="…", manifest={…})`; without a version the simple layout."""

    def one(
        plugin: str, version: str = "", *, manifest: dict[str, object] | None = None, at: str = "1.0.0", **files: str
    ) -> Path:
        folder = tmp_path / plugin / version
        folder.mkdir(parents=True, exist_ok=True)
        keys = {"id": plugin, "version": version or at, "entry": "main:plugin"} | (manifest or {})
        (folder / "plugin.json").write_text(json.dumps(keys), "utf-8")
        for name, code in files.items():
            path = folder / f"{name.replace('__', '/') if name != '__init__' else name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(code), "utf-8")
        return folder

    return one
