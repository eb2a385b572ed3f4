from __future__ import annotations

import socket

import pytest

from kagami.engine.watching import reached_at, readings, unwritten
from kagami.meters import Meters
from kagami.ports import NodeRow, NodeState


def node(name: str, seen_s: float = 1.0, oldest_s: float = 0.0) -> NodeRow:
    return NodeRow(name, "worker", 0, seen_s, NodeState(oldest_s=oldest_s))


def test_others_in_order_are_not_told_of() -> None:
    assert readings([node("a"), node("b")], "a", 15.0, 30.0) == {}


def test_a_process_that_is_silent_for_too_long_is_gone() -> None:
    found = readings([node("a"), node("b", seen_s=16.0, oldest_s=99.0)], "a", 15.0, 30.0)
    assert {key: each.kind for key, each in found.items()} == {"process b": "process_gone"}


def test_what_waits_too_long_at_another_is_told() -> None:
    found = readings([node("a"), node("b", oldest_s=31.0)], "a", 15.0, 30.0)
    (reading,) = found.values()
    assert reading.kind == "queue_age"
    assert reading.text.format_map(reading.fields).endswith("at the process b: the oldest for 31 s")


def test_a_process_does_not_judge_itself() -> None:
    assert readings([node("a", seen_s=99.0, oldest_s=99.0)], "a", 15.0, 30.0) == {}


def test_a_database_is_well_until_a_write_fails() -> None:
    meters = Meters()
    assert not unwritten(meters)
    meters.gauge["ledger_healthy"] = 0.0
    assert unwritten(meters)


def test_a_clock_that_is_wrong_is_told_of_whoevers_it_is() -> None:
    rows = [NodeRow(name, "all", 0, 1.0, NodeState(clock_s=clock_s)) for name, clock_s in (("a", -7.0), ("b", 0.0))]
    (reading,) = readings(rows, "a", 15.0, 30.0).values()
    assert reading.kind == "clock_apart"
    assert "process a is -7 s from" in reading.text.format_map(reading.fields)


@pytest.mark.parametrize(
    ("host", "address"),
    [("10.0.0.2", "10.0.0.2:5000"), ("::1", "[::1]:5000"), ("0.0.0.0", "me:5000"), ("::", "me:5000")],  # noqa: S104
)
def test_a_process_that_listens_everywhere_is_found_by_its_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, address: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "me")
    assert reached_at(host, 5000) == address
