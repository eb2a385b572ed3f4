"""One list of actions: bindings, footer, help, palette and action sheet are all made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

# Terminals send Backspace, Tab, Enter and Esc for the first five; tmux and screen take the next two; browsers keep the
# next three; the last two are full screen and developer tools.
FORBIDDEN = frozenset(
    (
        *("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+left_square_bracket"),
        *("ctrl+b", "ctrl+a", "ctrl+w", "ctrl+t", "ctrl+n", "f11", "f12"),
    )
)

_NAMES = {
    "enter": ("⏎", "Enter"),
    "space": ("␣", "Space"),
    "escape": ("esc", "esc"),
    "tab": ("Tab", "Tab"),
    "shift+tab": ("⇧Tab", "S-Tab"),
    "up": ("↑", "Up"),
    "down": ("↓", "Down"),
    "left": ("←", "Left"),
    "right": ("→", "Right"),
    "shift+left": ("⇧←", "S-Left"),
    "shift+right": ("⇧→", "S-Right"),
    "pageup": ("PgUp", "PgUp"),
    "pagedown": ("PgDn", "PgDn"),
    "home": ("Home", "Home"),
    "end": ("End", "End"),
    "slash": ("/", "/"),
    "ampersand": ("&", "&"),
    "colon": (":", ":"),
    "question_mark": ("?", "?"),
    "left_square_bracket": ("[", "["),
    "right_square_bracket": ("]", "]"),
    "left_curly_bracket": ("{", "{"),
    "right_curly_bracket": ("}", "}"),
    "less_than_sign": ("<", "<"),
    "greater_than_sign": (">", ">"),
    "plus": ("+", "+"),
    "minus": ("-", "-"),
    "full_stop": (".", "."),
    "apostrophe": ("'", "'"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person can do.

    `keys` are Textual's key names, the one to show first; none for what only the palette offers. `label` is the word
    of the footer and `text` the line of help, palette and sheet; both are marked English. `changes` blocks it while
    the engine is away; `row` puts it on the action sheet of the selected row; `hint` shows it in the footer. `scope` is
    the right that it needs, where that is another than its place's.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    text: str
    changes: bool = False
    row: bool = False
    hint: bool = True
    priority: bool = False
    scope: str = ""


def bindings(actions: Iterable[Action]) -> list[Binding]:
    """Bindings whose action is `act('<id>')` of the widget that has them."""
    return [
        Binding(key, f"act('{action.id}')", action.label, show=False, priority=action.priority, id=f"{action.id}.{key}")
        for action in actions
        for key in action.keys
    ]


def writes(key: str) -> bool:
    """Whether a key is a character where one types."""
    return key == "space" or len(shown(key, plain=True)) == 1


def shown(key: str, *, plain: bool = False) -> str:
    """The name of a key for people: `^P`, `⏎`, `F3`; `plain` for terminals without these signs."""
    if key in _NAMES:
        return _NAMES[key][1 if plain else 0]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    return key.upper() if len(key) > 1 else key
