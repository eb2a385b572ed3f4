"""What can be done with plugins, and why something cannot be done now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kagami.i18n import Translate, mark
from kagami.ports import PluginRow
from kagami.tui.keys import Action
from kagami.tui.pinning import fit_versions
from kagami.tui.plugin_rows import candidate

ACTIONS: tuple[Action, ...] = (
    Action("plugin.open", ("enter",), mark("card"), mark("All that is known of this plugin"), row=True),
    Action(
        "plugin.weight",
        ("w",),
        mark("weight"),
        mark("Choose the canary's share of the chats"),
        changes=True,
        row=True,
    ),
    Action("plugin.switch", ("e",), mark("on/off"), mark("Turn this plugin on or off"), changes=True, row=True),
    Action("plugin.reload", ("r",), mark("reload"), mark("Load this plugin's code anew"), changes=True, row=True),
    Action("plugin.rollback", ("b",), mark("roll back"), mark("Roll back…"), changes=True, row=True),
    Action(
        "plugin.promote",
        ("p",),
        mark("promote"),
        mark("Make the canary the stable version…"),
        changes=True,
        row=True,
    ),
    Action("plugin.versions", ("v",), mark("versions"), mark("Versions: use, pin or remove one…"), row=True),
    Action(
        "plugin.pin_chat",
        ("P",),
        mark("pin a chat"),
        mark("Keep one chat on a version of this plugin…"),
        changes=True,
        row=True,
        hint=False,
    ),
    Action(
        "plugin.settings", ("s",), mark("settings"), mark("Settings of this plugin…"), row=True, scope="plugins:secret"
    ),
    Action("plugin.release", ("R",), mark("let serve"), mark("End its quarantine or pause"), changes=True, row=True),
    Action("plugin.install", ("i",), mark("install"), mark("Install a plugin…"), changes=True, scope="plugins:install"),
    Action(
        "plugin.market", ("m",), mark("market"), mark("Update from the market…"), changes=True, scope="plugins:install"
    ),
    Action("plugin.logs", ("l",), mark("logs"), mark("Log lines of this plugin"), row=True),
    Action("plugin.try", ("T",), mark("try"), mark("Try its first command in the Sandbox"), row=True),
    Action("plugin.filter", ("slash",), mark("filter"), mark("Show only plugins with these letters")),
    Action("plugin.less", ("left",), mark("weight"), mark("Canary weight - 1"), changes=True, hint=False),
    Action("plugin.more", ("right",), mark("weight"), mark("Canary weight + 1"), changes=True, hint=False),
    Action("plugin.less10", ("shift+left",), mark("weight"), mark("Canary weight - 10"), changes=True, hint=False),
    Action("plugin.more10", ("shift+right",), mark("weight"), mark("Canary weight + 10"), changes=True, hint=False),
    Action("plugin.enable", (), mark("on"), mark("Turn this plugin on"), changes=True, hint=False),
    Action("plugin.disable", (), mark("off"), mark("Turn this plugin off"), changes=True, hint=False),
    Action("plugin.permissions", (), mark("may"), mark("What this plugin may do"), hint=False),
    Action("plugin.sort", ("o",), mark("sort"), mark("Sort by the next column"), hint=False),
    Action("plugin.reverse", ("O",), mark("reverse"), mark("Reverse the order"), hint=False),
    Action("plugin.copy", ("y",), mark("copy"), mark("Copy the plugin's id"), row=True, hint=False),
)


_WITHOUT_ONE = frozenset(("plugin.install", "plugin.filter", "plugin.sort", "plugin.reverse", "plugin.market"))


def blocked(action: str, plugin: PluginRow | None, t: Translate) -> str:
    """The reason against an action on the selected plugin, in the language of `t`; empty when there is none."""
    if action in _WITHOUT_ONE:
        return ""
    if plugin is None:
        return t(mark("there is no plugin yet"))
    reason = _REASONS.get(action)
    return t(reason(plugin)) if reason and reason(plugin) else ""


def _weight(plugin: PluginRow) -> str:
    if plugin.builtin:
        return mark("a built-in plugin has one version")
    return "" if candidate(plugin) else mark("there is no second version: i installs one")


def _promote(plugin: PluginRow) -> str:
    return "" if plugin.canary else mark("there is no canary")


def _roll_back(plugin: PluginRow) -> str:
    if plugin.builtin:
        return mark("a built-in plugin has one version")
    return "" if plugin.canary or len(plugin.versions) > 1 else mark("no other version is on the disk")


def _versions(plugin: PluginRow) -> str:
    return mark("a built-in plugin has one version") if plugin.builtin or not plugin.versions else ""


def _pin_chat(plugin: PluginRow) -> str:
    if plugin.builtin:
        return mark("a built-in plugin has one version")
    return "" if fit_versions(plugin) else mark("no version of it could serve")


def _release(plugin: PluginRow) -> str:
    return "" if plugin.state in ("quarantined", "parked") else mark("it is neither in quarantine nor paused")


def _enable(plugin: PluginRow) -> str:
    return "" if plugin.state == "disabled" else mark("it is on")


def _disable(plugin: PluginRow) -> str:
    return mark("it is off") if plugin.state == "disabled" else ""


_REASONS: Mapping[str, Callable[[PluginRow], str]] = {
    **dict.fromkeys(("plugin.weight", "plugin.less", "plugin.more", "plugin.less10", "plugin.more10"), _weight),
    "plugin.promote": _promote,
    "plugin.rollback": _roll_back,
    "plugin.versions": _versions,
    "plugin.pin_chat": _pin_chat,
    "plugin.release": _release,
    "plugin.enable": _enable,
    "plugin.disable": _disable,
}
