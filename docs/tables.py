"""Writes the tables of the reference pages, which are made of the program itself: `python -m docs.tables`."""

# ruff: noqa: INP001

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from kagami import log
from kagami.adapters.kinds import abilities
from kagami.adapters.table import BotTable
from kagami.centre.keys import LEAVES
from kagami.centre.shown import bot_kinds
from kagami.centre.texts import GROUPS
from kagami.cli.main import Root
from kagami.config import load
from kagami.core.admission import USUAL_CALLS
from kagami.engine import open_engine
from kagami.home import Home
from kagami.i18n import Translate, translator
from kagami.model.ability import Ability
from kagami.operations import registry
from kagami.operations.registry import Operation
from kagami.operations.settings import ListSettings
from kagami.ports import BotKind, SettingRow
from kagami.sources import COMPOSED, WELL_KNOWN
from kagami.tui import actions
from kagami.tui.dialogs.abilities import NAMES
from kagami.tui.keys import Action, shown
from kagami.tui.kind_words import key_text
from kagami.tui.places import PLACES

DOCS = Path(__file__).parent
FOLDERS = {"en": "", "zh": "zh/"}
BEGIN, END = "<!-- table: {} -->\n", "<!-- end -->"
# A bot and a worker, so that their keys are there too; switched off, so that nobody calls them.
HOME = """\
[[bots]]
kind = "onebot11"
url = "ws://127.0.0.1:1"
enabled = false
[[workers]]
name = "application"
url = "ws://127.0.0.1:1"
enabled = false
[gateway]
port = 0
[web]
port = 0
"""
# What every bot has; the other keys are those of a kind.
SHARED = {field.name for field in msgspec.structs.fields(BotTable)}
# Where a kind is not on a page of its own name.
PAGES = {"weixin": "wechat", "wxbot": "wechat"}
SHORT = {"DB_HOST": "DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD", "REDIS_ADDR": "REDIS_ADDR REDIS_PWD"}
_COMPOSED = {"store.url": "DB_HOST", "redis.url": "REDIS_ADDR"}
_EN = {
    "keys": ("key", "kind", "default", "a change", "meaning"),
    "variables": ("variable", "key"),
    "operations": ("command", "fields", "right", "", "what it does"),
    "commands": ("command", "what it does"),
    "keys_of_places": ("key", "what it does", "id"),
    "kinds": ("kind", "key", "value", "default", "meaning"),
    "limits": ("ability", "sends, does", "receives", "note"),
    "ability": "ability",
    "yes": "✓",
    "partly": "partly",
    "no": "–",
    "calls": "[talking and looking](connect/workers.md#what-it-may-do)",
    "asks": "asks",
    "offline": "offline",
    "secret": "secret",
    "needed": "needed",
}
_ZH = {
    "keys": ("键", "类型", "默认", "更改后", "含义"),
    "variables": ("变量", "键"),
    "operations": ("命令", "字段", "权限", "", "作用"),
    "commands": ("命令", "作用"),
    "keys_of_places": ("按键", "作用", "名字"),
    "kinds": ("种类", "键", "类型", "默认", "含义"),
    "limits": ("能力", "发送、执行", "接收", "说明"),
    "ability": "能力",
    "yes": "✓",
    "partly": "部分",
    "no": "–",
    "calls": "[说话和查询](connect/workers.md#它可以做什么)",
    "asks": "先问",
    "offline": "离线可用",
    "secret": "机密",
    "needed": "必填",
}
WORDS: dict[str, dict[str, Any]] = {"en": _EN, "zh": _ZH}


def setting_rows() -> list[SettingRow]:
    """Every key with what a change of it does, as a running engine tells it."""

    async def ask(home: Path) -> list[SettingRow]:
        async with open_engine(load(Home(home), environ={}), log.Ring()) as engine:
            rows: list[SettingRow] = await engine.call(ListSettings())
            return rows

    with TemporaryDirectory() as folder:
        (Path(folder) / "kagami.toml").write_text(HOME, "utf-8")
        return asyncio.run(ask(Path(folder)))


def setting_tables(rows: Iterable[SettingRow], language: str) -> dict[str, list[str]]:
    """A table for each group of settings, by the group's name."""
    t, words = translator(language), WORDS[language]
    found: dict[str, list[str]] = {name: _head(words["keys"]) for name in GROUPS}
    for row in rows:
        if row.key.startswith("bots.0.") and row.key.split(".")[2] not in SHARED:
            continue
        key = row.key.replace(".0.", ".*.")
        cells = (f"`{key}`", _kind(row, words), _default(row, words), row.effect, t(row.text))
        found[row.group].append(_line(cells))
    return found


def kind_table(language: str) -> list[str]:
    """The keys of each kind of bots beside those that all have."""
    t, words = translator(language), WORDS[language]
    lines = _head(words["kinds"])
    for kind in kinds():
        for row in kind.keys:
            if row.key.partition(".")[0] not in SHARED:
                default = words["needed"] if row.key in kind.required else _default(row, words)
                text = t(key_text(kind.kind, row.key, row.text))
                lines.append(_line((f"`{kind.kind}`", f"`{row.key}`", _kind(row, words), default, text)))
    return lines


def kinds() -> list[BotKind]:
    """Every kind of `[[bots]]`."""
    return bot_kinds(LEAVES["bots"])


def ability_table(language: str) -> list[str]:
    """What each kind of bots can do, side by side."""
    t, words = translator(language), WORDS[language]
    found = {kind.kind: {each.name: each for each in abilities(kind.kind)} for kind in kinds()}
    lines = _head((words["ability"], *(f"`{kind}`" for kind in found)))
    for name, text in NAMES.items():
        cells = (_level(known[name], words) for known in found.values())
        lines.append(_line((f"`{name}` {t(text)}", *cells)))
    return lines


def limit_tables(language: str) -> dict[str, dict[str, list[str]]]:
    """By page and kind, what a platform does not do, or only in a way that has to be said."""
    t, words = translator(language), WORDS[language]
    found: dict[str, dict[str, list[str]]] = {}
    for kind in (each.kind for each in kinds()):
        lines = _head(words["limits"])
        for each in abilities(kind):
            if each.note or each.send != "yes" or each.receive not in ("yes", None):
                receive = words[each.receive] if each.receive else ""
                lines.append(_line((f"`{each.name}` {t(NAMES[each.name])}", words[each.send], receive, t(each.note))))
        found.setdefault(f"connect/{PAGES.get(kind, kind)}.md", {})[kind] = lines
    return found


def _level(ability: Ability, words: dict[str, Any]) -> str:
    sends, receives = words[ability.send], words[ability.receive or ability.send]
    return str(sends) if sends == receives else f"{sends} / {receives}"


def call_list() -> list[str]:
    """The calls that an application may make when nothing else is said."""
    return [" ".join(f"`{each}`" for each in USUAL_CALLS)]


def variable_table(language: str) -> list[str]:
    """The short names of variables."""
    given = dict(WELL_KNOWN) | {SHORT[_COMPOSED[key]]: key for key in COMPOSED}
    rows = [(" ".join(f"`{each}`" for each in names.split()), f"`{key}`") for names, key in given.items()]
    return [*_head(WORDS[language]["variables"]), *map(_line, rows)]


def operation_tables(language: str) -> dict[str, list[str]]:
    """A table for each topic of operations."""
    t, words = translator(language), WORDS[language]
    found: dict[str, list[str]] = {}
    for name in sorted(registry().by_name):
        each = registry().find(name)
        marks = [words[mark] for mark, there in (("asks", each.asks), ("offline", each.offline)) if there]
        cells = (f"`{each.topic} {each.verb}`", _fields(each), f"`{each.scope}`", ", ".join(marks), t(each.text))
        found.setdefault(each.topic, _head(words["operations"])).append(_line(cells))
    return found


def command_table(language: str) -> list[str]:
    """The commands beside the operations."""
    t, words = translator(language), WORDS[language]
    return [*_head(words["commands"]), *map(_line, _commands(t))]


def key_tables(language: str) -> dict[str, list[str]]:
    """What each place has keys for, by the place's name, and `everywhere`."""
    t, head = translator(language), _head(WORDS[language]["keys_of_places"])
    lists = {"everywhere": actions.EVERYWHERE} | {entry.name: actions_of(entry.name) for entry in PLACES}
    return {name: [*head, *(_key_line(each, t) for each in found if each.keys)] for name, found in lists.items()}


def actions_of(place: str) -> tuple[Action, ...]:
    """Those of one place alone."""
    found: tuple[Action, ...] = vars(import_module(f"kagami.tui.screens.{place}"))[place.capitalize()].ACTIONS
    return found


def _key_line(action: Action, t: Translate) -> str:
    keys = " ".join(f"`{shown(key)}`" for key in action.keys)
    return _line((keys, t(action.text), f"`{action.id}`"))


def _commands(t: Translate) -> Iterator[tuple[str, str]]:
    root, operations = Root(t), registry().by_name
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is not None and not isinstance(command, click.Group):
            yield f"`kagami {name}`", command.help or ""
        elif command is not None:
            for verb in command.list_commands(context):
                inner = command.get_command(context, verb)
                if inner is not None and f"{name}.{verb.replace('-', '_')}" not in operations:
                    yield f"`kagami {name} {verb}`", inner.help or ""


def _kind(row: SettingRow, words: dict[str, Any]) -> str:
    if row.choices:
        return " ".join(f"`{each}`" for each in row.choices if each)
    least, most = row.least or row.above, row.most
    bounds = f"{least or 0:g}–{most:g}" if most is not None else f"≥ {least:g}" if least else ""
    kind = words["secret"] if row.kind == "secret" else row.kind
    return f"{kind} {bounds}".strip()


def _default(row: SettingRow, words: dict[str, Any]) -> str:
    if row.kind == "secret":
        return ""
    if row.key == "workers.0.name":
        return str(words["needed"])
    if row.key == "workers.0.actions":
        return str(words["calls"])
    return "" if row.default in (None, "", [], {}) else f"`{msgspec.json.encode(row.default).decode()}`"


def _fields(each: Operation) -> str:
    fields = msgspec.structs.fields(each.request)
    return ", ".join(f"**{field.encode_name}**" if field.required else field.encode_name for field in fields)


def _head(titles: Sequence[str]) -> list[str]:
    return [_line(titles), "|" + "---|" * len(titles)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |".replace("|  |", "| |")


def filled(page: str, tables: dict[str, list[str]]) -> str:
    """A page with these tables between its marks; `KeyError` for a mark without a table."""
    pattern = re.compile(BEGIN.format("(?P<name>[a-z0-9]+)") + ".*?" + END, re.DOTALL)
    return pattern.sub(
        lambda found: BEGIN.format(found["name"]) + "\n" + "\n".join(tables[found["name"]]) + "\n\n" + END, page
    )


def tables(rows: Iterable[SettingRow], language: str) -> dict[str, dict[str, list[str]]]:
    """All tables by page and mark."""
    return {
        "configuration.md": setting_tables(rows, language)
        | {"variables": variable_table(language), "kinds": kind_table(language)},
        "connect/README.md": {"abilities": ability_table(language)},
        "connect/workers.md": {"calls": call_list()},
        **limit_tables(language),
        "operate/keys.md": key_tables(language),
        "operate/commands.md": operation_tables(language) | {"commands": command_table(language)},
    }


def write() -> None:
    """Bring the pages of both languages up to date."""
    rows = setting_rows()
    for language, folder in FOLDERS.items():
        for page, made in tables(rows, language).items():
            path = DOCS / f"{folder}{page}"
            path.write_text(filled(path.read_text("utf-8"), made), "utf-8")


if __name__ == "__main__":
    write()
