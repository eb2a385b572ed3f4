"""What Textual reads from the environment, once in the life of a process: it has to be there before its import."""

from __future__ import annotations

from collections.abc import MutableMapping

_SWITCHES = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0", "ESCDELAY": "50"}
_THIN = {"TEXTUAL_FPS": "15"}
# What `--color` takes, and what Textual calls it.
COLORS = {"truecolor": "truecolor", "256": "256", "16": "standard", "none": ""}


def set_switches(environ: MutableMapping[str, str], color: str = "auto") -> None:
    """Fewer frames over SSH. A person's own settings win, and what was asked for on the command line wins over them."""
    for name, value in {**_SWITCHES, **(_THIN if environ.get("SSH_CONNECTION") else {})}.items():
        environ.setdefault(name, value)
    if color == "none":
        environ["NO_COLOR"] = "1"
    elif color in COLORS:
        environ.pop("NO_COLOR", None)
        environ["TEXTUAL_COLOR_SYSTEM"] = COLORS[color]


def theme_of(color: str) -> str | None:
    """The theme for so few colours; None where all will do."""
    return "ansi" if color in ("16", "none") else None
