from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import NotFound
from kagami.plugins.shadow import LayeredMedia, LayeredValues, NotedLog, Notes
from kagami.ports import StorePut
from kagami.storage.media import MediaFiles
from kagami.testing.chat import MemoryValues


def begun() -> Notes:
    notes = Notes()
    notes.begin()
    return notes


async def test_what_is_written_covers_what_is_kept_and_leaves_it_alone() -> None:
    kept, notes = MemoryValues(), begun()
    await kept.put_many([StorePut("dice", key, '"old"') for key in ("a", "b")])
    values = LayeredValues(kept, notes)
    await values.put_many([StorePut("dice", "a", '"new"'), StorePut("dice", "b", None), StorePut("dice", "c", "1")])
    assert await values.items("dice") == {"a": '"new"', "c": "1"}
    assert [await values.get("dice", key) for key in ("a", "b", "c")] == ['"new"', None, "1"]
    assert await values.keys("dice", "c") == ["c"]
    assert await kept.items("dice") == {"a": '"old"', "b": '"old"'}
    assert [each.text for each in notes.deeds] == ["dice a", "dice b", "dice c"]


async def test_new_files_stay_in_the_runs_own_folder_and_kept_ones_can_be_read(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path / "kept") as kept, MediaFiles(tmp_path / "own") as own:
        before = await kept.keep(b"GIF89a before")
        media = LayeredMedia(kept, own, begun())
        new = await media.keep(b"GIF89a new")
        assert [await media.read(each) for each in (before, new)] == [b"GIF89a before", b"GIF89a new"]
        assert media.path(before).is_file()
        with pytest.raises(NotFound):
            await kept.read(new)
        with pytest.raises(NotFound):
            await media.fetch("https://example.com/cat.png")


def test_only_what_is_done_about_the_event_is_noted() -> None:
    notes = Notes()
    NotedLog("dice", notes).info("loading")
    notes.begin()
    NotedLog("dice", notes).error("failed", cause=ValueError("no"), place="here")
    assert [(each.text, each.detail) for each in notes.deeds] == [("failed place=here", "ValueError: no")]
