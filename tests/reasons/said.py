"""Finds in the source what can be said of bots, of their sends and of bad frames: the templates of all reasons."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import kagami
from kagami.ports import BotState

PACKAGE = Path(kagami.__file__).parent
ROOMS = (
    "adapters", "net", "hub", "gateway", "onebot", "cluster", "storage/events.py", "engine/fallen.py",
    "engine/cluster.py", "core/pulse.py",
)  # fmt: skip
# By the name of what is called: the place of the reason among what it is given.
_CALLS = {
    "tell": 1, "_tell": 1, "Failed": 0, "Unknown": 0, "EOFError": 0, "ConnectionResetError": 0,
    "ConnectionAbortedError": 0, "Leave": 1, "_Verdict": 1,
}  # fmt: skip
LEVELS = ("info", "warning", "error")
STATES = frozenset(get_args(BotState))
_FUNCTIONS = frozenset({"hopeless", "_ending", "_judge", "_refusal"})


def templates() -> dict[str, str]:
    """Each with a place that says it; `{}` stands for what is filled in."""
    found: dict[str, str] = {}
    for room in ROOMS:
        place = PACKAGE / room
        for path in sorted(place.rglob("*.py") if place.is_dir() else [place]):
            tree = ast.parse(path.read_text("utf-8"))
            constants = _constants(tree)
            for node in _reasons(tree):
                for text in texts_in(node, constants):
                    found.setdefault(text, f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


def _reasons(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that become reasons."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            place = _CALLS.get(name)
            notice = node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value in LEVELS
            yield from node.args[place : place + 1] if place is not None and not notice else ()
            if name not in LEVELS:  # lines of the log
                yield from (each.value for each in node.keywords if each.arg == "reason")
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
            yield node.value
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield from node.value.values if ast.unparse(target).endswith("REASONS") else ()
        elif isinstance(node, ast.Tuple) and len(node.elts) == len(("state", "reason")):
            state, reason = (ast.unparse(each).strip("'") for each in node.elts)
            yield from node.elts[1:] if state in STATES and reason not in STATES else ()
        elif isinstance(node, ast.FunctionDef) and node.name in _FUNCTIONS:
            yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)


def texts_in(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """What an expression can say; `{}` stands for what is filled in."""
    match node:
        case ast.IfExp():
            yield from texts_in(node.body, constants)
            yield from texts_in(node.orelse, constants)
        case ast.BoolOp():
            for each in node.values:
                yield from texts_in(each, constants)
        case ast.Call(func=ast.Attribute(value=ast.JoinedStr() as text, attr="rstrip")):
            yield from texts_in(text, constants)
        case ast.Call(func=ast.Name(id="mark"), args=[ast.Constant(value=str(text))]):
            yield text
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.JoinedStr():
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)


def _constants(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for text in texts_in(node.value, {}):
                found[node.targets[0].id] = text
    return found
