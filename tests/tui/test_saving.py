from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from textual.widget import Widget

from kagami.tui.saving import Page, Saving, exports
from tests.tui.pilot import until
from tests.tui.stand import Stand


def shell() -> Stand:
    return Stand(lambda _: Widget(), "full")


async def pages(*texts: str) -> AsyncIterator[Page]:
    for place, text in enumerate(texts, 1):
        yield Page(text, text.count("\n"), place / len(texts))


async def test_pages_become_one_file_that_only_its_owner_reads() -> None:
    stand = shell()
    for _ in range(2):
        await Saving(stand).save("kagami-logs", "log", pages("a\nb\n", "你好\n"))
    first, second = sorted(exports(os.environ).iterdir())
    assert (first.read_text("utf-8"), first.stat().st_mode & 0o777) == ("a\nb\n你好\n", 0o600)
    assert second.name == first.name.replace(".log", "-2.log") or first.name == second.name.replace(".log", "-2.log")
    assert stand.said == ["Exported 3 rows, 11B"] * 2


async def test_progress_is_told_and_a_cancelled_export_leaves_nothing() -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[Page]:
        yield Page("a\n", 1, 0.42)
        await gate.wait()
        yield Page("b\n", 1)

    saving = Saving(shell())
    work = asyncio.create_task(saving.save("x", "log", slow()))
    await until(lambda: "42%" in saving.words())
    assert "exporting 1 rows, 2B" in saving.words()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (saving.words(), list(exports(os.environ).iterdir())) == ("", [])


async def test_a_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    stand = shell()
    saving = Saving(stand)
    await saving.save("x", "log", pages("a\n"))
    assert (stand.said, saving.running) == (["Nothing was exported"], False)
