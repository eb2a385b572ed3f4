from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from kagami.errors import SettingError
from kagami.plugins.settings import Settings, fields, read_settings
from kagami.ports import Field


class BookSettings(Settings):
    key: str
    max_days: Annotated[int, msgspec.Meta(ge=1)] = 7
    mode: Literal["day", "night"] = "day"
    cities: tuple[str, ...] = ()


def test_defaults_fill_what_is_not_given() -> None:
    settings = read_settings(BookSettings, {"key": "k"}, "book")
    assert (settings.max_days, settings.mode, settings.cities) == (7, "day", ())


def test_numbers_may_be_texts_as_the_environment_gives_them() -> None:
    assert read_settings(BookSettings, {"key": "k", "max_days": "3"}, "book").max_days == 3


@pytest.mark.parametrize(
    ("given", "key", "says"),
    [
        ({}, "plugins.settings.book.key", "it has no default"),
        ({"key": "k", "max_day": 3}, "plugins.settings.book.max_day", "Its settings are: key, max_days"),
        ({"key": "k", "max_days": 0}, "plugins.settings.book.max_days = 0", ">= 1"),
        ({"key": "k", "max_days": "many"}, "plugins.settings.book.max_days = •••", "Expected `int`"),
        ({"key": "k", "mode": "noon"}, "plugins.settings.book.mode = •••", "noon"),
        ({"key": "k", "cities": [1]}, "plugins.settings.book.cities[0]", "Expected `str`"),
    ],
)
def test_a_wrong_setting_names_its_key_and_the_fix(given: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(BookSettings, given, "book")
    assert key in str(caught.value)
    assert says in str(caught.value)


def test_a_plugin_without_settings_has_none() -> None:
    with pytest.raises(SettingError, match="Its settings are: none"):
        read_settings(Settings, {"x": 1}, "echo")


def test_settings_cannot_be_changed() -> None:
    settings = read_settings(BookSettings, {"key": "k"}, "book")
    with pytest.raises(AttributeError):
        settings.max_days = 9


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


class FormSettings(Settings):
    key: str
    days: Annotated[int, msgspec.Meta(gt=0, le=7, description="Longest trip")] = 7
    share: Annotated[float, msgspec.Meta(ge=0.5)] | None = None
    mode: Literal["day", "night"] = "day"
    mood: Mood = Mood.BAD
    cities: tuple[str, ...] = ("Oslo",)
    table: dict[str, int] = msgspec.field(default_factory=dict)
    loud: bool = False


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("key", Field("key", "text", value="k", required=True, origin="file")),
        ("days", Field("days", "int", value=7, default=7, text="Longest trip", least=1, most=7)),
        ("share", Field("share", "float", least=0.5)),
        ("mode", Field("mode", "choice", value="night", default="day", choices=("day", "night"), origin="file")),
        ("mood", Field("mood", "choice", value="bad", default="bad", choices=("good", "bad"))),
        ("cities", Field("cities", "list", value=["Oslo"], default=["Oslo"])),
        ("table", Field("table", "json", value={}, default={})),
        ("loud", Field("loud", "bool", value=False, default=False)),
    ],
)
def test_a_form_has_a_field_for_every_setting(name: str, field: Field) -> None:
    made = {each.name: each for each in fields(FormSettings, {"key": "k", "mode": "night"}, lambda _: "file")}
    assert list(made) == [each.name for each in msgspec.structs.fields(FormSettings)]
    shown = msgspec.to_builtins(made[name])
    assert shown == msgspec.to_builtins(field)


def test_a_text_that_may_be_a_secret_is_not_shown() -> None:
    for given in ({"key": "k", "api_kye": "sk-123"}, {"key": "sk-123", "max_days": "sk-123"}, {"key": ["sk-123"]}):
        with pytest.raises(SettingError) as caught:
            read_settings(BookSettings, given, "book")
        assert "sk-123" not in str(caught.value)


def test_a_limit_and_a_text_may_be_said_apart() -> None:
    class Parted(Settings):
        days: Annotated[Annotated[int, msgspec.Meta(ge=1, le=9)], msgspec.Meta(description="Days")] = 7

    (field,) = fields(Parted, {})
    assert (field.text, field.least, field.most) == ("Days", 1, 9)
