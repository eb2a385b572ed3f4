from __future__ import annotations

import pytest

from kagami.i18n import LANGUAGES, choose, mark, translator


def test_a_mark_changes_nothing() -> None:
    assert mark("Bots") == "Bots"


@pytest.mark.parametrize("language", [*LANGUAGES, "never_heard_of"])
def test_an_unknown_text_stays_english(language: str) -> None:
    assert translator(language)("no catalogue holds this {text}") == "no catalogue holds this {text}"


def test_a_language_is_read_once() -> None:
    assert translator("zh") is translator("zh")


@pytest.mark.parametrize(
    ("wanted", "environ", "language"),
    [
        ("zh", {"LANG": "en_US.UTF-8"}, "zh"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh_TW", {}, "zh"),
        (None, {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LC_MESSAGES": "en_GB", "LANG": "zh_CN"}, "en"),
        (None, {"LC_ALL": "", "LANG": "zh_HK.UTF-8"}, "zh"),
        (None, {"LANG": "C"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {}, "en"),
        ("", {}, "en"),
    ],
)
def test_the_language_is_the_first_that_is_named(wanted: str | None, environ: dict[str, str], language: str) -> None:
    assert choose(wanted, environ) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stays_no_text(language: str) -> None:
    """A catalogue keeps its header there."""
    assert translator(language)("") == ""
