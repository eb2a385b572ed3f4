"""What can be done in the settings place, and in which tab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kagami.i18n import mark
from kagami.tui.keys import Action

PEOPLE, BACKUP, CLUSTER = "people:write", "backup:write", "cluster:write"

ACTIONS: tuple[Action, ...] = (
    Action("set.list", ("c",), mark("settings"), mark("Show the settings"), hint=False),
    Action("op.list", ("o",), mark("people"), mark("Show people, sessions and tokens"), hint=False),
    Action("privacy.open", ("v",), mark("privacy"), mark("Show the privacy guard"), hint=False),
    Action("backup.list", ("b",), mark("backups"), mark("Show the backups"), hint=False),
    Action("node.list", ("P",), mark("processes"), mark("Show the processes that share the work"), hint=False),
    Action("set.edit", ("enter",), mark("edit"), mark("Change this setting"), changes=True, row=True),
    Action("set.apply", ("A",), mark("apply"), mark("Check the changes, show them and apply them…"), changes=True),
    Action("set.discard", ("Z",), mark("discard"), mark("Forget all changes that are not applied")),
    Action("set.search", ("slash",), mark("search"), mark("Search in all settings")),
    Action("set.modified", ("m",), mark("modified"), mark("Only what differs from its default, or all again")),
    Action("set.reset", ("d",), mark("default"), mark("Give this setting back to its default"), changes=True, row=True),
    Action("set.forget", ("l",), mark("leave"), mark("Leave this setting as it is"), row=True, hint=False),
    Action("set.undo", ("U",), mark("undo"), mark("Undo the last applied change, byte for byte…"), changes=True),
    Action("set.history", ("h",), mark("history"), mark("Who changed this setting, and when"), row=True),
    Action("set.openfile", ("e",), mark("file"), mark("Where the file of the settings is")),
    Action("set.reload", ("r",), mark("read"), mark("Read the file again after editing it"), changes=True, hint=False),
    Action("set.less", ("left",), mark("before"), mark("The choice before, or back to the groups"), hint=False),
    Action("set.more", ("right",), mark("next"), mark("The next choice, or into the form"), hint=False),
    Action("op.add", ("a",), mark("add"), mark("Add a person…"), changes=True, scope=PEOPLE),
    Action(
        "op.role", ("R",), mark("role"), mark("Change what this person may do…"), changes=True, scope=PEOPLE, row=True
    ),
    Action(
        "op.password", ("w",), mark("password"), mark("Make another password…"), changes=True, scope=PEOPLE, row=True
    ),
    Action(
        "op.switch",
        ("x",),
        mark("in/out"),
        mark("Keep this person out, or let them in"),
        changes=True,
        scope=PEOPLE,
        row=True,
    ),
    Action("op.token", ("T",), mark("token"), mark("Make a token for a program…"), changes=True, scope=PEOPLE),
    Action(
        "op.kick",
        ("D",),
        mark("remove"),
        mark("Remove, revoke or end what is marked…"),
        changes=True,
        scope=PEOPLE,
        row=True,
    ),
    Action("op.admins", (), mark("admins"), mark("Change the super admins"), changes=True, hint=False),
    Action("privacy.try", ("i",), mark("try a text"), mark("Type a text and see what would be masked")),
    Action("engine.backup", ("B",), mark("back up now"), mark("Make a backup now"), changes=True, scope=BACKUP),
    Action("backup.verify", ("V",), mark("verify"), mark("Open this backup and check all of it"), row=True),
    Action("backup.delete", ("X",), mark("delete"), mark("Delete this backup…"), changes=True, scope=BACKUP, row=True),
    Action(
        "node.switch",
        ("H",),
        mark("hand over"),
        mark("Let this process hand over all that it serves, or serve again…"),
        changes=True,
        scope=CLUSTER,
        row=True,
    ),
    Action("set.copy", ("y",), mark("copy"), mark("Copy what is marked"), row=True, hint=False),
)
# Whose actions are of one tab. Those of the settings themselves are of all.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "people": ("op.",),
    "privacy": ("privacy.",),
    "backups": ("engine.", "backup."),
    "processes": ("node.",),
}
_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "op.": ("people", mark("only among people (o shows them)")),
    "backup.": ("backups", mark("only among backups (b shows them)")),
    "node.": ("processes", mark("only among processes (P shows them)")),
}
_ANYWHERE = frozenset(("op.list", "op.admins", "backup.list", "node.list"))


def elsewhere(action: str, tab: str) -> str:
    """Why an action belongs to another tab, as marked English; empty when it does not."""
    for head, (own, reason) in _ELSEWHERE.items():
        if action.startswith(head) and action not in _ANYWHERE and tab != own:
            return reason
    return ""


def arranged(actions: tuple[Action, ...], tab: str) -> tuple[Action, ...]:
    """The same actions, those of the tab first; those of another one stand only in palette and help."""
    own = _HEADS.get(tab, ("set.",))
    others = tuple(head for name, heads in _HEADS.items() if name != tab for head in heads)
    if tab == "processes":  # where there is no setting; changes from elsewhere may still wait
        kept = ("set.apply", "set.discard", "set.copy")
        others += tuple(each.id for each in actions if each.id.startswith("set.") and each.id not in kept)
    moved = [replace(each, row=False, hint=False) if each.id.startswith(others) else each for each in actions]
    return tuple(sorted(moved, key=lambda action: not action.id.startswith(own)))
