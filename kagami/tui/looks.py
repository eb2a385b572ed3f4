"""How things look: three tiers of glyphs and four of colours, chosen once at start and changed live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rich.style import Style
from textual.theme import Theme

from kagami.tui.format import Tier

Role = Literal[
    "text", "dim", "strong", "good", "warn", "bad", "accent", "title", "key", "frame", "focus", "cursor", "hit", "bar",
    "light", "modules",
]  # fmt: skip
TIERS: tuple[Tier, ...] = ("full", "safe", "ascii")
THEMES = ("night", "paper", "ansi")
DENSE = "dense"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of one tier, each one cell wide in the terminals that the tier is for.

    `frame` and `focus` are the six parts of a box: top left, horizontal, top right, vertical, bottom left and bottom
    right. A sign never stands alone: a word beside it says the same.
    """

    tier: Tier
    brand: str
    online: str
    troubled: str
    offline: str
    failed: str
    attention: str
    ok: str
    row: str
    here: str
    more: str
    less: str
    rewound: str
    to: str
    crumb: str
    link: str
    dash: str
    rule: str
    rail: str
    full: str
    empty: str
    ellipsis: str
    frame: str
    focus: str
    braille: bool


_FULL = Glyphs(
    tier="full",
    brand="◈",
    online="●",
    troubled="◐",
    offline="○",
    failed="✗",
    attention="!",
    ok="✓",
    row="▶",
    here="▌",
    more="▼",
    less="▲",
    rewound="◀",
    to="→",
    crumb="▸",
    link="⇄",
    dash="—",
    rule="─",
    rail="│",
    full="▓",
    empty="░",
    ellipsis="…",
    frame="╭─╮│╰╯",
    focus="┏━┓┃┗┛",
    braille=True,
)
# Only neutral and narrow characters beyond ASCII: ✓ ✗ and braille are one cell everywhere.
_SAFE = Glyphs(
    tier="safe",
    brand="*",
    online="*",
    troubled="~",
    offline="o",
    failed="✗",
    attention="!",
    ok="✓",
    row=">",
    here="|",
    more="v",
    less="^",
    rewound="<",
    to="->",
    crumb=">",
    link="<>",
    dash="-",
    rule="-",
    rail="|",
    full="#",
    empty=".",
    ellipsis="~",
    frame="+-+|++",
    focus="#=####",
    braille=True,
)
_ASCII = Glyphs(
    tier="ascii",
    brand="*",
    online="*",
    troubled="~",
    offline="o",
    failed="x",
    attention="!",
    ok="+",
    row=">",
    here="|",
    more="v",
    less="^",
    rewound="<",
    to="->",
    crumb=">",
    link="<>",
    dash="-",
    rule="-",
    rail="|",
    full="#",
    empty=".",
    ellipsis="~",
    frame="+-+|++",
    focus="#=####",
    braille=False,
)
GLYPHS: Mapping[Tier, Glyphs] = {"full": _FULL, "safe": _SAFE, "ascii": _ASCII}


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of one theme by what they say; `ground` and `raised` are backgrounds."""

    ground: str
    raised: str
    chosen: str
    text: str
    dim: str
    strong: str
    good: str
    warn: str
    bad: str
    accent: str
    frame: str


_INKS: Mapping[str, Inks] = {
    "night": Inks(
        ground="#11151a",
        raised="#1a2027",
        chosen="#26415c",
        text="#c9d1d9",
        dim="#7d8894",
        strong="#f0f4f8",
        good="#7ee08f",
        warn="#e6b450",
        bad="#ff7b72",
        accent="#6cb6ff",
        frame="#424c57",
    ),
    "paper": Inks(
        ground="#faf8f3",
        raised="#f0ece2",
        chosen="#cfe0f2",
        text="#2b3036",
        dim="#6d737a",
        strong="#0b0d10",
        good="#1a6e2e",
        warn="#8a5a00",
        bad="#b3261e",
        accent="#0b5cad",
        frame="#b9b4a8",
    ),
    "ansi": Inks(
        ground="ansi_default",
        raised="ansi_default",
        chosen="ansi_default",
        text="ansi_default",
        dim="ansi_default",
        strong="ansi_default",
        good="ansi_green",
        warn="ansi_yellow",
        bad="ansi_red",
        accent="ansi_cyan",
        frame="ansi_default",
    ),
}


@dataclass(frozen=True, slots=True)
class Looks:
    """What widgets paint with: `looks.glyphs.online`, `looks.style("good")`. `dense`: no rows and cells for air.

    `text` is the tier for foreign text: `ascii` only where the terminal takes nothing else, even when the glyphs are.
    """

    glyphs: Glyphs
    text: Tier
    theme: str
    styles: Mapping[str, Style]
    dense: bool = False

    def style(self, role: str) -> Style:
        return self.styles[role]


def looks(tier: Tier, theme: str, text: Tier | None = None, *, dense: bool = False) -> Looks:
    # Who gets no ambiguous signs of ours shall get none in foreign text either.
    letters = "safe" if text == "full" and tier != "full" else text or tier
    return Looks(GLYPHS[tier], letters, theme, _styles(theme), dense)


def theme(name: str) -> Theme:
    """Textual's side of a theme: the grounds and what its own widgets use."""
    ink = _INKS[name]
    variables = {"raised": ink.raised, "chosen": ink.chosen, "frame": ink.frame, "dim": ink.dim, "ground": ink.ground}
    if name == "ansi":
        variables |= {
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "border-blurred": "ansi_default",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
            "screen-selection-background": "ansi_blue",
            "screen-selection-foreground": "ansi_white",
            "input-cursor-text-style": "none",
            "input-cursor-background": "ansi_white",
            "input-cursor-foreground": "ansi_black",
            "input-selection-background": "ansi_blue",
            "input-selection-foreground": "ansi_white",
        }
    return Theme(
        name=f"kagami-{name}",
        primary=ink.accent,
        secondary=ink.accent,
        warning=ink.warn,
        error=ink.bad,
        success=ink.good,
        accent=ink.accent,
        foreground=ink.text,
        background=ink.ground,
        surface=ink.ground,
        panel=ink.raised,
        dark=name != "paper",
        ansi=name == "ansi",
        variables=variables,
    )


def _styles(name: str) -> dict[str, Style]:
    ink = _INKS[name]
    if name == "ansi":
        return {role: Style.parse(words) for role, words in _ANSI.items()}
    return {
        "ground": Style(bgcolor=ink.ground),
        "text": Style(color=ink.text),
        "dim": Style(color=ink.dim),
        "strong": Style(color=ink.strong, bold=True),
        "good": Style(color=ink.good),
        "warn": Style(color=ink.warn),
        "bad": Style(color=ink.bad),
        "accent": Style(color=ink.accent),
        "title": Style(color=ink.strong, bold=True),
        "key": Style(color=ink.accent, bold=True),
        "frame": Style(color=ink.frame),
        "focus": Style(color=ink.accent),
        "cursor": Style(bgcolor=ink.chosen),
        "hit": Style(color=ink.ground, bgcolor=ink.warn),
        "bar": Style(bgcolor=ink.raised),
        # Of QR codes, which are black on white whatever the theme: cameras need all of the contrast.
        "light": Style(color="#ffffff", bgcolor="#ffffff"),
        "modules": Style(color="#ffffff", bgcolor="#000000"),
    }


# Never `dim`: half of the terminals make it unreadable and the Linux console paints it green.
_ANSI = {
    "ground": "none",
    "text": "none",
    "dim": "none",
    "strong": "bold",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "accent": "cyan",
    "title": "bold",
    "key": "bold",
    "frame": "none",
    "focus": "cyan",
    "cursor": "reverse",
    "hit": "reverse",
    "bar": "none",
    "light": "bright_white on bright_white",
    "modules": "bright_white on black",
}


def text_tier(environ: Mapping[str, str], *, encoding: str, wide: bool) -> Tier:
    """What foreign text may be shown as."""
    if "utf" not in encoding.lower() or environ.get("TERM") in {"linux", "vt100", "vt220"}:
        return "ascii"
    return "safe" if wide else "full"


def tier_for(wanted: str | None, environ: Mapping[str, str], *, encoding: str, wide: bool) -> Tier:
    """The tier that was asked for, else what the terminal can show; `wide`: `▀` took two cells."""
    for tier in TIERS:
        if tier == wanted:
            return tier
    return text_tier(environ, encoding=encoding, wide=wide)


def theme_for(wanted: str | None, environ: Mapping[str, str]) -> str:
    """The theme that was asked for, else `ansi` where colours are few or unwanted, else `night`."""
    if environ.get("NO_COLOR"):
        return "ansi"
    if wanted in THEMES:
        return wanted
    return "ansi" if environ.get("TERM", "") in {"linux", "vt100", "vt220", "xterm", ""} else "night"
