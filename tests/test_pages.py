"""The documentation as a whole: both languages, links that lead somewhere, tables that say what the program says."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from docs import tables
from kagami.adapters.kinds import abilities
from kagami.model.ability import AbilityName
from kagami.plugins import api
from kagami.plugins.config import PluginsConfig
from kagami.plugins.manifest import Manifest
from kagami.ports import SettingRow
from kagami.tui.actions import EVERYWHERE
from kagami.tui.keys import shown
from kagami.tui.places import PLACES
from tests.pages import ALL, CHINESE, DOCS, ENGLISH, NAV, blocks, inline, outside_fences, text_of

# Pages for whoever changes Kagami; English alone, and not part of a site's order.
BESIDE = {"performance.md", *(path.relative_to(DOCS).as_posix() for path in DOCS.glob("decisions/*.md"))}
LONGEST_PAGE, LONGEST_DECISION, LONGEST_GUIDE = 300, 40, 1_055
REFERENCES = ("plugins/reference.md", "zh/plugins/reference.md")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_TABLE = re.compile(r"<!-- table: .*?<!-- end -->\n", re.DOTALL)
_PLACE = re.compile(r"^\*\*(\d) .+?(?=\n\n)", re.MULTILINE | re.DOTALL)


def slugs(page: str) -> set[str]:
    """What a heading is called in a link: small letters, no punctuation, hyphens."""
    titles = (title for _, title in _HEADING.findall(outside_fences(page)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_of_a_site_is_there_in_both_languages() -> None:
    assert [f"zh/{page}" for page in ENGLISH] == CHINESE
    assert {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} == {*NAV, *BESIDE}


@pytest.mark.parametrize("page", [*ALL, *sorted(BESIDE)])
def test_links_lead_somewhere(page: str) -> None:
    for target in _LINK.findall(_CODE.sub("", outside_fences(page))):
        path, _, anchor = target.partition("#")
        there = ((DOCS / page).parent / path if path else DOCS / page).resolve()
        if "://" not in target:
            assert there.exists(), target
            assert not anchor or anchor in slugs(os.path.relpath(there, DOCS)), target


@pytest.mark.parametrize("page", [page for page in ENGLISH if page in ALL])
def test_both_languages_are_built_alike(page: str) -> None:
    def built(name: str) -> tuple[list[int], list[tuple[str, str]]]:
        levels = [len(sign) for sign, _ in _HEADING.findall(outside_fences(name))]
        return levels, [(block.kind, block.mark) for block in blocks(name)]

    assert built(page) == built(f"zh/{page}")


@pytest.mark.parametrize("page", [page for page in ENGLISH if page in ALL])
def test_each_page_leads_to_the_other_language(page: str) -> None:
    up = "../" * page.count("/")
    assert f"\n[中文]({up}zh/{page})\n" in text_of(page)
    assert f"\n[English]({up}../{page})\n" in text_of(f"zh/{page}")


def test_the_pages_stay_short() -> None:
    """What is written: a table of the program is as long as the program makes it."""
    lengths = {page: len(_TABLE.sub("", text_of(page)).splitlines()) for page in (*ALL, *BESIDE)}
    assert [page for page, lines in lengths.items() if "plugins/" not in page and lines > LONGEST_PAGE] == []
    assert [page for page, lines in lengths.items() if "decisions/" in page and lines > LONGEST_DECISION] == []
    for folder in ("plugins/", "zh/plugins/"):
        assert sum(lines for page, lines in lengths.items() if page.startswith(folder)) <= LONGEST_GUIDE


@pytest.fixture(scope="module")
def rows() -> list[SettingRow]:
    return tables.setting_rows()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tables_say_what_the_program_says(rows: list[SettingRow], language: str) -> None:
    """`python -m docs.tables` writes them anew. Chinese sentences are the catalogue's, and not compared here."""
    for page, made in tables.tables(rows, language).items():
        text = text_of(f"{tables.FOLDERS[language]}{page}")
        wanted = tables.filled(text, made)
        assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(made)
        if language == "en":
            assert text.splitlines() == wanted.splitlines()
        else:
            assert [_CODE.findall(line) for line in text.splitlines()] == [
                _CODE.findall(line) for line in wanted.splitlines()
            ]


def test_the_table_of_abilities_says_of_every_kind_what_its_adapter_says() -> None:
    head, _, *lines = tables.ability_table("en")
    kinds = re.findall(r"`(\w+)`", head)
    assert kinds == [kind.kind for kind in tables.kinds()]
    rows = {re.findall(r"`(\w+)`", line)[0]: [cell.strip() for cell in line.split("|")[2:-1]] for line in lines}
    assert set(rows) == set(get_args(AbilityName))
    words = tables.WORDS["en"]
    for place, kind in enumerate(kinds):
        for each in abilities(kind):
            sends, _, receives = rows[each.name][place].partition(" / ")
            assert (sends, receives or sends) == (words[each.send], words[each.receive or each.send])


def test_what_a_platform_leaves_out_is_on_its_page() -> None:
    told = {kind: "\n".join(lines) for made in tables.limit_tables("en").values() for kind, lines in made.items()}
    for kind in tables.kinds():
        for each in abilities(kind.kind):
            plain = each.send == "yes" and each.receive in ("yes", None) and not each.note
            assert (f"| `{each.name}` " in told[kind.kind]) is not plain
            assert each.note in told[kind.kind]


@pytest.mark.parametrize("pages", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_kind_of_bots_is_shown_with_the_keys_that_it_needs(pages: list[str]) -> None:
    shown = [block.text for page in pages if "connect/" in page for block in blocks(page) if block.kind == "toml"]
    keys_of = {bot["kind"]: set(bot) for text in shown for bot in tomllib.loads(text).get("bots", ())}
    assert {kind.kind for kind in tables.kinds() if set(kind.required) <= keys_of.get(kind.kind, set())} == set(keys_of)
    assert set(keys_of) == {kind.kind for kind in tables.kinds()}


@pytest.mark.parametrize("page", ["operate/README.md", "zh/operate/README.md"])
def test_the_tour_names_keys_that_the_places_have(page: str) -> None:
    tour = {found[1]: found[0] for found in _PLACE.finditer(text_of(page))}
    for place in PLACES:
        mine = {shown(key) for action in (*tables.actions_of(place.name), *EVERYWHERE) for key in action.keys}
        named = {code[1:-1] for code in _CODE.findall(tour[place.digit]) if len(code) == 3}
        assert named - mine == set(), place.name


@pytest.mark.parametrize("page", REFERENCES)
def test_the_reference_names_everything(page: str) -> None:
    words = set(re.findall(r"\w+", text_of(page)))
    ours = {field.name for field in msgspec.structs.fields(Manifest)} - {"dialect"}
    assert {*api.__all__, *ours} - words == set()


def keys(kind: Any, before: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        inner = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
        yield from keys(field.type, f"{field.name}.") if inner else [f"{before}{field.name}"]


@pytest.mark.parametrize("page", REFERENCES)
def test_the_reference_names_every_setting(page: str) -> None:
    named, before = set[str](), ""
    for words in inline(page):
        group, _, name = words.rpartition(".")
        before = group or before
        named |= {words, f"{before}.{name}"}
    missing = [key for key in keys(PluginsConfig) if key not in named and f"{key}.<id>" not in named]
    assert missing == []
