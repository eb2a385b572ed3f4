from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.extra.chat.speech import JOINER, harmless, pieces, plain


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("  hello \n", "hello"),
        ("<think>secret plans</think>\n\nhello", "hello"),
        ("<think>never ends", ""),
        ("a\x1b[31mb\u202ec\r\n", "a[31mbc"),
        ("👨‍👩‍👧 一家", "👨‍👩‍👧 一家"),
    ],
)
def test_an_answer_is_plain_text(answer: str, text: str) -> None:
    assert plain(answer, 100) == text


def test_an_answer_has_a_longest_length() -> None:
    assert plain("x" * 500, 100) == "x" * 99 + "…"


@pytest.mark.parametrize("text", ["@all hi", "hi @全体成员", "@ everyone", "＠所有人", "@here", "@ALL", "@all大家"])
def test_nobody_calls_everybody(text: str) -> None:
    made = harmless(text)
    assert f"@{JOINER}" in made
    assert text not in made


@pytest.mark.parametrize("text", ["@allan knows", "ada@example.com", "write @ada"])
def test_one_person_may_be_named(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["/ban 1", "#reload", "!kick", "。禁言"])
def test_no_message_begins_like_a_command(text: str) -> None:
    made = harmless(text)
    assert made == JOINER + text
    assert made.strip() == made


@pytest.mark.parametrize(
    ("text", "code"),
    [("[CQ:at,qq=all]", "[CQ:"), ("(met)all(met)", "(met)"), ('<at user_id="all">', "<at"), ("<@everyone>", "<@")],
)
def test_codes_of_platforms_are_broken(text: str, code: str) -> None:
    assert code not in harmless(f"x {text}")


@pytest.mark.parametrize(
    ("text", "longest", "split"),
    [
        ("short", 20, ["short"]),
        ("", 20, []),
        ("first part\n\nsecond part", 20, ["first part", "second part"]),
        ("a\n\nb\n\nc", 20, ["a\n\nb\n\nc"]),
        ("first line here\nsecond line", 20, ["first line here", "second line"]),
        ("One sentence. Two sentences.", 20, ["One sentence.", "Two sentences."]),
        ("今天天气很好。我们出去走走吧。", 10, ["今天天气很好。", "我们出去走走吧。"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
    ],
)
def test_a_long_text_is_split_where_it_pauses(text: str, longest: int, split: list[str]) -> None:
    assert pieces(text, longest) == split


@given(st.text(st.sampled_from("ab 。\n.,"), max_size=300), st.integers(20, 60))
def test_no_piece_is_too_long_and_nothing_is_lost(text: str, longest: int) -> None:
    found = pieces(text, longest)
    assert all(0 < len(piece) <= longest for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())
