from __future__ import annotations

from kagami.model.ids import BotId
from kagami.ports import BotHealth, BotRow
from tests.ports.crossing import crossed


def test_a_bots_row_crosses_as_it_is() -> None:
    health = BotHealth("silent", "no events for 4 min", 1, 2, 20.0, 3, "127.0.0.1:1", 0.5)
    row = BotRow(BotId("qq:1"), "小镜", "onebot11", health, 5, 4, 1, 0.5, 0.25, 12.5)
    assert crossed(row) == row


def test_what_is_not_known_takes_no_room() -> None:
    row = BotRow(BotId("qq:1"), "a", "onebot11", BotHealth("connecting"))
    assert crossed(row).health.reason == ""
