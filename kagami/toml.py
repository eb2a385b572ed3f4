"""Edits of a parsed TOML document that leave comments where people put them."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Comment, InlineTable, Item, Null, Table, Whitespace

Trail = list[Whitespace | Comment]


def edit_toml(document: tomlkit.TOMLDocument, path: tuple[str | int, ...], value: Any) -> None:
    """Set what stands at `path` (names of tables, places of lists), or remove it when `value` is None."""
    place: Any = document
    for depth, name in enumerate(path[:-1]):
        if isinstance(name, str) and name not in place:
            if value is None:
                return
            _put(place, name, _made_for(path[depth + 1], last=depth == len(path) - 2))
        place = place[name]
    last = path[-1]
    if value is not None:
        _set(place, last, value)
    elif isinstance(last, int) or last in place:
        del place[last]


def _set(place: Any, last: str | int, value: Any) -> None:
    if isinstance(last, int) and last == len(place):
        _append(place, value)
    elif isinstance(place, dict) and last in place:
        place[last] = _in_array(place[last], value) if isinstance(place[last], Array) else value
    else:
        _put(place, last, value)


def _made_for(following: str | int, *, last: bool) -> Table | AoT:
    """What holds the next part of a path."""
    return tomlkit.aot() if isinstance(following, int) else tomlkit.table(is_super_table=not last)


def _put(place: Any, name: str | int, value: Any) -> None:
    """Behind the last key of a table, before the comments that lead over to the next one."""
    trail = _trail(place.value.body) if isinstance(place, Table) and not isinstance(value, Table | AoT) else []
    place[name] = value
    for each in trail:
        place.add(each)


def _append(place: Any, value: Any) -> None:
    """One more element of a list of tables, or of a list."""
    if not isinstance(place, AoT):
        place.append(_inline(value) if isinstance(value, dict) else value)
        return
    table = tomlkit.table()
    for name, each in value.items():
        table[name] = _inline(each) if isinstance(each, dict) else each
    trail = _trail(place[-1].value.body) if len(place) else []
    table.trivia.indent = "\n"
    place.append(table)
    for each in trail or [tomlkit.nl()]:
        place[-1].add(each)


def _inline(value: dict[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _trail(body: list[tuple[Any, Item]]) -> Trail:
    """Take the blank lines and comments off the end of a table's body."""
    trail: Trail = []
    while body and body[-1][0] is None and isinstance(body[-1][1], Whitespace | Comment | Null):
        item = body.pop()[1]
        if isinstance(item, Whitespace | Comment):
            trail.insert(0, item)
    return trail


def _in_array(array: Array, wanted: Any) -> Any:
    """The same array where only something goes or comes at its end, so that the comments of the others stay."""
    if not isinstance(wanted, list):
        return wanted
    kept = [each for each in array.unwrap() if each in wanted]
    if wanted[: len(kept)] != kept or any(isinstance(each, dict) for each in wanted):
        return wanted
    for place in reversed(range(len(array))):
        if array[place] not in wanted:
            del array[place]
    for each in wanted[len(kept) :]:
        array.append(each)
    return array
