from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from kagami.tui import format as fmt
from kagami.tui.format import Tier, fit, fold, pad, rows, visible, wrap

TIERS: tuple[Tier, ...] = ("full", "safe", "ascii")
BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# Any text, and text that is mostly made of what is dangerous.
NASTY = st.sampled_from(
    "\x1b\x07\x9b\x9d\x90\x7f\r\n\t\u202e\u2066\u200b\u200d\ufe0f\ufeff\u2028\u0301\u3164[]aé你❤👩👧🏽🇨🇳\udc80\U000e0041"
)
TEXTS = st.one_of(st.text(st.characters(codec=None), max_size=80), st.text(NASTY, max_size=80))
tiers = st.sampled_from(TIERS)


@given(TEXTS, tiers)
def test_no_character_of_any_text_can_steer_a_terminal(text: str, tier: Tier) -> None:
    for character in visible(text, tier):
        code = ord(character)
        assert code >= 0x20
        assert not 0x7F <= code <= 0x9F
        assert code not in BIDI
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(TEXTS, tiers)
def test_doing_it_again_changes_nothing(text: str, tier: Tier) -> None:
    once = visible(text, tier)
    assert visible(once, tier) == once


@given(TEXTS)
def test_the_ascii_tier_is_ascii(text: str) -> None:
    assert visible(text, "ascii").isascii()


@given(TEXTS)
def test_the_width_of_a_visible_text_is_the_sum_of_its_characters(text: str) -> None:
    shown = visible(text)
    assert cell_len(shown) == sum(map(get_character_cell_size, shown))


@given(TEXTS)
def test_no_character_carries_more_than_eight_marks(text: str) -> None:
    run = 0
    for character in visible(text):
        run = 0 if get_character_cell_size(character) else run + 1
        assert run <= fmt.MOST_MARKS


@given(TEXTS, st.integers(0, 40), tiers)
def test_fitted_text_never_takes_more_than_its_space(text: str, space: int, tier: Tier) -> None:
    assert cell_len(fit(text, space, tier)) <= space


@given(TEXTS, st.integers(0, 40), tiers, st.sampled_from(["left", "right"]))
def test_padded_text_takes_exactly_its_space(text: str, space: int, tier: Tier, align: fmt.Align) -> None:
    assert cell_len(pad(text, space, align, tier)) == space


@given(TEXTS, st.integers(2, 30))
def test_folding_keeps_everything_but_spaces(text: str, space: int) -> None:
    shown = visible(text)
    pieces = fold(shown, space)
    assert all(cell_len(piece) <= space for piece in pieces)
    assert "".join(pieces).replace(" ", "") == shown.replace(" ", "")


def test_the_plain_ranges_hold_only_printable_characters_of_one_or_two_cells() -> None:
    plain = [chr(code) for code in range(0x110000) if not fmt._ODD.match(chr(code))]
    assert len(plain) > 80_000
    assert [c for c in plain if not c.isprintable() and c != "\u3000"] == []
    assert [c for c in plain if get_character_cell_size(c) not in {1, 2}] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("北京 12°C 多云", "北京 12°C 多云"),
        ("a\x1b]52;c;x\x07b", "a␛]52;c;x␇b"),
        ("\x9b31m", "⟦CSI⟧31m"),
        ("gpj.\u202eexe", "gpj.⟦RLO⟧exe"),
        ("two\r\nlines", "two␍↵lines"),
        ("ad\u200bmin", "ad⟦ZWSP⟧min"),
        ("\ud83d", "⟦D83D⟧"),
        ("\x00\x7f", "␀␡"),
        ("no\xa0break\u3000wide", "no break\u3000wide"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽", "👨👩👧 ❤ 👍"),
        ("🇨🇳", "⟦C⟧⟦N⟧"),
        ("\u0301a", "◌\u0301a"),
        ("e" + "\u0301" * 20, "e" + "\u0301" * 8),
        ("\u3164", "⟦3164⟧"),
        ("[/x][@click=app.quit]x[/]", "[/x][@click=app.quit]x[/]"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_the_ascii_tier_keeps_the_width_of_wide_characters() -> None:
    assert visible("你好 ok\x1b", "ascii") == "???? ok^["


def test_the_safe_tier_has_no_ambiguous_quotes() -> None:
    assert visible("“北京”…", "safe") == '"北京".'


@pytest.mark.parametrize("character", ["x", "字", "\x1b", "\u0301", "👩", "\u202e"])
@pytest.mark.parametrize("tier", TIERS)
def test_ten_megabytes_are_cut_with_a_count_and_at_once(character: str, tier: Tier) -> None:
    text = character * 10_000_000
    visible(text, tier)
    before = time.thread_time()
    shown = visible(text, tier)
    assert time.thread_time() - before < 0.05
    assert len(shown) <= fmt.LINE_LIMIT
    assert shown[-10:].strip("⟦⟧<>").split("+")[-1].isdigit()


def test_the_count_and_what_is_shown_make_up_the_whole() -> None:
    shown, _, left = visible("x" * 10_000).rstrip("⟧").partition("⟦+")
    assert len(shown) + int(left) == 10_000


def test_a_wide_character_is_never_cut_in_half() -> None:
    assert fit("北京天气", 5) == "北京…"
    assert fit("北京天气", 4) == "北…"
    assert fit("北京天气", 8) == "北京天气"


def test_padding_aligns() -> None:
    assert pad("北", 4) == "北  "
    assert pad("412", 5, "right") == "  412"


def test_rows_split_lines_and_expand_tabs() -> None:
    assert rows("a\tb\r\n\x1b[31mc") == ["a   b", "␛[31mc"]


def test_rows_say_how_many_they_leave_out() -> None:
    assert rows("x\n" * 20, most=3) == ["x", "x", "x", "⟦+35⟧"]


def test_wrapping_breaks_at_a_space_where_there_is_one() -> None:
    assert wrap("hello world 你好世界", 11) == ["hello world", "你好世界"]
    assert wrap("", 10) == [""]


def test_a_long_text_of_many_lines_is_wrapped_at_once() -> None:
    text = ("字" * 5_000 + "\n") * 2_000
    wrap("warm", 40)
    before = time.thread_time()
    assert len(wrap(text, 40)) < 5_000
    assert time.thread_time() - before < 0.1


@pytest.mark.parametrize(
    ("text", "space", "expected"),
    [
        ("拒绝了我们的凭据：Unauthorized (401)", 24, ["拒绝了我们的凭据：", "Unauthorized (401)"]),
        ("隐藏电话号码和姓名等。", 20, ["隐藏电话号码和姓名", "等。"]),
        ("重新复制令牌到bots.token里", 20, ["重新复制令牌到", "bots.token里"]),
        ("它会自己尝试测试", 14, ["它会自己尝试", "测试"]),
        ("选择其中（甲或乙）", 10, ["选择其中", "（甲或乙）"]),
    ],
)
def test_chinese_is_broken_where_a_line_may_end(text: str, space: int, expected: list[str]) -> None:
    assert fold(text, space) == expected
