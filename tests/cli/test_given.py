from __future__ import annotations

from pathlib import Path

import pytest

from kagami.cli.given import Globals
from kagami.errors import SettingError


def test_settings_are_those_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").write_text("gateway.port = 4000")
    assert Globals(str, "en", {"KAGAMI_HOME": str(tmp_path)}).settings().gateway.port == 4000


def test_a_file_may_be_named_once_for_all_lines_and_anew_on_one(tmp_path: Path) -> None:
    for port in (4001, 4002):
        (tmp_path / f"{port}.toml").write_text(f"gateway.port = {port}")
    environ = {"KAGAMI_HOME": str(tmp_path), "KAGAMI_CONFIG": str(tmp_path / "4001.toml")}
    assert Globals(str, "en", environ).settings().gateway.port == 4001
    assert Globals(str, "en", environ, asked_config=tmp_path / "4002.toml").settings().gateway.port == 4002


def test_a_wrong_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        Globals(str, "en", {"WS_PORT": "x"}, home=tmp_path).settings(create=False)


def test_a_wanted_language_is_the_engines_unless_one_is_configured(tmp_path: Path) -> None:
    given = Globals(str, "zh", {}, asked_language="zh", home=tmp_path)
    assert given.settings().language == "zh"
    (tmp_path / "kagami.toml").write_text('language = "en"')
    assert given.settings().language == "en"


def test_hints_can_be_run_as_they_stand_there_for_another_home() -> None:
    given = Globals(str, "en", {})
    text = "Log in: kagami bots login x. `kagami` comes back; kagami.toml and kagami: stay"
    assert given.hint(text) == text
    given.home = Path("/srv/my bots")
    program = "kagami --home '/srv/my bots'"
    assert given.hint(text) == f"Log in: {program} bots login x. `{program}` comes back; kagami.toml and kagami: stay"
