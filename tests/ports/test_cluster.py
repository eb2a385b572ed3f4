from __future__ import annotations

from msgspec.json import encode

from kagami.model.ids import BotId
from kagami.ports import BotHealth, BotRow, Fence, NodeRow, NodeState
from tests.ports.crossing import crossed


def test_what_a_process_tells_of_itself_crosses_as_it_is() -> None:
    bots = (BotRow(BotId("qq:1"), "镜", "onebot11", BotHealth("online", "", 5)),)
    state = NodeState(version="1.0", address="10.0.0.7:5000", parts=(1, 2), duty=True, oldest_s=0.5, bots=bots)
    row = NodeRow("a", "gateway", 3, 0.2, state)
    assert crossed(row) == row


def test_what_says_nothing_is_small() -> None:
    assert encode(NodeState()) == b"{}"


def test_a_lease_is_its_name_and_its_epoch() -> None:
    assert Fence("part:1", 2) == ("part:1", 2)
    assert len({Fence("part:1", 2), Fence("part:1", 3)}) == 2
