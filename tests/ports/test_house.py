from __future__ import annotations

from kagami.ports import Connection, Feed, Notice, Pulse
from tests.ports.crossing import crossed


def test_a_pulse_crosses_as_it_is() -> None:
    pulse = Pulse(at_ms=2, started_ms=1, version="0.1.0", cpu_percent=3.5, online=1, received=7, p95_ms=2.5)
    assert crossed(pulse) == pulse


def test_a_notice_crosses_with_its_fields() -> None:
    notice = Notice(1, "error", "dead_letter", "A handler failed {tries} times", {"tries": "5"})
    assert crossed(notice) == notice


def test_what_is_pasted_into_an_implementation_crosses_as_it_is() -> None:
    connection = Connection("ws://127.0.0.1:3001/onebot/v11/ws", "token")
    assert crossed(connection) == connection


def test_an_item_of_the_feed_names_its_topic() -> None:
    assert crossed(Feed("pulse", None)).topic == "pulse"
