from __future__ import annotations

import msgspec
import pytest

from kagami.core.secrets import Secret
from kagami.gateway.table import WorkerTable, is_web_socket


def test_a_worker_may_talk_and_look_unless_told_otherwise() -> None:
    table = WorkerTable(name="app")
    assert (table.admission.allows("send_msg"), table.admission.allows("set_group_kick")) == (True, False)


def test_its_filter_is_that_of_its_keys() -> None:
    table = WorkerTable(name="app", bots=("qq:*",), chats=("group:1",), events=("message",), actions=("get_*",))
    admission = table.admission
    assert (admission.bots, admission.chats, admission.events, admission.calls) == (
        ("qq:*",), ("group:1",), ("message",), ("get_*",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"weight": 3.0, "chats": ("group:1",), "late_seconds": 5.0}, True),
        ({"token": Secret("other")}, False),
        ({"url": "ws://127.0.0.1:1"}, False),
        ({"enabled": False}, False),
        ({"pool": "ai"}, False),
    ],
)
def test_what_a_connection_goes_by(changes: dict[str, object], *, same: bool) -> None:
    table = WorkerTable(name="app", token=Secret("one"))
    assert table.same_connection(msgspec.structs.replace(table, **changes)) is same


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("ws://127.0.0.1:8080/onebot/v11/ws", True),
        ("wss://bots.example/ws", True),
        ("http://127.0.0.1", False),
        ("ws://", False),
        ("ws://a:99999", False),
        ("ws://a b", False),
    ],
)
def test_only_an_address_of_a_websocket_fits(url: str, *, fits: bool) -> None:
    assert is_web_socket(url) is fits
