from __future__ import annotations

import pytest

from kagami.operations.guard import Checked, GuardRow
from kagami.operations.imagined import imagined
from kagami.operations.routes import Explained, JudgedRow
from kagami.tui.route_ask import Answer, Asked, checked_lines, explained_lines, line_of, read_asked, spans
from kagami.tui.widgets.painted import Line
from tests.tui.stand import Stand
from tests.tui.world import message_row


def shell() -> Stand:
    return Stand(lambda stand: stand.widget, "full")


def text(lines: list[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("天气 上海", Asked(text="天气 上海")),
        ("user:qq:10002 group:123 天气 上海", Asked("qq:10002", "group:123", text="天气 上海")),
        ("chat:private:7 bot:qq:1 platform:qq  x: y", Asked(chat="private:7", bot="qq:1", platform="qq", text="x: y")),
        ("user: hello", Asked(text="user: hello")),
        ("http://example.com", Asked(text="http://example.com")),
        ("", Asked()),
    ],
)
def test_words_in_front_say_who_and_where(line: str, asked: Asked) -> None:
    assert read_asked(line) == asked


def test_a_message_that_came_is_asked_about_as_it_came() -> None:
    row = message_row(1, "in", "  /weather\n北京 ")
    asked = read_asked(line_of(row))
    event = imagined(user=asked.user, chat=asked.chat, bot=asked.bot, platform=asked.platform, text=asked.text)
    assert (event.user, event.chat, event.bot, event.text) == (row.user, row.chat, row.bot, "/weather 北京")


RULES = [
    JudgedRow(1, "text:a*", "w1", "away", "What it leads to is away."),
    JudgedRow(2, "text:b*", "plugins", "no match"),
    JudgedRow(3, "text:*", "plugin:echo", "wins"),
    JudgedRow(4, "*", "drop", "beaten", "A rule that says more beats one that says less."),
    JudgedRow(5, "user:1", "plugins", "off"),
]


def test_every_rule_has_its_word() -> None:
    told = text(explained_lines(shell(), Answer(Explained("plugin:echo", 3, "rule 3", ["echo"], RULES)), 100))
    assert [line.strip() for line in told.splitlines()] == [
        "→ plugin:echo   rule 3 wins",
        "echo",
        "✓ 3 text:* → plugin:echo  wins",
        "! 1 text:a* → w1  matches, but is passed: What it leads to is away.",
        "◐ 4 * → drop  matches, does not win: A rule that says more beats one that says less.",
        "✗ 2  no match",
        "○ 5  off",
    ]


def test_the_guard_and_the_edits_have_their_say() -> None:
    now, saved = Explained("drop", 1, "", [], [], "word x"), Explained("plugins", 0, "", ["echo"], [])
    told = text(explained_lines(shell(), Answer(now, saved, 2), 100))
    assert "the guard keeps it out before any rule: word x" in told
    assert "judged with your unsaved changes (2)  without them: plugins (no rule)" in told
    same = text(explained_lines(shell(), Answer(now, now, 2), 100))
    assert "without them: the same" in same


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Explained("plugins", 0, "", [], []), "there are no rules"),
        (Explained("plugins", 0, "", [], RULES[1:2]), "no rule leads it elsewhere"),
        (Explained("plugins", 0, "", [], []), "nobody there would do anything with it"),
        (Explained("", 0, "denied", [], []), "→ nobody"),
        (Explained("drop", 4, "", [], []), "drop: nobody gets it   rule 4 wins"),
    ],
)
def test_where_it_goes_is_said_in_words(found: Explained, told: str) -> None:
    assert told in text(explained_lines(shell(), Answer(found), 100))


def test_the_guard_says_what_it_would_do() -> None:
    line = GuardRow("word", "x\x1b[31m", action="warn", where="platform:qq", note="why")
    told = text(checked_lines(shell(), Checked(True, "word x", line), 100))
    assert all(word in told for word in ("kept out by word x␛[31m", "platform:qq", "the sender is told", "why"))
    assert "passes the guard" in text(checked_lines(shell(), Checked(False), 100))


def test_numbers_in_a_row_are_one_span() -> None:
    assert spans([1, 2, 3, 5, 8, 9]) == "1-3 5 8-9"
    assert spans([]) == ""
