from __future__ import annotations

import re

import pytest

from kagami.i18n import translator
from kagami.tui.details import detail_text


def bracketed(text: str) -> str:
    """A language in which all that was translated can be seen: words outside of fields stand in brackets."""
    return re.sub(r"(\{\w+\})|([a-z]+(?: [a-z]+)*)", lambda found: found[1] or f"[{found[2]}]", text)


@pytest.mark.parametrize(
    ("stage", "detail", "said"),
    [
        ("frame", "12 bytes", "12 [bytes]"),
        ("route", "no rules", "[no rules]"),
        ("route", "past all rules", "[past all rules]"),
        ("route", "no rule matched", "[no rule matched]"),
        ("route", "rule 4 'weather'", "[rule] 4 'weather'"),
        (
            "route",
            "rule 3 chat:group:1, after rule 1: bench is away, after rule 2: plugin:ask is away: one",
            "[rule] 3 chat:group:1, [after rule] 1: bench [is away], [after rule] 2: plugin:ask [is away]: one",
        ),
        ("route", "rule 1 *: bench is away", "[rule] 1 *: bench [is away]"),
        ("route", "rule 1 *: nobody is there", "[rule] 1 *: [nobody is there]"),
        ("route", "rule 1 text:no rules: sent", "[rule] 1 text:no rules: sent"),
        ("guard", "flood of a user", "[flood of a user]"),
        ("guard", "word no rules in chat:group:1", "[word] no rules [in] chat:group:1"),
        ("guard", "word in love", "[word] in love"),
        ("plugin", "weather@1.4.0: canary 12.50 < 25", "weather@1.4.0: [canary] 12.50 < 25"),
        ("plugin", "weather@1.4.0: pinned by an operator", "weather@1.4.0: [pinned by an operator]"),
        ("commit", "made by an earlier try", "[made by an earlier try]"),
        ("receipt", "unknown", "[unknown]"),
        ("worker", "sent", "sent"),
    ],
)
def test_what_is_ours_is_translated_and_what_is_foreign_stays(stage: str, detail: str, said: str) -> None:
    assert detail_text(stage, detail, bracketed) == said


def test_how_old_it_was_is_said_as_everywhere() -> None:
    assert "秒" in detail_text("late", "it was 400 s old, and weather@1.4.0 takes 300 s", translator("zh"))
