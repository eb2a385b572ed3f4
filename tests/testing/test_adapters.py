from __future__ import annotations

import time

import pytest

from kagami.errors import NotFound
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, UserId, execution_id
from kagami.testing.adapters import HoldingIntake, KeptMedia, Notes, QuickClock, open_kit
from kagami.testing.clock import settle

BOT = BotId("kook:1")
EVENT = Event(execution_id(1, 1), BOT, "message", "group", ChatId("group:1"), UserId("2"), 1, "m:1")


async def test_time_passes_faster() -> None:
    clock, began = QuickClock(speed=1000), time.monotonic()
    before = clock.monotonic(), clock.wall_ms()
    await clock.sleep(10)
    assert time.monotonic() - began < 5
    assert clock.monotonic() - before[0] >= 10
    assert clock.wall_ms() - before[1] >= 9_999


async def test_a_disk_that_is_held_up_lets_nothing_end() -> None:
    intake = HoldingIntake()
    intake.hold()
    taking = intake.accept(EVENT, 0.0)
    await settle()
    assert intake.events == [EVENT]
    intake.release()
    assert await taking


async def test_an_event_that_is_known_is_counted() -> None:
    intake = HoldingIntake()
    assert await intake.accept(EVENT, 0.0)
    assert not await intake.accept(EVENT, 0.0)
    assert (len(intake.events), intake.again) == (1, 1)


async def test_notes_outlive_a_kit() -> None:
    notes = Notes()
    async with open_kit(notes=notes) as kit:
        await kit.memory.write(BOT, {"cursor": "1", "token/2": "x"})
        await kit.vault.write("one", b"secret")
    async with open_kit(notes=notes) as kit:
        assert await kit.memory.read(BOT, "cursor") == "1"
        assert await kit.memory.items(BOT, "token/") == {"token/2": "x"}
        assert await kit.vault.read("one") == b"secret"
        await kit.memory.write(BOT, {"cursor": ""})
        await kit.vault.delete("one")
    assert list(notes.values) == [(BOT, "token/2")]
    assert notes.secrets == {}


async def test_media_are_kept_and_fetched() -> None:
    media = KeptMedia()
    media.there["https://a.example/1.png"] = b"png"
    reference = await media.fetch("https://a.example/1.png")
    assert await media.read(reference) == b"png"
    assert await media.keep(b"png", "x.png") == reference
    with pytest.raises(NotFound):
        await media.fetch("https://a.example/2.png")
