"""What the eye has chosen, kept from one console to the next."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

VERSION = 1
MOST_HOMES = 50


class State(msgspec.Struct, omit_defaults=True):
    """Empty texts mean: not chosen. Unknown fields of a newer console are ignored."""

    version: int = VERSION
    place: str = ""  # of this console, not kept: `places` has the last one of each home, by `home_key`
    places: dict[str, str] = {}
    language: str = ""
    theme: str = ""
    glyphs: str = ""
    density: str = ""
    filters: dict[str, str] = {}  # by place, as its `filter_text` says it
    sorts: dict[str, str] = {}  # by table, as `LiveTable.order` says it
    views: dict[str, list[str]] = {}  # by place: filters that were kept
    keys: dict[str, str] = {}  # by an action's id: other keys than the shipped ones, with commas
    tips: list[str] = []  # places whose tip was shown
    tips_off: bool = False
    commands: list[str] = []
    typed: dict[str, list[str]] = {}  # by place: filters that were typed

    def at(self, home: str) -> State:
        """The state as a console of this home begins with it."""
        return msgspec.structs.replace(self, place=self.places.get(home, ""))

    def left(self, home: str) -> State:
        """The state to keep after a console of this home; looks belong to the person, the place to the home."""
        others = [(each, place) for each, place in self.places.items() if each != home]
        return msgspec.structs.replace(self, place="", places=dict([*others, (home, self.place)][-MOST_HOMES:]))


def state_path(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/kagami/console.json`."""
    folder = environ.get("XDG_STATE_HOME")
    return (Path(folder) if folder else Path.home() / ".local" / "state") / "kagami" / "console.json"


def home_key(home: str) -> str:
    """What stands for a home: its path may be long and is nobody's business."""
    return blake2b(os.path.realpath(home).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def read(text: str) -> State:
    """The state in a JSON text, or a new one for a text that is none."""
    try:
        return msgspec.json.decode(text, type=State)
    except msgspec.MsgspecError:
        return State()


def load(path: Path) -> tuple[State, str]:
    """The state and, when the file could not be used, why."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State), ""
    except FileNotFoundError:
        return State(), ""
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return State(), f"{path}: {error}"


def save(path: Path, state: State) -> str:
    """Replace the file in one step; the reason when that failed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".console")
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(state)))
        Path(name).replace(path)
    except OSError as error:
        return f"{path}: {error}"
    return ""
