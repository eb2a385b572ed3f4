"""What the documentation shows is run: plugins load, tests pass, commands parse, links lead somewhere."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import click
import msgspec
import pytest

from kagami.cli.main import Root
from kagami.cli.options import Globals
from kagami.operations import registry
from kagami.plugins import api
from kagami.plugins.builtin.admin.request import find_operation, read_request
from kagami.plugins.config import PluginsConfig
from kagami.plugins.manifest import Manifest
from kagami.testing.chat import chat_with

DOCS = Path(__file__).parents[1] / "docs" / "plugins"
PAGES = ("README.md", "guide.md", "testing.md", "other-languages.md", "operate.md", "reference.md")
BOTH = [f"{folder}{name}" for folder in ("", "zh/") for name in PAGES]
LONGEST = 1_050

_FENCE = re.compile(r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block of a page, with the line that it begins at. `plugin` is the last plugin before it on the page."""

    page: str
    line: int
    mark: str
    kind: str
    text: str
    plugin: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def blocks(page: str) -> Iterator[Block]:
    text, plugin = text_of(page), ""
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        block = Block(page, line, found["mark"] or "", found["kind"], found["text"], plugin)
        yield block
        if block.mark == "run" and "\nplugin = Plugin(" in block.text:
            plugin = block.text


ALL = [block for page in BOTH for block in blocks(page)]
RUN = [block for block in ALL if block.mark == "run"]
PLUGINS = [block for block in RUN if "\nplugin = Plugin(" in block.text]
TESTS = [block for block in RUN if "async def test_" in block.text]
PROGRAMS = [
    (manifest, program)
    for page in BOTH
    for shown in [[block for block in blocks(page) if block.mark.startswith("program")]]
    for manifest, program in zip(shown[::2], shown[1::2], strict=True)
]


def outside_fences(page: str) -> str:
    return _FENCE.sub("", text_of(page))


SHELL = sorted(
    {
        line
        for page in BOTH
        for line in (
            *(line for block in blocks(page) if block.kind == "sh" for line in block.text.splitlines()),
            *_INLINE.findall(outside_fences(page)),
        )
        if line.startswith("kagami ") and "…" not in line
    }
)


@pytest.mark.parametrize("block", PLUGINS, ids=str)
async def test_a_plugin_of_the_pages_loads(block: Block, tmp_path: Path) -> None:
    folder = tmp_path / "shown"
    folder.mkdir()
    (folder / "main.py").write_text(block.text, "utf-8")
    (folder / "plugin.json").write_text(
        json.dumps({"id": "shown", "version": "1.0.0", "entry": "main:plugin"}), "utf-8"
    )
    async with chat_with(tmp_path) as chat:
        row = next(each for each in chat.host.office.rows() if each.id == "shown")
        assert (row.state, row.error) == ("active", "")
        chat.assert_no_leaks()


@pytest.mark.parametrize("block", TESTS, ids=str)
async def test_a_test_of_the_pages_passes(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.plugin:
        load_module("main", block.plugin, monkeypatch)
    shown = load_module("test_shown", block.text, monkeypatch)
    tests = [each for name, each in vars(shown).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        assert inspect.iscoroutinefunction(test)
        await test()


def load_module(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    exec(compile(code, f"{name}.py", "exec"), vars(made))  # noqa: S102 - running the pages is what this is about
    return made


@pytest.mark.parametrize("block", [block for block in ALL if block.kind == "json"], ids=str)
def test_json_of_the_pages_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in ALL if block.kind == "toml"], ids=str)
def test_settings_of_the_pages_are_settings(block: Block) -> None:
    given = tomllib.loads(block.text)
    assert isinstance(msgspec.convert(given["plugins"], PluginsConfig), PluginsConfig)


@pytest.mark.parametrize(("manifest", "program"), PROGRAMS, ids=str)
async def test_a_program_of_the_pages_answers(
    manifest: Block, program: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program.kind == "js" and shutil.which("node") is None:
        pytest.skip("the program `node` is not on the PATH of this machine")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "plugins" / "shown"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text(manifest.text, "utf-8")
    (folder / program.mark.partition(" ")[2]).write_text(program.text, "utf-8")
    async with chat_with(tmp_path / "plugins") as chat:
        await chat.says("/roll 20" if program.kind == "js" else "what weather", chat="group:1")
        heard = await chat.hears(within=20)
        assert "20" in heard if program.kind == "js" else heard


@pytest.mark.parametrize("line", SHELL)
def test_a_command_line_of_the_pages_parses(line: str) -> None:
    words = shlex.split(line)[1:]
    words = words[2:] if words[0] == "--home" else words
    command: click.Command = Root(str)
    context = click.Context(command, info_name="kagami", obj=Globals(str, "en", {}))
    while words and isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    if not isinstance(command, Root):
        assert command.make_context(command.name, words, parent=context.parent).params is not None


@pytest.mark.parametrize("page", BOTH)
def test_a_chat_command_of_the_pages_is_an_operation(page: str) -> None:
    shown = [line for block in blocks(page) if block.kind == "text" for line in block.text.splitlines()]
    shown += [words for words in _INLINE.findall(outside_fences(page)) if words.startswith(("#plugins ", "#people "))]
    for words in shown:
        topic, _, rest = words.removeprefix("#").partition(" ")
        if rest != "…":
            operation, left = find_operation(registry(), topic, rest, str)
            assert isinstance(read_request(operation, left, str), operation.request)


@pytest.mark.parametrize("page", BOTH)
def test_links_lead_somewhere(page: str) -> None:
    for target in _LINK.findall(outside_fences(page)):
        if "://" not in target:
            assert ((DOCS / page).parent / target.partition("#")[0]).is_file(), target


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_are_built_alike(name: str) -> None:
    english, chinese = text_of(name), text_of(f"zh/{name}")
    assert [len(sign) for sign in _HEADING.findall(_FENCE.sub("", english))] == [
        len(sign) for sign in _HEADING.findall(_FENCE.sub("", chinese))
    ]
    assert [(block.kind, block.mark) for block in blocks(name)] == [
        (block.kind, block.mark) for block in blocks(f"zh/{name}")
    ]


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_the_pages_stay_short(folder: str) -> None:
    assert sum(text_of(f"{folder}{name}").count("\n") for name in PAGES) <= LONGEST


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_the_reference_names_everything(folder: str) -> None:
    words = set(re.findall(r"\w+", text_of(f"{folder}reference.md")))
    ours = {field.name for field in msgspec.structs.fields(Manifest)} - {"dialect"}
    assert {*api.__all__, *ours} - words == set()


def keys(kind: Any, before: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        inner = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
        yield from keys(field.type, f"{field.name}.") if inner else [f"{before}{field.name}"]


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_the_reference_names_every_setting(folder: str) -> None:
    shown, before = set[str](), ""
    for words in _INLINE.findall(outside_fences(f"{folder}reference.md")):
        group, _, name = words.rpartition(".")
        before = group or before
        shown |= {words, f"{before}.{name}"}
    missing = [key for key in keys(PluginsConfig) if key not in shown and f"{key}.<id>" not in shown]
    assert missing == []
