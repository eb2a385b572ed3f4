from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.operations.logs import Window
from kagami.operations.messages import Clean
from kagami.operations.plugins import Configure, Reload
from kagami.operations.system import Status
from kagami.tui.commands import Act, Choose, Go, LookAt, Rekey, Run, answer_rows, parse, usage, words
from tests.tui.engine import pulse


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("logs", Go("logs", "")),
        (":log E plugin:weather", Go("logs", "E plugin:weather")),
        ("bots napcat", Go("bots", "napcat")),
        (" trace 7f31c2 ", Go("trace", "7f31c2")),
        ("home", Go("overview", "")),
        ("lang zh", Choose("lang", "zh")),
        ("theme paper", Choose("theme", "paper")),
        ("q", Act("app.quit")),
        ("help", Act("help.screen")),
    ],
)
def test_lines_are_understood(line: str, command: object) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("system status", Status()),
        ("plugins reload echo", Reload(plugin="echo")),
        ("plugins reload plugin=echo", Reload(plugin="echo")),
        ("messages clean 30", Clean(days=30.0)),
        ('logs window filter="plugin:a b" limit=5', Window(filter="plugin:a b", limit=5)),
    ],
)
def test_operations_become_requests(line: str, request_: object) -> None:
    command = parse(line)
    assert isinstance(command, Run)
    assert command.request == request_


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nonsense", "Expected a place"),
        ("lang fr", "en | zh"),
        ("messages clean", "messages clean days=…"),
        ("messages clean many", "messages clean days=…"),
        ("system status now", "system status"),
        ('plugins reload "echo', "quotation"),
    ],
)
def test_errors_say_what_was_expected(line: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected.replace("|", r"\|")):
        parse(line)


def test_usage_marks_what_may_be_left_out() -> None:
    command = parse("messages clean 1")
    assert isinstance(command, Run)
    assert usage(command.operation) == "messages clean days=…"


def test_completion_offers_places_settings_and_operations() -> None:
    assert {"logs", "lang zh", "plugins reload"} <= set(words())


def test_answers_become_rows() -> None:
    rows = answer_rows([pulse()])
    assert "version        0.9.0" in rows
    assert answer_rows(None) == []
    assert answer_rows({"a": {"b": [1, 2]}}) == ["a", "  b", "    1", "    2"]


def test_a_table_is_written_as_json() -> None:
    found = parse("""plugins configure plugin=echo 'values={"a": 1}'""")
    assert isinstance(found, Run)
    assert found.request == Configure(plugin="echo", values={"a": 1})


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (":bots napcat", Go("bots", "napcat")),
        (":plug weather 25", Go("plugins", "weather 25")),
        (":route test 天气 上海", Go("routes", "test 天气 上海")),
        (":log E plugin:weather -10m", Go("logs", "E plugin:weather", "-10m")),
        (":log -plugin:weather", Go("logs", "-plugin:weather")),
        (":trace 7f31c2", Go("trace", "7f31c2")),
        (":set delivery.rate 200", Go("settings", "delivery.rate 200")),
        (":at 23:41", LookAt("23:41")),
        (":lang zh", Choose("lang", "zh")),
        (":density dense", Choose("density", "dense")),
        (":ui.zoom", Act("ui.zoom")),
        (":key ui.zoom Z, ^G", Rekey("ui.zoom", "Z,^G")),
        (":keys", Act("ui.keys")),
    ],
)
def test_the_lines_of_the_manual(line: str, command: object) -> None:
    assert parse(line) == command
