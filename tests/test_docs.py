"""What the documentation shows is run: plugins load, tests pass, commands parse, settings load, requests fit."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path
from secrets import token_urlsafe
from types import ModuleType

import click
import msgspec
import pytest

from kagami.cli.main import Root
from kagami.cli.operations import read_request as from_shell
from kagami.cli.options import Globals
from kagami.config import GENERATED, Outside, assemble
from kagami.home import Home
from kagami.operations import registry
from kagami.plugins.builtin.admin.request import find_operation, read_request
from kagami.sources import ConfigFile, Given
from kagami.testing.chat import chat_with
from kagami.tui.commands import parse
from kagami.web.auth import Login
from kagami.web.openapi import describe
from tests.pages import ALL, Block, blocks, inline, shell_lines, text_of

SECURITY = ("security.md", "zh/security.md")
BLOCKS = [block for page in ALL for block in blocks(page)]
RUN = [block for block in BLOCKS if block.mark == "run"]
PLUGINS = [block for block in RUN if "\nplugin = Plugin(" in block.text]
TESTS = [block for block in RUN if "async def test_" in block.text]
PROGRAMS = [
    (manifest, program)
    for page in ALL
    for shown in [[block for block in blocks(page) if block.mark.startswith("program")]]
    for manifest, program in zip(shown[::2], shown[1::2], strict=True)
]


# A line that a person types, without what the shell takes from it. `<topic>` and `…` are not for typing.
TYPED = re.compile(r"(?:sudo )?(?:[A-Z_]+=\S+ )*(kagami(?: .*)?)")
SHELL = sorted(
    {
        found[1]
        for page in ALL
        for line in (*shell_lines(page), *inline(page))
        if (found := TYPED.fullmatch(line)) and not re.search(r"…|<[^\W\d]", line)
    }
)
HTTP = re.compile(r"/(?:api/v1/[a-z0-9_./]+|livez|readyz|healthz|metrics)(?![a-z0-9_./<…])")
SHORT = {"status", "reload", "broadcast", "db_clean", "help"}
PATHS = describe(registry())["paths"]


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


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "json"], ids=str)
def test_json_of_the_pages_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "toml"], ids=str)
def test_settings_of_the_pages_are_settings(block: Block, tmp_path: Path) -> None:
    secrets = Outside([Given(key, token_urlsafe(32), "generated") for key in GENERATED])
    file = ConfigFile("kagami.toml", tomllib.loads(block.text), {})
    assert assemble(Home(tmp_path), None, file, secrets).home.path == tmp_path


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
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = Root(str)
    context = click.Context(command, info_name="kagami", obj=Globals(str, "en", {}))
    while isinstance(command, click.Group):
        words = command.make_parser(context).parse_args(words)[1]
        if not words:
            return
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    if words:  # a command that is only named is there; nothing more was said
        given = command.make_context(command.name, words, parent=context.parent).params
        operation = registry().by_name.get(f"{context.parent and context.parent.info_name}.{command.name}")
        if operation and "words" in given:
            names = {field.name for field in msgspec.structs.fields(operation.request)}
            fields = {name: value for name, value in given.items() if name in names}
            assert isinstance(from_shell(operation, given["words"], fields, str), operation.request)


@pytest.mark.parametrize("page", ALL)
def test_a_chat_command_of_the_pages_is_an_operation(page: str) -> None:
    shown = [line for block in blocks(page) if block.kind == "text" for line in block.text.splitlines()]
    for words in (*shown, *inline(page)):
        topic, _, rest = words.removeprefix("#").partition(" ")
        if not re.match(r"#[a-z]", words) or topic in SHORT | {"topic"} or rest in ("", "…"):
            continue
        operation, left = find_operation(registry(), topic, rest, str)
        assert not left or isinstance(read_request(operation, left, str), operation.request)


@pytest.mark.parametrize("page", ALL)
def test_the_terminal_understands_its_command_lines_on_the_pages(page: str) -> None:
    for line in inline(page):
        if re.match(r":[a-z]", line) and line != ":secret":
            assert parse(line) is not None


@pytest.mark.parametrize("page", ALL)
def test_a_path_of_the_pages_is_in_the_description_of_the_interface(page: str) -> None:
    unknown = {path for path in HTTP.findall(text_of(page)) if path.rstrip(".") not in PATHS}
    assert unknown - {"/api/v1/openapi.json", "/api/v1/topic/verb"} == set()


@pytest.mark.parametrize("page", ALL)
def test_what_curl_sends_on_the_pages_is_a_request(page: str) -> None:
    for line in shell_lines(page):
        words = shlex.split(line) if line.startswith("curl ") else []
        if "-d" in words:
            path = next(HTTP.findall(word)[0] for word in words if "/api/" in word)
            given = json.loads(words[words.index("-d") + 1])
            topic, verb = path.split("/")[3:]
            found = registry().by_name.get(f"{topic}.{verb}")
            assert msgspec.convert(given, found.request if found else Login) is not None


@pytest.mark.parametrize("page", SECURITY)
def test_a_test_of_the_pages_on_security_is_there(page: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(?:\w+::)*(\w+)`", text_of(page))
    folder = Path(__file__).parent
    assert len(named) > 60
    assert [name for file, name in named if name not in (folder / file).read_text("utf-8")] == []


def test_the_pages_on_security_have_the_same_rows() -> None:
    row = re.compile(r"^\| (S\w\d+) .*?((?: ?`[^`]+`(?:<br>)?)+) \|$", re.MULTILINE)
    first, second = (row.findall(text_of(page)) for page in SECURITY)
    assert first == second
