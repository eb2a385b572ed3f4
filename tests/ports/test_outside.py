from __future__ import annotations

import msgspec

from kagami.hub.tail import Tail
from kagami.hub.workers import Workers
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.ports import FeedRow, Happened, History, Named, Numbers, Posts, Stream, WorkerRow
from kagami.storage.numbers import SqlHistory, SqlNumbers
from kagami.testing.numbers import MemoryNumbers

EVENT = Event(ExecutionId("1"), BotId("qq:1"), "message", "group", ChatId("group:1"), UserId("2"), 0, "m:1")


def test_who_implements_what() -> None:
    made: list[tuple[type, type]] = [
        (SqlNumbers, Numbers), (MemoryNumbers, Numbers), (SqlHistory, History), (Tail, Stream), (Workers, Posts),
    ]  # fmt: skip
    for implementation, protocol in made:
        wanted = {name for name in vars(protocol) if not name.startswith("_")}
        assert wanted <= set(dir(implementation))


def test_what_happened_survives_json() -> None:
    row = Happened(7, EVENT, 5)
    assert msgspec.json.decode(msgspec.json.encode(row), type=Happened) == row
    assert msgspec.to_builtins(Named("ou_1")) == {"text": "ou_1", "chat": ""}


def test_a_worker_outside_shows_how_it_stands() -> None:
    row = WorkerRow("app", "away", feed=FeedRow("in", reason="it has left", cursor=9, late=2))
    assert msgspec.to_builtins(row) == {
        "name": "app", "state": "away", "feed": {"side": "in", "reason": "it has left", "cursor": 9, "late": 2},
    }  # fmt: skip
