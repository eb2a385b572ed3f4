from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from kagami.cli.operations import _failed, read_request, verbs
from kagami.cli.show import width
from kagami.errors import NotFound, StoreClosed, UsageError
from kagami.operations import registry
from kagami.operations.audit import Exported
from kagami.operations.messages import Clean, ListMessages, Search
from kagami.operations.plugins import Reload
from kagami.operations.registry import Operation
from kagami.ports import Finding, ReloadRow
from tests.cli.conftest import Doubles, Say
from tests.web.doubles import row

OPERATIONS = registry()


def read(name: str, *values: str, **fields: Any) -> Any:
    return read_request(OPERATIONS.find(name), values, fields, str)


@pytest.mark.parametrize("found", OPERATIONS.by_name.values(), ids=lambda found: found.name)
def test_every_operation_is_a_command_with_its_fields(found: Operation) -> None:
    command = verbs(found.topic, str)[found.verb]
    flags = {flag for each in command.params for flag in each.opts}
    assert {f"--{name.replace('_', '-')}" for name in found.request.__struct_fields__} <= flags
    assert ("--yes" in flags) == found.asks
    assert command.help == found.text


@pytest.mark.parametrize("found", OPERATIONS.by_name.values(), ids=lambda found: found.name)
def test_no_two_options_of_an_operation_have_one_name(found: Operation) -> None:
    command = verbs(found.topic, str)[found.verb]
    flags = [flag for each in command.params for flag in each.opts]
    names = [each.name for each in command.params]
    assert (len(flags), len(names)) == (len(set(flags)), len(set(names)))


def test_rows_are_a_table(say: Say, engine: Doubles) -> None:
    said = say("bots", "list")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[1].startswith("qq:shiori  shiori")


def test_json_is_the_answer_itself(say: Say, engine: Doubles) -> None:
    (told,) = json.loads(say("bots", "list", "--json").out)
    assert (told["id"], told["health"]["state"]) == ("qq:shiori", "online")


def test_json_hides_nothing_of_an_escape(say: Say, engine: Doubles) -> None:
    engine.bots.all = [row("\x1b[31m")]
    out = say("bots", "list", "--json").out
    assert json.loads(out)[0]["name"] == "\x1b[31m"
    assert "\x1b" not in out


def test_nothing_is_said_beside_the_answer(say: Say, engine: Doubles) -> None:
    engine.bots.all = []
    assert say("bots", "list") == (0, "", "There is nothing.\n")


def test_a_missing_engine_is_away(say: Say) -> None:
    said = say("bots", "list")
    assert (said.code, said.out) == (69, "")
    assert "kagami run" in said.err


def test_an_error_of_the_engine_has_its_code(say: Say, engine: Doubles) -> None:
    engine.store.broken = StoreClosed(reason="the disk is full")
    said = say("messages", "chats")
    assert (said.code, "the disk is full" in said.err) == (StoreClosed.exit_code, True)


def test_an_unknown_bot_is_not_found(say: Say, engine: Doubles) -> None:
    said = say("bots", "disconnect", "qq:nobody", "--yes")
    assert (said.code, said.err) == (NotFound.exit_code, "kagami: There is no bot named qq:nobody.\n")


def test_what_asks_wants_a_word_without_a_terminal(say: Say, engine: Doubles) -> None:
    said = say("system", "stop")
    assert (said.code, "--yes" in said.err, engine.house.stopped) == (64, True, "")


def test_yes_is_a_word(say: Say, engine: Doubles) -> None:
    assert say("system", "stop", "--yes", "--reason", "test") == (0, "", "Done.\n")
    assert engine.house.stopped == "test"


@pytest.mark.parametrize(("answer", "code", "stopped"), [("y", 0, "test"), ("n", 130, "")])
def test_a_terminal_is_asked(
    say: Say, engine: Doubles, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, stopped: str
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return f"{answer}\n"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda *_: answer)
    assert say("system", "stop", "--reason", "test").code == code
    assert engine.house.stopped == stopped


def test_a_needed_field_may_stand_without_its_name() -> None:
    assert read("messages.search", "hello") == read("messages.search", text="hello") == Search(text="hello")


def test_the_only_field_may_stand_without_its_name() -> None:
    assert read("plugins.reload", "dice") == Reload(plugin="dice")
    with pytest.raises(UsageError, match="kagami plugins reload --help"):
        read("plugins.reload", "dice", "echo")


def test_fields_that_were_not_given_keep_their_defaults() -> None:
    assert read("messages.list", bot=None, limit=5) == ListMessages(limit=5)


def test_a_number_may_be_a_word() -> None:
    assert read("messages.clean", "30") == Clean(days=30)


@pytest.mark.parametrize(
    ("values", "message"),
    [((), "TEXT is missing."), (("a", "b"), "b is one word too many.")],
)
def test_a_wrong_number_of_words_is_named(values: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read("messages.search", *values)


def test_a_word_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="days"):
        read("messages.clean", "many")


@pytest.mark.parametrize("words", [("reload", "dice"), ("use", "dice")])
def test_a_reload_that_fails_fails_the_command(say: Say, engine: Doubles, words: tuple[str, ...]) -> None:
    assert say("plugins", *words).code == 0
    engine.plugins.error = "it is broken"
    said = say("plugins", *words)
    assert (said.code, "it is broken" in said.out) == (1, True)


def test_a_secret_in_json_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        read("plugins.configure", "dice", "token=abc")
    assert "abc" not in str(caught.value)


def test_an_export_is_the_file_itself_and_its_page_is_told_beside(
    say: Say, engine: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Exported(text="seq,who\r\n1,mira\r\n", rows=1, next=0)

    async def answer(*_: object) -> Exported:
        return page

    monkeypatch.setattr("kagami.cli.operations.call", answer)
    said = say("audit", "export", "--format", "csv")
    assert said.out.splitlines() == ["seq,who", "1,mira"]
    assert said.err.split() == ["rows", "1", "next", "0"]
    assert json.loads(say("audit", "export", "--json").out)["text"] == page.text


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ([Finding("ok", "bot one", "fine")], False),
        ([Finding("ok", "bot one", "fine"), Finding("bad", "bot one", "no answer")], True),
        (ReloadRow("greeter", "1.0.0", "1.0.1", "broken"), True),
        ([ReloadRow("greeter", "1.0.0", "1.0.1")], False),
        (None, False),
    ],
)
def test_what_went_wrong_is_the_commands_exit_code(answer: object, failed: bool) -> None:
    assert _failed(answer) is failed


@pytest.mark.parametrize("words", [("a.b", "c.d"), ("a.b,c.d",), ("--keys", "a.b, c.d"), ('["a.b", "c.d"]',)])
def test_a_list_of_words_needs_no_json(say: Say, engine: Doubles, words: tuple[str, ...]) -> None:
    assert say("settings", "reset", *words).code == 0
    assert engine.centre.reset == ["a.b", "c.d"]


def test_an_answer_is_in_the_language_of_the_shell(say: Say, engine: Doubles) -> None:
    assert say("system", "stop", "--yes", LANG="zh_CN.UTF-8").err == "完成。\n"


def test_a_table_fits_the_columns_that_were_asked_for(say: Say, engine: Doubles) -> None:
    engine.bots.all = [row(f"long-{number}-" + "x" * 60) for number in range(3)]
    assert max(map(width, say("bots", "list", COLUMNS="80").out.splitlines())) <= 80
