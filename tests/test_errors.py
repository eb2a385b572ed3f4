from __future__ import annotations

import inspect

import pytest

from kagami import errors
from kagami.errors import (
    BotOffline,
    EngineAway,
    HomeBusy,
    KagamiError,
    NotFound,
    Refused,
    SettingError,
    UsageError,
    WireError,
)

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, KagamiError)]


def test_the_docstring_is_the_message() -> None:
    assert str(NotFound(what="bot", name="qq:1")) == "There is no bot named qq:1."


def test_what_comes_from_outside_is_never_a_template() -> None:
    assert str(UsageError(reason="{0} {reason} {{")) == "{0} {reason} {{"


def test_details_of_any_type_are_shown_as_text() -> None:
    assert str(WireError(reason=KeyError("x"))) == "Not a frame of this protocol: 'x'"


def test_a_message_can_be_translated() -> None:
    chinese = {"There is no {what} named {name}.": "没有名为 {name} 的 {what}。", "bot": "机器人"}
    assert NotFound(what="bot", name="qq:1").text(chinese.__getitem__) == "没有名为 qq:1 的 机器人。"


def test_the_code_is_the_name_of_the_class() -> None:
    assert BotOffline(bot="qq:1").code == "BotOffline"


def test_details_stay_at_hand() -> None:
    assert NotFound(what="bot", name="qq:1").details == {"what": "bot", "name": "qq:1"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KagamiError(reason="x"), 1),
        (UsageError(reason="x"), 64),
        (EngineAway(address="x"), 69),
        (HomeBusy(pid=1, home="x"), 75),
        (SettingError(key="a", value="b", origin="c", reason="d", fix="e"), 78),
    ],
)
def test_exit_codes_follow_sysexits(error: KagamiError, code: int) -> None:
    assert error.exit_code == code


def test_one_refusal_is_caught_as_its_kind() -> None:
    with pytest.raises(Refused):
        raise SettingError(key="a", value="b", origin="c", reason="d", fix="e")


@pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)
def test_every_error_is_drawn_in_the_tree(error: type[KagamiError]) -> None:
    assert error.__name__ in (errors.__doc__ or "").split()


@pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)
def test_every_error_has_a_message_of_its_own(error: type[KagamiError]) -> None:
    assert "__doc__" in vars(error)
    assert error.__doc__
