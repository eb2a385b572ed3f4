"""SC7, SC8: only our own texts are templates. What comes from outside is put into them, and never read as one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.test_laws import Source, files, functions, own_nodes, source

# What gives back one of our texts when it is given one: catalogues, and the words that mark a text for them.
OF_OURS = {"t", "_t", "translate", "mark"}
# Their templates are texts of ours too, which no rule of one file can see.
NAMED = {
    "kagami/errors.py: template": "the docstring of the error's class, or the catalogue's text for it",
    "kagami/engine/sharing.py: each.text": "one of the sentences about a Redis that is set up badly",
    "kagami/hub/alarm.py: self._translate(text)": "a notice's text, which rooms of ours write; the rest are fields",
    "kagami/hub/watchdog.py: stack": "lines of a stack, which only has a method of that name",
    "kagami/operations/worded.py: t(told.text)": "as in the alarm",
    "kagami/plugins/expected.py: t(problem[0])": "one of the sentences about limits",
    "kagami/plugins/extra/chat/main.py: words.remembers": "a table of that plugin, by language",
    "kagami/plugins/extra/chat/main.py: template": "the same",
    "kagami/plugins/extra/chat/usage.py: template": "the same",
    "kagami/plugins/extra/moderation/texts.py: _TEXTS[key][0 if language == 'zh' else 1]": "a table, by language",
    "kagami/plugins/extra/reminder/texts.py: _TEXTS[key][0 if language == 'zh' else 1]": "a table, by language",
    "kagami/ports/login.py: t(self.text)": "a step's text, which adapters of ours write; the rest are fields",
    "kagami/reasons/say.py: t(template)": "one of the table of reasons",
    "kagami/state/trial.py: t(fix)": "a table of troubles",
    "kagami/state/trial.py: t(each.text)": "one of the sentences about a Redis that is set up badly",
    "kagami/storage/postgres_trial.py: t(fix)": "a table of errors",
    "kagami/tui/accounts.py: shell.t(text)": "a table of states, and two sentences beside it",
    "kagami/tui/bot_acts.py: t(head)": "a question of that file, which its callers mark",
    "kagami/tui/chat_acts.py: question.title": "the same, three lines above",
    "kagami/tui/details.py: template": "a table of that file, by stage",
    "kagami/tui/dialogs/notices.py: shell.t(notice.text)": "as in the alarm",
    "kagami/tui/guidepost.py: desk.t(refused[0].text)": "why a key is refused, one of the keymap's sentences",
    "kagami/tui/memory.py: t(each.text)": "the same",
    "kagami/tui/processes.py: t(text)": "one of the sentences about processes",
    "kagami/web/pages.py: files(_OWN).joinpath('static', name).read_text('utf-8')": "a file of the package",
}


def templates(given: Source) -> Iterator[str]:
    """Places where a text is read as a template that is not written at that very place."""
    whole = _texts_of(given.tree, set())
    for function in [given.tree, *functions(given.tree)]:
        known = _texts_of(function, whole)
        for node in own_nodes(function):
            template = _template(node)
            if template is not None and not _is_ours(template, known):
                yield f"{given.path}: {ast.unparse(template)}"


def _template(node: ast.AST) -> ast.expr | None:
    """What `.format`, `.format_map`, `Template` or `%` would read."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "format_map", "vformat"):
            owner = node.func.value
            of_module = isinstance(owner, ast.Name) and owner.id in ("logging", "json")
            return None if of_module or ast.unparse(owner) == "msgspec.json" else owner
        if isinstance(node.func, ast.Name) and node.func.id == "Template":
            return node.args[0]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple | ast.Dict):
        return node.left
    return None


def _is_ours(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.IfExp():
            return _is_ours(node.body, known) and _is_ours(node.orelse, known)
        case ast.Name():
            return node.id in known
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[inner]):
            return name in OF_OURS and _is_ours(inner, known)
        case ast.BinOp(op=ast.Add()):
            return _is_ours(node.left, known) and _is_ours(node.right, known)
    return False


def _texts_of(function: ast.AST, outside: set[str]) -> set[str]:
    """Names that hold nothing but texts of ours in this function, or in this file."""
    found: dict[str, list[ast.expr]] = {}
    for node in own_nodes(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    known = outside - found.keys()
    for name, values in found.items():
        if all(_is_ours(each, known) for each in values):
            known.add(name)
    return known


def test_only_texts_of_ours_are_templates() -> None:
    found = {each for given in files("kagami") for each in templates(given)}
    assert found - NAMED.keys() == set()
    assert NAMED.keys() - found == set()  # what is gone needs no excuse


@pytest.mark.parametrize(
    "code",
    [
        "def f(x: str) -> str: return x.format(1)",
        "def f(x: str) -> str: return (x + '{}').format(1)",
        "def f(x: str) -> str: return t(x).format(1)",
        "def f(e: Event) -> str: return e.text.format_map({})",
        "def f(x: str) -> str: return x % (1, 2)",
        "def f(x: str) -> str: return Template(x).substitute()",
        "T = '{}'\ndef f(x: str) -> str:\n    T = x\n    return T.format(1)",
        "T = input()\ndef f() -> str: return T.format(1)",
    ],
)
def test_a_text_from_outside_that_is_read_as_a_template_is_found(code: str) -> None:
    assert list(templates(source("kagami/nowhere.py", code)))


@pytest.mark.parametrize(
    "code",
    [
        "def f(x: str) -> str: return t('{}').format(x)",
        "T = mark('{}')\ndef f(x: str) -> str: return self.t(T).format(x)",
        "def f(x: str) -> str:\n    told = t('a {}') if x else t('b {}')\n    return told.format(x)",
        "def f(x: str) -> str: return '%s %s' % (x, x)",
    ],
)
def test_a_text_of_ours_may_be_a_template(code: str) -> None:
    assert list(templates(source("kagami/nowhere.py", code))) == []
