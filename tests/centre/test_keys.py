from __future__ import annotations

import pytest

from kagami.centre.keys import LEAVES, bounds_of, choices_of, edit_of, fields_of, find, is_optional, kind_of, locked_by
from kagami.config import Document
from kagami.errors import UnknownSetting


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("gateway.port", ("gateway", "port")),
        ("plugins.http", ("plugins", "http")),
        ("bots.3", ("bots", 3)),
        ("bots.3.pace.chat_per_second", ("bots", 3, "pace", "chat_per_second")),
        ("plugins.settings.com.example.book.days", ("plugins", "settings", "com.example.book", "days")),
        ("plugins.rename.echo.echo", ("plugins", "rename", "echo", "echo")),
    ],
)
def test_every_key_has_a_place(key: str, path: tuple[str | int, ...]) -> None:
    assert find(key).path == path


@pytest.mark.parametrize(
    "key", ["", "port", "gateway.port.x", "bots.x.url", "bots.0.colour", "gateway.", "home", "file"]
)
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(UnknownSetting):
        find(key)


def test_every_leaf_is_found_and_has_a_form() -> None:
    for key, kind in LEAVES.items():
        assert find(key).kind == kind
        assert kind_of(kind)
    assert {name for name, _, _ in fields_of(Document)} == set(LEAVES)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("gateway.query_token", "bool"),
        ("gateway.port", "int"),
        ("pace.account_per_second", "float"),
        ("prefix", "text"),
        ("gateway.token", "secret"),
        ("log.level", "choice"),
        ("admins", "list"),
        ("hub.retry_after", "list"),
        ("bots", "table"),
        ("plugins.settings", "table"),
    ],
)
def test_a_type_has_a_form(key: str, kind: str) -> None:
    assert kind_of(LEAVES[key]) == kind


def test_bounds_and_choices_are_those_of_the_type() -> None:
    assert bounds_of(LEAVES["gateway.port"]) == (0, None, 65_535)
    assert bounds_of(LEAVES["onebot11.call_seconds"]) == (None, 0, 600)
    assert bounds_of(LEAVES["prefix"]) == (None, None, None)
    assert choices_of(LEAVES["language"]) == ("", "en", "zh")
    assert is_optional(LEAVES["pace.chat_per_second"])
    assert not is_optional(LEAVES["gateway.port"])


def test_texts_are_read_as_the_type_says() -> None:
    assert edit_of("admins", "qq:1, qq:2").value == ["qq:1", "qq:2"]
    assert edit_of("gateway.query_token", "yes").value is True
    assert edit_of("prefix", "1").value == "1"


@pytest.mark.parametrize(
    ("key", "origin"),
    [("gateway.port", "environment WS_PORT"), ("gateway", "environment WS_PORT"), ("gateway.portal", ""), ("web", "")],
)
def test_what_a_variable_gives_is_locked_with_what_holds_it(key: str, origin: str) -> None:
    assert locked_by(key, {"gateway.port": "environment WS_PORT", "web.port": "kagami.toml:3"}) == origin
