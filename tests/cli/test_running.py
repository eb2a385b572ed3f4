from __future__ import annotations

from kagami.cli.options import Globals
from kagami.cli.running import its_settings, online, unseen
from kagami.config import load
from kagami.home import Home
from kagami.ports import SettingRow
from tests.cli.conftest import Doubles


def given(home: Home) -> Globals:
    return Globals(str, "en", {}, home=home.path)


def test_nothing_is_told_where_none_runs(home: Home) -> None:
    assert (online(given(home)), its_settings(given(home))) == (frozenset(), {})


def test_an_engine_tells_what_is_in_force(home: Home, engine: Doubles) -> None:
    engine.centre.more = [SettingRow("web.port", "web", "int", "", 5555)]
    assert its_settings(given(home))["web.port"].value == 5555


def test_an_engine_tells_who_is_online(home: Home, engine: Doubles) -> None:
    assert online(given(home)) == {each.name for each in engine.bots.rows() if each.health.state == "online"} != set()


def test_what_our_environment_gives_too_is_seen(home: Home) -> None:
    ours = load(home, environ={"WS_PORT": "1"}, create=False)
    rows = {
        key: SettingRow(key, "", "int", "", 1, origin=origin)
        for key, origin in (
            ("gateway.port", "environment WS_PORT"),
            ("web.port", "environment WEBUI_PORT"),
            ("log.level", "kagami.toml:1"),
            ("cluster.role", "environment KAGAMI_CLUSTER__ROLE"),
        )
    }
    assert unseen(rows, ours) == ["web.port"]
