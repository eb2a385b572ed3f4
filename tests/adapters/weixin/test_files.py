"""Files that can still be fetched later, by names that say nothing."""

from __future__ import annotations

import pytest

from kagami.adapters.weixin import files as module
from kagami.adapters.weixin.codec import Place
from kagami.adapters.weixin.files import Files
from kagami.errors import Refused
from kagami.model.ids import BotId
from kagami.testing.adapters import NotedMemory, Notes

BOT = BotId("weixin:1")
PLACE = Place("https://cdn.example/x?token=t", "param", "ab" * 16)


def files(notes: Notes | None = None) -> Files:
    return Files(BOT, NotedMemory(notes or Notes()))


def place(number: int) -> Place:
    return PLACE._replace(param=str(number))


def test_a_name_says_nothing_of_its_place() -> None:
    name = files().put(PLACE, 1)
    assert name.startswith("ilink:")
    assert bytes.fromhex(name.removeprefix("ilink:"))


def test_a_file_is_found_by_its_name() -> None:
    one = files()
    assert one.find(one.put(PLACE, 1)) == PLACE


def test_a_name_that_somebody_made_up_finds_nothing() -> None:
    with pytest.raises(Refused):
        files().find("ilink:eyJ9")


async def test_a_file_is_found_after_a_restart() -> None:
    notes, one = Notes(), files()
    name = one.put(PLACE, 1)
    await NotedMemory(notes).write(BOT, one.changes())
    notes.values[BOT, "file/odd"] = "[]"
    again = files(notes)
    await again.load()
    assert again.find(name) == PLACE


async def test_the_oldest_are_forgotten_also_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    notes, one = Notes(), files()
    names = [one.put(place(number), number) for number in (3, 1, 2)]
    await NotedMemory(notes).write(BOT, one.changes())
    again = files(notes)
    await again.load()
    again.put(place(4), 4)
    assert again.find(names[2]) == place(2)
    for gone in names[:2]:
        with pytest.raises(Refused):
            again.find(gone)
    await NotedMemory(notes).write(BOT, again.changes())
    assert len(notes.values) == 2


def test_changes_are_told_once() -> None:
    one = files()
    one.put(PLACE, 1)
    assert len(one.changes()) == 1
    assert one.changes() == {}
