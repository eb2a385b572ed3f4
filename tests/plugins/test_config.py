"""The settings of plugins and of what they may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagami.config import load
from kagami.errors import SettingError
from kagami.home import Home


def test_limits_of_processes_and_renames_are_read(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").write_text(
        "[plugins.process]\nmemory_mb = 64\n"
        '[plugins.rename.weather]\nw = "wetter"\n[plugins.roles.weather]\nw = "admin"\n'
    )
    plugins = load(Home(tmp_path), environ={}).plugins
    assert (plugins.process.memory_mb, plugins.rename, plugins.roles) == (
        64,
        {"weather": {"w": "wetter"}},
        {"weather": {"w": "admin"}},
    )


def test_a_limit_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").write_text("[plugins.process]\nprocesses = 0\n")
    with pytest.raises(SettingError, match=r"plugins\.process\.processes"):
        load(Home(tmp_path), environ={})
