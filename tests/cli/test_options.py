from __future__ import annotations

from pathlib import Path

import click
import pytest

from kagami.cli.options import Command, Globals, Group, wanted_language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("bots list", None),
        ("--lang zh bots", "zh"),
        ("bots list --lang=zh", "zh"),
        ("--lang", None),
        ("--language zh", None),
    ],
)
def test_the_language_is_found_before_the_line_is_parsed(line: str, language: str | None) -> None:
    assert wanted_language(line.split()) == language


def line() -> tuple[Group, Globals]:
    group = Group("kagami", str)
    group.add_command(Command("show", str, callback=lambda: None))
    return group, Globals(str, "en", {})


@pytest.mark.parametrize("words", ["--home /a --json show", "show --home /a --json", "--home /a show --json"])
def test_shared_options_stand_before_or_after(words: str) -> None:
    group, given = line()
    group.main(words.split(), standalone_mode=False, obj=given)
    assert (given.home, given.as_json) == (Path("/a"), True)


def test_the_later_one_wins() -> None:
    group, given = line()
    group.main(["--home", "/a", "show", "--home", "/b"], standalone_mode=False, obj=given)
    assert given.home == Path("/b")


def test_every_command_explains_the_shared_options() -> None:
    group, _ = line()
    command = group.commands["show"]
    text = command.get_help(click.Context(command))
    assert [each for each in ("--home", "--config", "--json", "--lang", "--version") if each not in text] == []
