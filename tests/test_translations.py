"""Every text that a user sees has a Chinese entry that says the same things, and no entry is left over."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from kagami import errors

PACKAGE = Path(errors.__file__).parent
CATALOGUE = PACKAGE / "locale" / "zh" / "LC_MESSAGES" / "kagami.po"
MARKERS = {"t", "_t", "mark", "translate", "_translate"}


def texts(tree: ast.AST) -> Iterator[str]:
    """What stands in `t("…")`, `self.t("…")` and `mark("…")`, and what an operation says of itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and shows(node.func):
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value
        if isinstance(node, ast.AsyncFunctionDef) and "operation" in map(called, node.decorator_list):
            yield (ast.get_docstring(node) or "").partition("\n")[0]


def shows(function: ast.expr) -> bool:
    """Whether its first argument is a text for people; a method `mark` is an execution's, not the translator's."""
    return name_of(function) in MARKERS and not (isinstance(function, ast.Attribute) and function.attr == "mark")


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def called(decorator: ast.expr) -> str:
    return name_of(decorator.func) if isinstance(decorator, ast.Call) else name_of(decorator)


def error_texts(kind: type[errors.KagamiError]) -> Iterator[str]:
    if kind.__module__.startswith("kagami."):  # tests of other modules have errors of their own
        yield kind.__doc__ or ""
    for each in kind.__subclasses__():
        yield from error_texts(each)


@cache
def used() -> dict[str, str]:
    """Each text with a place that shows it."""
    found = dict.fromkeys(error_texts(errors.KagamiError), "kagami/errors.py")
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in texts(ast.parse(path.read_text("utf-8"))):
            found.setdefault(text, path.relative_to(PACKAGE.parent).as_posix())
    return {**plugin_texts(), **found}


def plugin_texts() -> dict[str, str]:
    """What the plugins that come along say of themselves, and of their settings."""
    plugins, found = PACKAGE / "plugins", dict[str, str]()
    for path in sorted(plugins.glob("builtin/*/plugin.json")):
        found[json.loads(path.read_text("utf-8"))["description"]] = path.as_posix()
    for path in sorted(plugins.glob("extra/*/*.py")):
        found.update(dict.fromkeys(described(ast.parse(path.read_text("utf-8"))), path.as_posix()))
    return found


def described(tree: ast.AST) -> Iterator[str]:
    """What stands in `Meta(description="…")`."""
    for node in ast.walk(tree):
        for given in node.keywords if isinstance(node, ast.Call) and name_of(node.func) == "Meta" else ():
            if given.arg == "description" and isinstance(given.value, ast.Constant):
                yield str(given.value.value)


@cache
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, abort_invalid=True)


def entries() -> list[Message]:
    return [message for message in catalogue() if message.id]


def fields(text: str) -> list[str]:
    """Placeholders in order of their names; conversions and formats are kept out of it."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_every_text_has_an_entry() -> None:
    known = {str(message.id) for message in entries() if message.string and not message.fuzzy}
    missing = {text: place for text, place in used().items() if text not in known}
    assert missing == {}


def test_placeholders_agree() -> None:
    differing = {str(each.id): each.string for each in entries() if fields(str(each.id)) != fields(str(each.string))}
    assert differing == {}


def test_no_entry_is_left_over() -> None:
    assert [str(message.id) for message in entries() if message.id not in used()] == []
    assert list(catalogue().obsolete) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('t("Bots")', ["Bots"]),
        ('self.t("Bots").format(x=1)', ["Bots"]),
        ('NAMES = {1: mark("Bots")}', ["Bots"]),
        ('@operation("a.b", "a:read")\nasync def f() -> None:\n    """All bots.\n\n    More."""', ["All bots."]),
        ('print("Bots")', []),
    ],
)
def test_a_text_is_found_where_it_is_shown(code: str, found: list[str]) -> None:
    assert list(texts(ast.parse(code))) == found


def test_what_a_setting_of_a_plugin_says_is_found() -> None:
    assert list(described(ast.parse('x: Annotated[int, msgspec.Meta(ge=1, description="Days")] = 1'))) == ["Days"]


def test_a_forgotten_placeholder_is_seen() -> None:
    assert fields("{reason}: {what}") != fields("{what}")
    assert fields("{count:,} of {total}") == fields("共 {total} 个，已有 {count}")
