"""What can be done with rules, workers and guard lines, and why something cannot be done now."""

from __future__ import annotations

from dataclasses import dataclass

from kagami.core.routing import PLUGINS
from kagami.i18n import mark
from kagami.ports import WorkerRow
from kagami.tui.keys import Action

ACTIONS: tuple[Action, ...] = (
    Action("route.edit", ("enter",), mark("edit"), mark("Change this rule, weight or line"), changes=True, row=True),
    Action("route.add", ("a",), mark("add"), mark("Add a rule, an application, or a guard line"), changes=True),
    Action("route.move", ("J",), mark("lower"), mark("Move this rule one row down"), changes=True, row=True),
    Action("route.raise", ("K",), mark("raise"), mark("Move this rule one row up"), changes=True, row=True),
    Action(
        "route.toggle", ("x",), mark("on/off"), mark("Rule on or off; worker drained or back"), changes=True, row=True
    ),
    Action(
        "worker.paste",
        ("c",),
        mark("paste"),
        mark("What to paste into this application, without or with its token"),
        changes=True,
        row=True,
        scope="workers:secret",
    ),
    Action(
        "worker.edit",
        ("e",),
        mark("settings"),
        mark("Change the settings of this application…"),
        changes=True,
        row=True,
    ),
    Action(
        "worker.pause", ("X",), mark("pause"), mark("Let this application in no more, or again"), changes=True, row=True
    ),
    Action("route.explain", ("E",), mark("explain"), mark("What would happen to a message, and why")),
    Action(
        "route.delete",
        ("d",),
        mark("delete"),
        mark("Delete this rule, application or guard line…"),
        changes=True,
        row=True,
    ),
    Action("route.save", ("S",), mark("save"), mark("Save all rules as they stand here…"), changes=True),
    Action("route.discard", ("Z",), mark("discard"), mark("Forget what is not saved…")),
    Action("route.test", ("T",), mark("test"), mark("Which recent messages would the unsaved rules lead elsewhere")),
    Action("route.recent", ("m",), mark("recent"), mark("Explain a recent message…")),
    Action("route.import", ("i",), mark("import"), mark("Paste many rules or guard lines at once"), changes=True),
    Action("route.filter", ("slash",), mark("filter"), mark("Show only what has these letters")),
    Action("route.rules", ("r",), mark("rules"), mark("Show the rules"), hint=False),
    Action("route.workers", ("w",), mark("workers"), mark("Show workers and pools"), hint=False),
    Action("route.guard", ("l",), mark("guard lists"), mark("Show who and what is kept out"), hint=False),
    Action("route.copy", ("y",), mark("copy"), mark("Copy this rule, name or value"), row=True, hint=False),
    Action("worker.drain", (), mark("drain"), mark("Give this worker no more events…"), changes=True, hint=False),
    Action("worker.resume", (), mark("resume"), mark("Give this worker events again"), changes=True, hint=False),
    Action("worker.weigh", (), mark("weigh"), mark("Change this worker's share of its pool"), changes=True, hint=False),
    Action("guard.add", (), mark("keep out"), mark("Keep somebody or something out"), changes=True, hint=False),
    Action(
        "guard.remove", (), mark("remove"), mark("Take this line out of the guard lists…"), changes=True, hint=False
    ),
    Action("guard.import", (), mark("import"), mark("Paste a list of what is kept out"), changes=True, hint=False),
    Action("guard.check", (), mark("check"), mark("What would the guard do with a text"), hint=False),
)

SCOPES = {"rules": "routes:write", "workers": "workers:write", "guard": "guard:write"}
_NEEDS_ROW = frozenset(("route.edit", "route.move", "route.raise", "route.toggle", "route.delete", "route.copy"))
_OF_RULES = frozenset(("route.move", "route.raise", "route.save", "route.discard", "route.test"))
_OF_APPLICATIONS = frozenset(("worker.edit", "worker.pause", "worker.paste"))
_NOT_OF_WORKERS = frozenset(("route.import", "route.filter"))


@dataclass(frozen=True, slots=True)
class Situation:
    """Where one is: the tab, its selected row, and how far the edits are. `filling`: a form is open."""

    tab: str
    key: str
    pending: int = 0
    filtered: bool = False
    filling: bool = False
    worker: WorkerRow | None = None


def reason(action: Action, now: Situation) -> str:
    """Why an action cannot be done, as a marked text; empty when it can."""
    if now.filling:
        return mark("a form is open: Enter keeps it, Esc leaves it")
    if action.id in _OF_RULES:
        return _of_rules(action.id, now)
    if action.id in _NOT_OF_WORKERS and now.tab == "workers":
        return mark("that is for rules and guard lines")
    if action.id == "route.toggle" and now.tab == "guard":
        return mark("a line is there or not: d takes it out, u brings it back")
    if action.id in _NEEDS_ROW and not now.key:
        return _NOTHING[now.tab]
    return _of_others(action.id, now)


_NOTHING = {
    "rules": mark("there is no rule here: a makes one"),
    "workers": mark("there is no worker yet: a lets one in"),
    "guard": mark("nothing is kept out yet: a adds a line"),
}


def _of_rules(action: str, now: Situation) -> str:
    if action in ("route.move", "route.raise"):
        if now.tab != "rules" or not now.key:
            return mark("only rules have an order (r shows them)")
        return mark("a filter hides some rules: Esc shows all") if now.filtered else ""
    return "" if now.pending else mark("nothing is changed")


def _of_others(action: str, now: Situation) -> str:
    if action == "guard.remove" and (now.tab != "guard" or not now.key):
        return mark("no guard line is marked (l shows them)")
    if action in _OF_APPLICATIONS or (action == "route.delete" and now.tab == "workers"):
        return _of_an_application(now.worker)
    on_worker = action.startswith("worker.") or (action in ("route.edit", "route.toggle") and now.tab == "workers")
    return _of_a_worker(action, now.worker) if on_worker else ""


def _of_an_application(worker: WorkerRow | None) -> str:
    if worker is not None and worker.name != PLUGINS and worker.feed is None:
        return mark("it has no entry in kagami.toml")
    return _of_a_worker("", worker)


def _of_a_worker(action: str, worker: WorkerRow | None) -> str:
    if worker is None:
        return mark("no worker is marked (w shows them)")
    if worker.name == PLUGINS:
        return mark("the plugins are part of Kagami: rules decide what they get")
    if action == "worker.drain" and worker.state == "drained":
        return mark("it is drained")
    if action == "worker.resume" and worker.state != "drained":
        return mark("it is not drained")
    return ""
