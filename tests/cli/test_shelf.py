from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from kagami.cli.shelf import stays
from kagami.clock import SystemClock
from kagami.home import Home
from kagami.meters import Meters
from kagami.plugins.choices import Choice, Choices
from kagami.plugins.recalls import Recall, keep_recalls
from kagami.ports import ReloadRow
from kagami.storage.store import open_store
from tests.cli.conftest import Doubles, Say


def put(home: Home, *versions: str, plugin: str = "dice") -> None:
    for version in versions:
        place = home.plugins / plugin / version
        place.mkdir(parents=True)
        (place / "plugin.json").write_text(json.dumps({"id": plugin, "version": version, "entry": "main:plugin"}))
        (place / "main.py").write_text("plugin = 1")


def chosen(home: Home) -> Choice:
    async def read() -> Choice:
        async with open_store(str(home.database), clock=SystemClock(), meters=Meters()) as store:
            choices = Choices(store)
            await choices.open()
            return choices.of("dice")

    return asyncio.run(read())


def test_what_is_installed_is_listed(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.10.0", "1.9.0")
    keep_recalls(home.plugins, [Recall("dice", "1.0.0", "it \x1b[31mcheats")])
    said = say("plugin", "list")
    assert (said.code, said.err) == (0, "")
    lines = [line.split() for line in said.out.splitlines()]
    assert [line[:2] for line in lines] == [["id", "version"], ["dice", "1.10.0"], ["dice", "1.9.0"], ["dice", "1.0.0"]]
    assert "recalled: it \\x1b[31mcheats" in said.out


def test_an_empty_shelf_is_said(say: Say) -> None:
    assert say("plugin", "list") == (
        0,
        "",
        "No plugins are installed here. Install one: kagami plugin install ID (chat, moderation, reminder)\n",
    )
    assert say("plugin", "list", "--json") == (0, "[]\n", "")


def test_without_an_engine_a_version_is_chosen_for_the_next_start(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    said = say("plugin", "use", "dice@1.0.0", "--pin")
    assert (said.code, "dice 1.0.0 is served from the next start on." in said.out) == (0, True)
    assert chosen(home) == Choice("1.0.0", "1.1.0", pinned=True)


def test_an_id_alone_is_the_highest_again(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    say("plugin", "use", "dice@1.0.0")
    assert json.loads(say("plugin", "use", "dice", "--json").out) == {"id": "dice", "old": "1.0.0", "new": "1.1.0"}
    assert chosen(home) == Choice("", "1.0.0")


def test_a_rollback_goes_to_what_was_before(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0", "1.2.0")
    say("plugin", "use", "dice@1.0.0")
    assert json.loads(say("plugin", "rollback", "dice", "--yes", "--json").out)["new"] == "1.2.0"
    assert chosen(home) == Choice("1.2.0", "1.0.0")


def test_a_first_rollback_goes_one_lower(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0", "1.2.0")
    say("plugin", "rollback", "dice", "--yes")
    assert chosen(home) == Choice("1.1.0", "1.2.0")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["use", "dice@9.0.0"], "no version 9.0.0 of dice. There is: 1.0.0"),
        (["use", "craps"], "no plugin named craps"),
        (["rollback", "dice", "--yes"], "no earlier version named dice"),
        (["remove", "dice@9.0.0", "--yes"], "no version named dice 9.0.0"),
        (["remove", "../dice@1.0.0", "--yes"], "no version named"),
    ],
)
def test_what_is_not_there_is_not_found(say: Say, home: Home, words: list[str], message: str) -> None:
    put(home, "1.0.0")
    said = say("plugin", *words)
    assert (said.code, message in said.err, said.err.count("\n")) == (1, True, 1)


def test_a_version_that_was_taken_back_is_not_chosen_and_says_why(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    keep_recalls(home.plugins, [Recall("dice", version, f"{version} cheats") for version in ("1.0.0", "1.1.0")])
    for version in ("1.0.0", "1.1.0"):
        said = say("plugin", "use", f"dice@{version}")
        assert (said.code, f"dice {version} is refused: " in said.err, f"{version} cheats" in said.err) == (
            64,
            True,
            True,
        )
    assert "is refused: " in say("plugin", "use", "dice").err


def test_a_version_is_removed_and_no_longer_chosen(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    say("plugin", "use", "dice@1.0.0")
    assert say("plugin", "remove", "dice@1.0.0", "--yes") == (0, "", "Done.\n")
    assert [each.name for each in (home.plugins / "dice").iterdir()] == ["1.1.0"]
    assert chosen(home).version == ""


def test_removing_asks_first(say: Say, home: Home) -> None:
    put(home, "1.0.0")
    said = say("plugin", "remove", "dice@1.0.0")
    assert (said.code, "--yes" in said.err) == (64, True)
    assert (home.plugins / "dice" / "1.0.0").exists()


def test_going_back_asks_first(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    said = say("plugin", "rollback", "dice")
    assert (said.code, "--yes" in said.err, chosen(home)) == (64, True, Choice())


def serving(say: Say) -> dict[str, bool]:
    return {row["version"]: row.get("serves", False) for row in json.loads(say("plugin", "list", "--json").out)}


def test_the_highest_version_is_the_one_that_serves(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    assert serving(say) == {"1.1.0": True, "1.0.0": False}


def test_what_was_chosen_serves(say: Say, home: Home) -> None:
    put(home, "1.0.0", "1.1.0")
    say("plugin", "use", "dice@1.0.0")
    assert serving(say) == {"1.1.0": False, "1.0.0": True}


def test_an_engine_says_what_serves(say: Say, home: Home, engine: Doubles) -> None:
    put(home, "1.0.0", "1.1.0")
    engine.plugins.pinned = ["dice"]
    assert serving(say) == {"1.1.0": False, "1.0.0": True}


def test_a_version_has_to_be_named_to_be_removed(say: Say) -> None:
    said = say("plugin", "remove", "dice", "--yes")
    assert (said.code, "dice@1.0.0" in said.err) == (64, True)


@pytest.mark.parametrize(
    ("words", "told", "shown"),
    [
        (["use", "dice@1.1.0", "--pin"], "use dice 1.1.0 True", "serves dice 1.1.0 now"),
        (["rollback", "dice", "--yes"], "rollback dice", "serves dice 0.9.0 now"),
        (["remove", "dice@1.1.0", "--yes"], "remove dice 1.1.0", "Done."),
    ],
)
def test_an_engine_that_runs_does_it(say: Say, engine: Doubles, words: list[str], told: str, shown: str) -> None:
    said = say("plugin", *words)
    assert (said.code, engine.plugins.told) == (0, [told])
    assert shown in said.out + said.err


def test_an_engine_that_cannot_says_why(say: Say, engine: Doubles) -> None:
    engine.plugins.error = "it is \x1b[31mbroken"
    said = say("plugin", "use", "dice@1.1.0")
    assert (said.code, said.err) == (1, "The engine stays with dice 1.0.0: it is \\x1b[31mbroken\n")


def test_the_folder_may_be_elsewhere(say: Say, tmp_path: Path) -> None:
    put(Home(tmp_path / "other"), "1.0.0")
    assert "dice" in say("plugin", "list", KAGAMI_PLUGINS__DIR=str(tmp_path / "other" / "plugins")).out


@pytest.mark.parametrize(
    ("old", "told"),
    [("1.0.0", "The engine stays with dice 1.0.0: broken"), ("", "The engine does not serve dice: broken")],
)
def test_an_engine_that_cannot_says_what_it_goes_on_with(old: str, told: str) -> None:
    assert stays(ReloadRow("dice", old, old, "broken"), str) == told
