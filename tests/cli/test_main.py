from __future__ import annotations

import gettext
import io
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

import kagami
from kagami.cli import main as module
from kagami.cli.main import explain
from kagami.cli.options import Globals, tell
from kagami.errors import EngineAway, UsageError
from kagami.home import Home
from tests.cli.conftest import Doubles, Say


@pytest.mark.parametrize("words", [("--version",), ("--json", "--version"), ("bots", "list", "--version")])
def test_the_version_is_told_anywhere(say: Say, words: tuple[str, ...]) -> None:
    assert say(*words) == (0, f"kagami {kagami.__version__}\n", "")


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("run", "--help"), ("messages", "clean", "-h")])
def test_help_is_given_anywhere(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words)
    assert (said.code, "Usage:" in said.out, said.err) == (0, True, "")


def test_help_names_every_command_and_topic(say: Say) -> None:
    out = say("--help").out
    assert [
        each for each in ("run", "attach", "health", "doctor", "init", "bots", "traces") if f"  {each} " not in out
    ] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dance",), "There is no command dance. See: kagami --help"),
        (("bots", "lst"), "Did you mean list?"),
        (("--hom", "x"), "There is no option --hom. Did you mean --home?"),
        (("run", "--role"), "The option --role needs a value."),
        (("run", "--role", "king"), "--role: one of all, gateway, worker is expected."),
        (("messages", "list", "--limit", "many"), "--limit: a whole number is expected."),
        (("messages", "clean", "--days", "x"), "--days: a number is expected."),
        (("--lang", "fr", "health"), "--lang: one of en, zh is expected."),
        (("run", "fast"), "fast is one word too many. See: kagami run --help"),
        (("health", "now", "please"), "now is one word too many. See: kagami health --help"),
        (("plugin", "index", "."), "--key FILE is missing. The private key that signs it; `kagami plugin key FILE`"),
        (
            ("plugin", "index", ".", "--key", "k", "--recall", "dice"),
            "The option --recall needs these values: ID VERSIONS REASON. See: kagami plugin index --help",
        ),
        (("plugins", "weigh", "dice", "110"), "weight: a whole number from 0 to 100 is wanted, not 110"),
        (("plugins", "configure", "dice", "banana"), "values: JSON is wanted, such as '{"),
    ],
)
def test_a_wrong_line_is_explained(say: Say, words: tuple[str, ...], message: str) -> None:
    said = say(*words)
    assert (said.code, said.out) == (64, "")
    assert message in said.err
    assert "Traceback" not in said.err


def test_a_topic_alone_shows_its_verbs(say: Say) -> None:
    said = say("bots")
    assert (said.code, "disconnect" in said.err) == (64, True)


def test_without_a_terminal_there_is_no_console(say: Say) -> None:
    said = say()
    assert (said.code, said.out) == (2, "")
    assert "kagami run" in said.err


def test_an_error_is_one_line_on_standard_error(say: Say) -> None:
    said = say("bots", "list")
    assert (said.code, said.out, said.err.count("\n")) == (69, "", 1)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_error_in_json_is_on_standard_output(say: Say, place: int) -> None:
    words = ["bots", "list"]
    words.insert(place, "--json")
    said = say(*words)
    assert (said.code, said.err) == (69, "")
    assert json.loads(said.out)["error"]["code"] == "EngineAway"


def test_a_home_can_be_named_before_and_after(say: Say, engine: Doubles, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none")
    assert say("--home", nowhere, "bots", "list").code == 69
    assert say("bots", "list", "--home", nowhere).code == 69
    assert say("bots", "list").code == 0


def test_foreign_text_in_an_error_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    given = Globals(str, "en", {})
    assert tell(EngineAway(address="\x1b[31m\n"), given) == 69
    assert capsys.readouterr().err == "kagami: No engine answers on \\x1b[31m\\n. Start one with `kagami run`.\n"


def test_an_error_is_told_in_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    words = {UsageError.__doc__: "错误：{reason}"}
    tell(UsageError(reason="x"), Globals(lambda text: words.get(text, text), "zh", {}))
    assert capsys.readouterr().err == "kagami: 错误：x\n"


def test_a_bug_of_click_keeps_its_words() -> None:
    assert explain(click.UsageError("strange"), str).startswith("strange ")


def test_clicks_own_words_come_from_our_catalogue(say: Say) -> None:
    say("--version")
    assert gettext.textdomain() == "kagami"


def test_an_interrupt_has_its_own_code(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "open_console", interrupt)
    assert say().code == 130


def test_a_terminal_without_our_letters_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", stream)
    assert module.main(["镜"], {"KAGAMI_HOME": "/nowhere"}) == 64
    stream.flush()
    assert b"\\u955c" in raw.getvalue()


def test_a_reader_that_has_enough_is_no_error(engine: Doubles, home: Home) -> None:
    engine.bots.all *= 5_000
    code = "import sys; from kagami.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "bots", "list", "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        assert (child.wait(20), child.stderr.read()) == (1, b"")
