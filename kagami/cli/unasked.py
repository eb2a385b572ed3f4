"""Which permissions the code of a plugin needs and its manifest does not have, as far as reading it shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from kagami.cli.findings import Finding
from kagami.i18n import Translate
from kagami.plugins.manifest import Manifest

# What handlers and hooks call the object that they are given, where they do not annotate it.
_NAMES = frozenset({"ctx", "context", "life"})
_KINDS = ("Context", "Lifetime")
_WORDS = {"store": "store", "jobs": "jobs", "http": "http:<host>", "delete": "delete", "operate": "operate"}


def unasked(manifest: Manifest, folder: Path, t: Translate) -> Iterator[Finding]:
    """The first place of each word that is missing: bad for a process, which would be refused it."""
    if manifest.dialect:
        return
    seen: set[str] = set()
    state: Literal["warn", "bad"] = "bad" if manifest.runtime == "process" else "warn"
    for name in sources(folder):
        with suppress(SyntaxError, ValueError):  # told elsewhere
            for line, word in sorted(_needed(ast.parse((folder / name).read_bytes()))):
                if word not in seen and not _has(manifest.permissions, word):
                    seen.add(word)
                    text = t("it needs the permission {}, which plugin.json does not name").format(word)
                    yield Finding(state, f"{name}:{line}", text, t("Add {} to permissions.").format(f'"{word}"'))


def sources(folder: Path) -> Iterator[Path]:
    """The Python of a plugin, relative to its folder. Tests may do what they like."""
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        if name.parts[0] != "tests" and not any(part.startswith(".") for part in name.parts):
            yield name


def _needed(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and words."""
    nodes: list[Any] = list(ast.walk(tree))
    names = _NAMES | {each.arg for each in nodes if isinstance(each, ast.arg) and _is_context(each.annotation)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="call"), args=[first, *_]) if name in names:
                yield node.lineno, f"call:{_text(first)}"
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in names and attribute in _WORDS:
                yield node.lineno, _WORDS[attribute]


def _text(node: ast.expr) -> str:
    """A text that stands there, else `*`."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "*"


def _is_context(annotation: ast.expr | None) -> bool:
    text = ast.unparse(annotation).strip("'\"").partition("[")[0] if annotation else ""
    return text.rpartition(".")[2] in _KINDS


def _has(words: tuple[str, ...], needed: str) -> bool:
    """`*` is all but `operate`; which hosts and which calls a text names shows only when it runs."""
    if needed in words or ("*" in words and needed != "operate"):
        return True
    topic, colon, name = needed.partition(":")
    if topic == "call":
        return "call:*" in words or (name == "*" and any(each.startswith("call:") for each in words))
    return bool(colon) and any(each.startswith(f"{topic}:") for each in words)
