from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kagami.home import Home
from kagami.plugins.market import FILE
from kagami.plugins.recalls import Recall, read_recalls
from kagami.plugins.signing import make_key
from tests.cli.conftest import Doubles, Say
from tests.plugins.bazaar import Bazaar
from tests.plugins.index import Index, serving


@pytest.fixture
def bazaar(tmp_path: Path, home: Home) -> Bazaar:
    """A market that the home is configured for, in a folder."""
    made = Bazaar(tmp_path)
    configure(home, made, str(made.stand))
    return made


@pytest.fixture
def shop(bazaar: Bazaar, home: Home) -> Iterator[Index]:
    """The same market on a real server."""
    bazaar.stand.rmdir()
    with serving(bazaar.stand) as server:
        configure(home, bazaar, server.files)
        yield server


def configure(home: Home, bazaar: Bazaar, url: str, mirror: str = "") -> None:
    (home.path / "kagami.toml").write_text(
        f'[plugins]\ntrust = ["{bazaar.author}"]\n'
        f'[plugins.market]\nurl = "{url}"\nkey = "{bazaar.public}"\nmirror = "{mirror}"\n'
    )


def versions(home: Home, plugin: str = "greeter") -> list[str]:
    return sorted(each.name for each in (home.plugins / plugin).glob("*"))


def test_a_package_is_shown_and_installed(say: Say, bazaar: Bazaar, home: Home) -> None:
    package = bazaar.offer("1.0.0", permissions=["delete", "http:example.com"])
    said = say("plugin", "install", str(package), "--yes")
    assert (said.code, versions(home)) == (0, ["1.0.0"])
    assert "delete, http:example.com" in said.out
    assert "No engine runs on this home" in said.out


def test_from_a_server_by_name_and_then_updated(say: Say, bazaar: Bazaar, shop: Index, home: Home) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    assert say("plugin", "install", "greeter", "--yes").code == 0
    bazaar.offer("1.1.0", permissions=["delete"], changes="It deletes now")
    bazaar.publish()
    dry = say("plugin", "sync", "--dry-run")
    assert (dry.code, versions(home)) == (0, ["1.0.0"])
    assert dry.out == "greeter  1.0.0 → 1.1.0\n  new permissions: delete\n  It deletes now\n"
    assert say("plugin", "sync", "--yes").code == 0
    assert versions(home) == ["1.0.0", "1.1.0"]
    assert "up to date" in say("plugin", "sync", "--yes").out


def test_a_recall_is_shown_and_kept(say: Say, bazaar: Bazaar, home: Home) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    bazaar.publish(Recall("greeter", "<1.1", "it leaks"))
    said = say("plugin", "sync", "--yes")
    assert (said.code, "greeter 1.0.0 is recalled and will not be served: it leaks" in said.out) == (0, True)
    assert said.out.endswith("greeter 1.0.0 stays on the disk and is not served at the next start.\n")
    assert "it is served from" not in said.out
    assert read_recalls(home.plugins) == (Recall("greeter", "<1.1", "it leaks"),)
    assert "was recalled: it leaks" in say("plugin", "list").out


def test_an_engine_that_heeds_a_recall_did_not_fail(say: Say, bazaar: Bazaar, home: Home, engine: Doubles) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    bazaar.publish(Recall("greeter", "*", "it leaks"))
    engine.plugins.newest, engine.plugins.error = "", "1.0.0 was recalled: it leaks"
    said = say("plugin", "sync", "--yes")
    assert (said.code, "serves greeter no more: 1.0.0 was recalled: it leaks" in said.out) == (0, True)


def test_a_mirror_stands_in(say: Say, bazaar: Bazaar, shop: Index, home: Home) -> None:
    configure(home, bazaar, "http://market.invalid", mirror=shop.files)
    bazaar.offer("1.0.0")
    bazaar.publish()
    assert say("plugin", "install", "greeter", "--yes").code == 0


@pytest.mark.parametrize("change", ["key", "index", "file", "older", "away"])
def test_what_is_not_right_changes_nothing(
    say: Say, bazaar: Bazaar, shop: Index, home: Home, tmp_path: Path, change: str
) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    older = (bazaar.stand / FILE).read_bytes()
    package = bazaar.offer("1.1.0")
    bazaar.publish()
    say("plugin", "sync", "--dry-run")
    match change:
        case "key":
            bazaar.public = make_key(tmp_path / "other")
            configure(home, bazaar, shop.files)
        case "index":
            bazaar.forge(lambda document: document.update(name="Mine"))
        case "file":
            package.write_bytes(package.read_bytes()[:-1] + b"x")
        case "older":
            (bazaar.stand / FILE).write_bytes(older)
        case _:
            configure(home, bazaar, "http://127.0.0.1:9")
    said = say("plugin", "sync", "--yes")
    codes = {"key": 64, "index": 64, "file": 1, "older": 64, "away": 69}
    assert (said.code, versions(home)) == (codes[change], ["1.0.0"])
    assert "Traceback" not in said.err


def test_what_nobody_signed_needs_a_word_and_is_loud(say: Say, bazaar: Bazaar, home: Home) -> None:
    source = bazaar.source()
    refused = say("plugin", "install", str(source), "--yes")
    assert (refused.code, "--unsigned" in refused.err, versions(home)) == (64, True, [])
    said = say("plugin", "install", str(source), "--yes", "--unsigned")
    assert (said.code, "WARNING" in said.err, "NOBODY" in said.out) == (0, True, True)
    assert versions(home) == ["1.0.0"]


@pytest.mark.parametrize("words", [["install", "x.kpk"], ["sync"]])
def test_without_a_terminal_yes_is_needed(say: Say, bazaar: Bazaar, words: list[str]) -> None:
    said = say("plugin", *words)
    assert (said.code, "--yes" in said.err) == (64, True)


@pytest.mark.parametrize(("answer", "code", "there"), [("y", 0, ["1.0.0"]), ("n", 130, [])])
def test_a_terminal_is_asked(
    say: Say, bazaar: Bazaar, home: Home, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, there: list[str]
) -> None:
    handlers: list[object] = []

    def reply(*_: object) -> str:
        handlers.append(signal.getsignal(signal.SIGINT))
        return answer

    monkeypatch.setattr("kagami.cli.plugin._asks", lambda *_: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", reply)
    assert say("plugin", "install", str(bazaar.offer("1.0.0"))).code == code
    assert versions(home) == there
    assert handlers == [signal.default_int_handler]  # Ctrl+C ends the question at once


def test_hostile_text_is_escaped(say: Say, bazaar: Bazaar) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    bazaar.offer("1.1.0", name=evil, description=evil, changes=evil)
    bazaar.publish(Recall("greeter", "1.0.0", evil))
    for words in (["sync", "--dry-run"], ["sync", "--yes"], ["list"], ["install", evil, "--yes"]):
        said = say("plugin", *words)
        assert not {"\x1b", "\x07", "\u202e"} & set(said.out + said.err)
    assert "\\x1b]0;owned" in say("plugin", "list").out


def test_the_engine_that_runs_takes_it_up(say: Say, bazaar: Bazaar, engine: Doubles) -> None:
    said = say("plugin", "install", str(bazaar.offer("1.0.0")), "--yes")
    assert (said.code, engine.plugins.told) == (0, ["reload greeter"])
    assert "serves greeter 9.9.9 now" in said.out


def test_an_engine_that_stays_is_told_of(say: Say, bazaar: Bazaar, engine: Doubles) -> None:
    engine.plugins.error = "it is broken"
    said = say("plugin", "install", str(bazaar.offer("1.0.0")), "--yes")
    assert (said.code, "stays with greeter 1.0.0: it is broken" in said.err) == (1, True)


def test_an_engine_that_was_told_to_use_another_version_goes_on(say: Say, bazaar: Bazaar, engine: Doubles) -> None:
    engine.plugins.newest = "1.0.0"
    said = say("plugin", "install", str(bazaar.offer("1.1.0")), "--yes")
    assert (said.code, "goes on with greeter 1.0.0" in said.out) == (0, True)


def test_what_the_engine_keeps_pinned_is_not_updated(say: Say, bazaar: Bazaar, home: Home, engine: Doubles) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    bazaar.offer("1.1.0")
    bazaar.publish()
    engine.plugins.pinned = ["greeter"]
    assert say("plugin", "sync", "--yes").code == 0
    assert versions(home) == ["1.0.0"]


def test_what_was_pinned_without_an_engine_is_not_updated(say: Say, bazaar: Bazaar, home: Home) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    say("plugin", "install", "greeter", "--yes")
    say("plugin", "use", "greeter@1.0.0", "--pin")
    bazaar.offer("1.1.0")
    bazaar.publish()
    say("plugin", "sync", "--yes")
    assert versions(home) == ["1.0.0"]


def test_json_is_all_that_is_on_standard_output(say: Say, bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    said = say("plugin", "install", "greeter", "--yes", "--json")
    assert json.loads(said.out)["done"]["id"] == "greeter"
    assert "permissions" in said.err
    bazaar.offer("1.1.0")
    bazaar.publish()
    (row,) = json.loads(say("plugin", "sync", "--dry-run", "--json").out)["done"]
    assert (row["act"], row["new"]) == ("update", "1.1.0")
