"""A person's own keys: `keys` of the state names actions by id, and what each shall be reached by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from textual.keys import Keys, _character_to_key

from kagami.i18n import mark
from kagami.tui.keys import FORBIDDEN, Action

_KEPT = mark("{key} cannot be used: terminals, tmux or browsers keep it")
_UNKNOWN = mark("there is no key {key}")
_TAKEN = mark("{key} is {other} already")
_NAMED = frozenset(each.value for each in Keys) | {"space"}


class Refusal(NamedTuple):
    """Why an action keeps its shipped keys: a marked text with `{key}` and `{other}`."""

    id: str
    text: str
    key: str
    other: str = ""


class Keymap:
    """`wanted`: keys by an action's id, with commas between several. What was refused so far is in `refused`."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.refused: list[Refusal] = []
        self._wanted: dict[str, tuple[str, ...]] = {}
        for action, text in wanted.items():
            keys = tuple(key_name(part) for part in text.split(",") if part) or (key_name(text),)
            refusal = next(filter(None, (_fault(action, key) for key in keys)), None)
            if refusal:
                self.refused.append(refusal)
            else:
                self._wanted[action] = keys

    def of(self, actions: Sequence[Action]) -> tuple[Action, ...]:
        """The same actions with the person's keys; a key that another one of them has is refused."""
        if not any(action.id in self._wanted for action in actions):
            return tuple(actions)
        mine = {action.id: self._wanted.get(action.id, action.keys) for action in actions}
        for action in actions:
            if action.id in self._wanted and (clash := _clash(action.id, mine)):
                self._refuse(clash)
                mine[action.id] = action.keys
        return tuple(replace(action, keys=mine[action.id]) for action in actions)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal not in self.refused:
            self.refused.append(refusal)


def key_name(written: str) -> str:
    """Textual's name of a key as people write it: `^P`, `A`, `?`, `f5`."""
    word = written.strip()
    if len(word) == 1:
        return _character_to_key(word)
    if word.startswith("^"):
        return f"ctrl+{word[1:].lower()}"
    return word.lower()


def _fault(action: str, key: str) -> Refusal | None:
    if key in FORBIDDEN:
        return Refusal(action, _KEPT, key)
    last = key.rpartition("+")[2]
    if not last or (len(last) > 1 and key not in _NAMED and last not in _NAMED and not _is_sign(last)):
        return Refusal(action, _UNKNOWN, key)
    return None


def _is_sign(name: str) -> bool:
    """The name of a punctuation mark, `question_mark`."""
    return any(_character_to_key(chr(code)) == name for code in range(0x21, 0x7F))


def _clash(action: str, mine: Mapping[str, Sequence[str]]) -> Refusal | None:
    for other, keys in mine.items():
        for key in mine[action]:
            if other != action and key in keys:
                return Refusal(action, _TAKEN, key, other)
    return None
