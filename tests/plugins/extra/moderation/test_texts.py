from __future__ import annotations

import pytest

from kagami.plugins.extra.moderation.rules import Language
from kagami.plugins.extra.moderation.texts import say, say_value


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_people_wrote_is_never_a_template(language: Language) -> None:
    assert "{0.__class__}" in say(language, "bad_value", value="{0.__class__}")


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "on"), (False, "off"), (6, "6"), ("", "(none)"), ([], "(none)"), ("mute", "mute")]
)
def test_values_are_shown_as_people_read_them(value: object, shown: str) -> None:
    assert say_value("en", value) == shown


def test_a_deed_has_its_chinese_name() -> None:
    assert say_value("zh", "mute") == "禁言"


def test_several_values_are_shown_side_by_side() -> None:
    assert say_value("en", ["a.com", "b.com"]) == "a.com b.com"
