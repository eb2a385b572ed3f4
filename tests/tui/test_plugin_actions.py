from __future__ import annotations

import pytest

from kagami.ports import PluginRow
from kagami.tui.plugin_actions import ACTIONS, blocked
from tests.tui.plugged import plugin, plugins, version, weather

BUILTIN, PLAIN = plugin("echo", builtin=True), plugin("dice")
UNFIT = plugin("stocks", state="failed", versions=(version("0.3.1", "failed", error="boom"),))
OFF = plugin("music", state="disabled")
HELD = next(each for each in plugins() if each.state == "quarantined")


@pytest.mark.parametrize(
    ("action", "row", "reason"),
    [
        ("plugin.weight", BUILTIN, "a built-in plugin has one version"),
        ("plugin.more", PLAIN, "there is no second version: i installs one"),
        ("plugin.weight", weather(), ""),
        ("plugin.promote", PLAIN, "there is no canary"),
        ("plugin.promote", weather(), ""),
        ("plugin.rollback", BUILTIN, "a built-in plugin has one version"),
        ("plugin.rollback", PLAIN, "no other version is on the disk"),
        ("plugin.rollback", weather(), ""),
        ("plugin.versions", BUILTIN, "a built-in plugin has one version"),
        ("plugin.release", PLAIN, "it is neither in quarantine nor paused"),
        ("plugin.release", HELD, ""),
        ("plugin.enable", PLAIN, "it is on"),
        ("plugin.enable", OFF, ""),
        ("plugin.disable", OFF, "it is off"),
        ("plugin.reload", BUILTIN, ""),
        ("plugin.pin_chat", BUILTIN, "a built-in plugin has one version"),
        ("plugin.pin_chat", PLAIN, ""),
        ("plugin.pin_chat", UNFIT, "no version of it could serve"),
    ],
)
def test_what_cannot_be_done_has_a_reason(action: str, row: PluginRow, reason: str) -> None:
    assert blocked(action, row, str) == reason


def test_without_a_plugin_one_can_be_installed_and_nothing_else_be_done() -> None:
    free = {action.id for action in ACTIONS if not blocked(action.id, None, str)}
    assert free == {"plugin.install", "plugin.filter", "plugin.sort", "plugin.reverse", "plugin.market"}


def test_the_reason_is_in_the_users_language() -> None:
    assert blocked("plugin.promote", PLAIN, str.upper) == "THERE IS NO CANARY"
