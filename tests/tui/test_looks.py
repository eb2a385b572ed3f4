from __future__ import annotations

from dataclasses import asdict

import pytest
from rich.cells import cell_len
from rich.color import Color

from kagami.tui.looks import GLYPHS, THEMES, TIERS, Glyphs, looks, text_tier, theme, theme_for, tier_for

UTF8 = {"TERM": "xterm-256color"}


def signs(glyphs: Glyphs) -> list[str]:
    named = asdict(glyphs)
    return [sign for name, sign in named.items() if name not in ("tier", "braille", "to", "link")]


@pytest.mark.parametrize("tier", TIERS)
def test_every_sign_is_one_cell_and_a_box_has_six_of_them(tier: str) -> None:
    glyphs = next(each for each in GLYPHS.values() if each.tier == tier)
    assert {cell_len(sign) / len(sign) for sign in signs(glyphs)} == {1.0}
    assert len(glyphs.frame) == len(glyphs.focus) == 6


def test_the_ascii_tier_is_ascii() -> None:
    assert all(sign.isascii() for sign in (*signs(GLYPHS["ascii"]), GLYPHS["ascii"].to, GLYPHS["ascii"].link))


def test_the_safe_tier_has_nothing_that_some_terminals_draw_wide() -> None:
    assert {sign for sign in "".join(signs(GLYPHS["safe"])) if not sign.isascii()} <= {"✓", "✗"}


def test_a_state_has_a_sign_of_its_own_in_every_tier() -> None:
    for glyphs in GLYPHS.values():
        assert len({glyphs.online, glyphs.troubled, glyphs.offline, glyphs.failed, glyphs.attention}) == 5


@pytest.mark.parametrize(
    ("wanted", "environ", "encoding", "wide", "tier"),
    [
        (None, UTF8, "utf-8", False, "full"),
        (None, UTF8, "UTF-8", True, "safe"),
        (None, UTF8, "ascii", False, "ascii"),
        (None, {"TERM": "linux"}, "utf-8", False, "ascii"),
        ("ascii", UTF8, "utf-8", False, "ascii"),
        ("full", {"TERM": "linux"}, "utf-8", True, "full"),
        ("nonsense", UTF8, "utf-8", False, "full"),
    ],
)
def test_the_tier_fits_the_terminal(
    wanted: str | None, environ: dict[str, str], encoding: str, wide: bool, tier: str
) -> None:
    assert tier_for(wanted, environ, encoding=encoding, wide=wide) == tier


def test_ascii_signs_by_wish_leave_foreign_text_alone() -> None:
    assert text_tier(UTF8, encoding="utf-8", wide=False) == "full"


@pytest.mark.parametrize(
    ("wanted", "environ", "name"),
    [
        (None, UTF8, "night"),
        ("paper", UTF8, "paper"),
        ("paper", UTF8 | {"NO_COLOR": "1"}, "ansi"),
        (None, {"TERM": "linux"}, "ansi"),
        (None, {}, "ansi"),
        ("gone", UTF8, "night"),
    ],
)
def test_the_theme_fits_the_terminal(wanted: str | None, environ: dict[str, str], name: str) -> None:
    assert theme_for(wanted, environ) == name


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_paints_the_same_roles(name: str) -> None:
    assert looks("full", name).styles.keys() == looks("full", "night").styles.keys()
    assert theme(name).ansi is (name == "ansi")


def test_the_ansi_theme_has_only_the_terminals_own_colours() -> None:
    colours = [style.color for style in looks("full", "ansi").styles.values() if style.color]
    assert all(each.number is not None and each.number < 16 for each in colours)


def test_no_style_is_italic_or_blinks() -> None:
    for name in THEMES:
        assert not any(style.italic or style.blink or style.dim for style in looks("full", name).styles.values())


def _contrast(one: Color, other: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [each / 255 for each in colour.get_truecolor()]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["night", "paper"])
def test_words_can_be_read_on_their_ground(name: str) -> None:
    styles = looks("full", name).styles
    ground = styles["ground"].bgcolor
    assert ground is not None
    for role in ("text", "dim", "strong", "good", "warn", "bad", "accent", "key"):
        colour = styles[role].color
        assert colour is not None
        assert _contrast(colour, ground) >= 4.5, role
