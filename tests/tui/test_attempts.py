from __future__ import annotations

from collections.abc import Sequence

from kagami.core.script import Step, Who
from kagami.model.trace import Mark
from kagami.ports import Deed, Tried
from kagami.tui.attempts import Attempt, attempt_lines, compared_lines, entries_of
from kagami.tui.looks import looks
from kagami.tui.widgets.painted import Line

LOOKS = looks("full", "night")
WHO = Who("1", "group:2", "ann")


def tried(said: str = "12", **values: object) -> Tried:
    marks = Mark("plugin", 5), Mark("send", 90), Mark("answer", 150), Mark("send", 200)
    deeds = Deed("send", "how many?", "here", 100), Deed("send", said, "here", 210)
    return Tried("handled", "com.example.dice@1.0", 900, marks, deeds, answered=1, **values)  # type: ignore[arg-type]


def shown(lines: Sequence[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_what_was_answered_stands_where_it_was_asked() -> None:
    attempt = Attempt("dry1", 5, WHO, "/roll", tried=tried(), answers=["3"])
    assert attempt.steps() == [
        Step("says", "/roll", WHO),
        Step("hears", "how many?"),
        Step("says", "3", WHO),
        Step("hears", "12"),
    ]
    entries = entries_of(attempt, LOOKS, str)
    assert [each.key for each in entries] == ["dry1.0", "dry1.1", "dry1.2", "dry1.3"]
    assert [each.who for each in entries] == ["ann", "→ dice", "ann", "→ dice"]


def test_what_has_not_ended_says_so() -> None:
    assert "being tried" in shown(attempt_lines(Attempt("dry1", 5, WHO, "/roll"), 40, LOOKS, str))


def test_only_what_differs_between_two_versions_is_marked() -> None:
    same = shown(compared_lines(tried(), tried(), 80, LOOKS, str))
    assert "Both do the same." in same
    assert LOOKS.glyphs.attention not in same
    other = shown(compared_lines(tried(), tried("13"), 80, LOOKS, str))
    assert "They differ" in other
    assert [line for line in other.split("\n") if LOOKS.glyphs.attention in line] == [
        line for line in other.split("\n") if "13" in line
    ]
