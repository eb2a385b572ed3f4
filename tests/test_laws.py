"""The laws of the house: what a linter does not ask, asked of every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES, FUNCTION_LINES, COMPLEXITY, BROAD_EXCEPTS, MIRRORED_LINES = 400, 60, 10, 4, 40
MEANINGLESS = {"manager", "helper", "helpers", "util", "utils", "common", "base", "data", "info", "service", "misc"}
TASK_OWNERS = ("kagami/net/supervise.py", "kagami/plugins/scope.py")
# The engine joins our own named queries into scripts; no value is ever part of one.
STATEMENT_MAKERS = ("kagami/storage/postgres_sql.py", "kagami/storage/sqlite.py", "kagami/storage/named.py")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|NotImplemented(?:Error)?|stub)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/[a-z]+|work/main)/")
SECRET_NAME = re.compile(r"token|secret|password|signature", re.IGNORECASE)
STATEMENT = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|WITH)\s")
BRANCHES = (
    ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.BoolOp | ast.IfExp | ast.comprehension
) | ast.match_case
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file of ours; `path` is relative and has forward slashes."""

    path: str
    text: str
    tree: ast.Module


Law = Callable[[Source], Iterator[str]]


def source(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text))


@cache
def files(folder: str) -> tuple[Source, ...]:
    found = sorted(ROOT.joinpath(folder).rglob("*.py"))
    return tuple(source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in found)


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """The trees are millions of objects: every collection of garbage in later tests would take seconds with them."""
    yield
    files.cache_clear()


def functions(tree: ast.AST) -> Iterator[AnyFunction]:
    return (node for node in ast.walk(tree) if isinstance(node, AnyFunction))


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call with the last part of what it calls: `create_task` of `loop.create_task(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node, node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything inside a function that is not inside a function or class nested in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, AnyFunction | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def short_files(given: Source) -> Iterator[str]:
    lines = given.text.count("\n")
    if lines > FILE_LINES:
        yield f"{lines} lines, {FILE_LINES} are allowed"


def short_functions(given: Source) -> Iterator[str]:
    for each in functions(given.tree):
        lines = (each.end_lineno or each.lineno) - each.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{each.lineno}: {each.name} has {lines} lines, {FUNCTION_LINES} are allowed"


def simple_functions(given: Source) -> Iterator[str]:
    for each in functions(given.tree):
        ways = 1 + sum(isinstance(node, BRANCHES) for node in own_nodes(each))
        if ways > COMPLEXITY:
            yield f"{each.lineno}: {each.name} has a complexity of {ways}, {COMPLEXITY} is allowed"


def annotated_functions(given: Source) -> Iterator[str]:
    for each in functions(given.tree):
        parts = each.args
        every = [*parts.posonlyargs, *parts.args, *parts.kwonlyargs, parts.vararg, parts.kwarg]
        named = [part for part in every if part and part.arg not in {"self", "cls"}]
        if each.returns is None or any(part.annotation is None for part in named):
            yield f"{each.lineno}: {each.name} is not annotated"


def telling_names(given: Source) -> Iterator[str]:
    stem = Path(given.path).stem
    classes = [node.name for node in ast.walk(given.tree) if isinstance(node, ast.ClassDef)]
    for name in (stem, *classes):
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}
        if words & MEANINGLESS:
            yield f"the name {name} says nothing"


def finished(given: Source) -> Iterator[str]:
    for number, line in enumerate(given.text.splitlines(), 1):
        if UNFINISHED.search(line) and "raise NotImplementedError" not in line:
            yield f"{number}: {line.strip()}"


def no_print(given: Source) -> Iterator[str]:
    yield from (f"{call.lineno}: print" for call, name in calls(given.tree) if name == "print")


def no_literal_getattr(given: Source) -> Iterator[str]:
    for call, name in calls(given.tree):
        if name in {"getattr", "hasattr"} and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            yield f"{call.lineno}: {name} with a literal"


def owned_tasks(given: Source) -> Iterator[str]:
    for call, name in calls(given.tree):
        if name in {"create_task", "ensure_future"} and given.path not in TASK_OWNERS:
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if not (isinstance(owner, ast.Name) and owner.id == "group"):
                yield f"{call.lineno}: a task that nobody owns"


def broad_excepts(given: Source) -> Iterator[str]:
    for node in ast.walk(given.tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = [kind.id if isinstance(kind, ast.Name) else kind for kind in kinds]
            if {"Exception", "BaseException", None} & set(names):
                yield f"{node.lineno}: catches everything"


def mirrored(given: Source) -> Iterator[str]:
    _, *folders, name = given.path.split("/")
    mirror = Path("tests", *folders, f"test_{name}")
    if name != "__init__.py" and given.text.count("\n") > MIRRORED_LINES and not (ROOT / mirror).exists():
        yield f"has no {mirror.as_posix()}"


def secrets_in_constant_time(given: Source) -> Iterator[str]:
    """A secret that is compared by `==` tells its length and its first letters by time."""
    for node in ast.walk(given.tree):
        if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        names = [last_name(side) for side in sides]
        yield from (f"{node.lineno}: {name} is compared by ==" for name in names if SECRET_NAME.search(name))


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def constant_statements(given: Source) -> Iterator[str]:
    """SQL is text of ours with parameters; nothing is put into it."""
    if given.path in STATEMENT_MAKERS:
        return
    for node in ast.walk(given.tree):
        if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
            first = node.values[0]
            made: object = first.value if isinstance(first, ast.Constant) else ""
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            made = node.left.value
        else:
            continue
        if isinstance(made, str) and STATEMENT.match(made):
            yield f"{node.lineno}: a statement made of parts"


def no_markup(given: Source) -> Iterator[str]:
    """Markup is a language, and chat messages speak it too: widgets get `Content` or `Text`."""
    for call, name in calls(given.tree):
        if name in {"from_markup", "render_markup"}:
            yield f"{call.lineno}: {name}"
        for word in call.keywords:
            if word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value is True:
                yield f"{call.lineno}: markup=True"


def no_mocks(given: Source) -> Iterator[str]:
    for node in ast.walk(given.tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [each.name for each in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        words = {word for name in names for word in name.split(".")}
        if words & {"mock", "pytest_mock"} or (isinstance(node, ast.arg) and node.arg.startswith("mock")):
            yield f"{node.lineno if isinstance(node, ast.stmt | ast.arg) else 0}: a mock library"


def no_machine_paths(given: Source) -> Iterator[str]:
    for number, line in enumerate(given.text.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield f"{number}: a path of one machine"


LAWS: tuple[Law, ...] = (
    short_files,
    short_functions,
    simple_functions,
    annotated_functions,
    telling_names,
    finished,
    no_print,
    no_literal_getattr,
    owned_tasks,
    mirrored,
    secrets_in_constant_time,
    constant_statements,
    no_markup,
    no_machine_paths,
)
LAWS_OF_TESTS: tuple[Law, ...] = (annotated_functions, no_mocks)

BROKEN: dict[Law, str] = {
    short_files: "x = 1\n" * (FILE_LINES + 1),
    short_functions: "def f() -> None:\n" + "    x = 1\n" * FUNCTION_LINES,
    simple_functions: "def f(x: int) -> None:\n" + "    if x: pass\n" * COMPLEXITY,
    annotated_functions: "def f(x) -> None: ...",
    telling_names: "class RouteManager: ...",
    finished: "# TODO",
    no_print: "print(1)",
    no_literal_getattr: "hasattr(x, 'y')",
    owned_tasks: "asyncio.create_task(f())",
    broad_excepts: "try: f()\nexcept (OSError, Exception): pass",
    mirrored: "x = 1\n" * (MIRRORED_LINES + 1),
    secrets_in_constant_time: "given.token != wanted",
    constant_statements: "f'SELECT {x} FROM y'",
    no_markup: "Static(text, markup=True)",
    no_mocks: "from unittest import mock",
    no_machine_paths: "x = '/" + "root/x'",
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_source_keeps_the_law(law: Law) -> None:
    assert [f"{each.path}: {sentence}" for each in files("kagami") for sentence in law(each)] == []


@pytest.mark.parametrize("law", LAWS_OF_TESTS, ids=lambda law: law.__name__)
def test_the_tests_keep_the_law(law: Law) -> None:
    assert [f"{each.path}: {sentence}" for each in files("tests") for sentence in law(each)] == []


def test_everything_is_caught_in_few_places() -> None:
    places = [f"{each.path}: {sentence}" for each in files("kagami") for sentence in broad_excepts(each)]
    assert len(places) <= BROAD_EXCEPTS, places


@pytest.mark.parametrize("law", BROKEN, ids=lambda law: law.__name__)
def test_the_law_finds_a_breach(law: Law) -> None:
    assert list(law(source("kagami/nowhere.py", BROKEN[law])))


@pytest.mark.parametrize("law", BROKEN, ids=lambda law: law.__name__)
def test_the_law_accepts_a_clean_file(law: Law) -> None:
    text = 'def f(token: str) -> bool:\n    """SELECT nothing."""\n    return token == ""\n'
    assert list(law(source("kagami/nowhere.py", text))) == []
