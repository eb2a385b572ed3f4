from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.kook import session as module
from kagami.adapters.kook.session import Heard, Leave, Ready, Session
from kagami.adapters.kook.wire import Packet
from kagami.errors import WireError

URL = "wss://gate.example/gateway?compress=1&token=t"
EMPTY = msgspec.Raw(b"{}")


def event(sn: int) -> Packet:
    return Packet(0, EMPTY, sn)


def hello(code: int = 0, name: str = "s1") -> Packet:
    return Packet(1, msgspec.Raw(msgspec.json.encode({"code": code, "session_id": name})))


def fresh() -> Session:
    """A session whose connection was opened at 0 s; pings are 30 s apart."""
    session = Session(lambda: 0.5)
    session.begin(URL)
    session.opened(0.0)
    return session


def joined() -> Session:
    session = fresh()
    session.take(hello(), 1.0)
    return session


def numbers(heard: Heard) -> list[int]:
    return [each.sn for each in heard.ready]


# --- order ---


def test_events_in_order_are_ready_at_once() -> None:
    session = joined()
    assert [session.take(event(sn), 2.0).ready for sn in (1, 2)] == [(Ready(1, EMPTY),), (Ready(2, EMPTY),)]


def test_what_comes_early_waits_for_what_is_missing() -> None:
    session = joined()
    assert [numbers(session.take(event(sn), 2.0)) for sn in (1, 3, 4, 2)] == [[1], [], [], [2, 3, 4]]


def test_what_came_already_is_dropped() -> None:
    session = joined()
    assert [numbers(session.take(event(sn), 2.0)) for sn in (1, 1, 2, 1)] == [[1], [], [2], []]


@given(st.permutations(range(1, 30)), st.lists(st.integers(1, 29), max_size=20))
def test_every_order_with_repeats_comes_out_once_and_in_order(order: list[int], again: list[int]) -> None:
    session = joined()
    ready = [sn for each in [*order, *again] for sn in numbers(session.take(event(each), 2.0))]
    assert ready == list(range(1, 30))


def test_an_event_without_a_number_is_refused() -> None:
    with pytest.raises(WireError):
        joined().take(Packet(0), 2.0)


def test_unknown_signals_are_none_of_ours() -> None:
    assert joined().take(Packet(99), 2.0) == Heard()


def test_a_gap_asks_for_one_ping_out_of_turn() -> None:
    session = joined()
    assert [session.take(event(sn), 2.0).ping for sn in (1, 3, 4, 2, 6)] == [False, True, False, False, True]


def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 3)
    session = joined()
    assert [session.take(event(sn), 2.0).leave for sn in (2, 3, 4)] == [None] * 3
    assert session.take(event(5), 2.0).leave == Leave("resume", "event 1 is missing")


def test_a_gap_that_stays_for_two_pings_ends_the_connection_and_then_the_session() -> None:
    session = joined()
    session.take(event(2), 2.0)
    assert _pings(session) == Leave("resume", "event 1 is missing")
    session.address()
    session.opened(100.0)
    session.take(hello(), 100.0)
    session.take(event(2), 101.0)
    assert _pings(session) == Leave("anew", "event 1 is missing")


def _pings(session: Session) -> object:
    for _ in range(module.MISSED_BEATS):
        now = session.due
        assert session.look(now) == "ping"
        session.pinged(now)
        session.take(Packet(3), now + 1)
    return session.look(session.due)


# --- greetings ---


def test_a_greeting_joins() -> None:
    session = fresh()
    assert (session.take(hello(), 1.0), session.id) == (Heard(joined=True), "s1")


def test_without_a_greeting_the_connection_is_left() -> None:
    session = fresh()
    assert (session.due, session.look(5.9)) == (6.0, None)
    assert session.look(6.0) == Leave("resume", "no HELLO within 6 s")


@pytest.mark.parametrize("code", [40101, 40102])
def test_a_refused_token_is_told(code: int) -> None:
    assert fresh().take(hello(code, ""), 1.0).leave == Leave("refused", f"code {code}")


@pytest.mark.parametrize("code", [40100, 40103, 7])
def test_any_other_code_asks_for_a_new_gateway(code: int) -> None:
    heard = fresh().take(hello(code, ""), 1.0)
    assert heard.leave is not None
    assert heard.leave.way == "anew"


@pytest.mark.parametrize("code", [40101, 40103])
def test_an_old_address_that_is_refused_says_nothing_about_the_token(code: int) -> None:
    session = joined()
    session.address()
    session.opened(9.0)
    heard = session.take(hello(code, ""), 9.0)
    assert heard.leave is not None
    assert heard.leave.way == "anew"


@pytest.mark.parametrize("d", [b'{"code":40107,"err":"x"}', b"null", b'{"err":null}'])
def test_a_call_to_reconnect_ends_the_session(d: bytes) -> None:
    heard = joined().take(Packet(5, msgspec.Raw(d)), 2.0)
    assert heard.leave is not None
    assert heard.leave.way == "anew"


# --- going on ---


def test_there_is_nothing_to_go_on_with_at_first() -> None:
    assert (Session(lambda: 0.5).address(), fresh().address()) == ("", "")


def test_it_goes_on_from_what_is_on_disk() -> None:
    session = joined()
    for sn in (1, 2, 3):
        session.take(event(sn), 2.0)
    session.done = 2
    assert session.address() == f"{URL}&resume=1&sn=2&session_id=s1"
    session.opened(9.0)
    session.take(hello(), 9.0)
    assert [numbers(session.take(event(sn), 9.0)) for sn in (2, 3)] == [[], [3]]


def test_what_was_kept_by_an_earlier_run_goes_on() -> None:
    session = Session(lambda: 0.5)
    session.restore("wss://gate.example/gateway", "a b", 41)
    assert session.address() == "wss://gate.example/gateway?resume=1&sn=41&session_id=a%20b"
    session.opened(0.0)
    session.take(hello(name="a b"), 1.0)
    assert numbers(session.take(event(42), 1.0)) == [42]


def test_two_tries_without_a_greeting_are_enough() -> None:
    session = joined()
    assert [bool(session.address()) for _ in range(3)] == [True, True, False]
    assert (session.id, session.done) == ("", 0)


def test_a_greeting_gives_the_tries_back() -> None:
    session = joined()
    for _ in range(5):
        assert session.address()
        session.opened(9.0)
        session.take(hello(), 9.0)


def test_another_session_in_the_greeting_counts_from_the_start() -> None:
    session = joined()
    session.take(event(1), 2.0)
    session.done = 1
    session.address()
    session.opened(9.0)
    session.take(hello(name="s2"), 9.0)
    assert (session.done, numbers(session.take(event(1), 9.0))) == (0, [1])


def test_a_forgotten_session_leaves_nothing() -> None:
    session = joined()
    session.take(event(3), 2.0)
    session.forget()
    assert (session.address(), session.done, session.id) == ("", 0, "")


# --- pings ---


@pytest.mark.parametrize(("drawn", "seconds"), [(0.0, 25.0), (0.5, 30.0), (1.0, 35.0)])
def test_pings_are_half_a_minute_apart_give_or_take_five_seconds(drawn: float, seconds: float) -> None:
    session = Session(lambda: drawn)
    session.begin(URL)
    session.opened(0.0)
    session.take(hello(), 1.0)
    assert session.due == 1.0 + seconds
    session.pinged(100.0)
    session.take(Packet(3), 100.25)
    assert session.due == 100.25 + seconds


def test_an_answer_tells_the_round_trip() -> None:
    session = joined()
    session.pinged(31.0)
    assert session.take(Packet(3), 31.25).rtt == 0.25


def test_three_pings_without_an_answer_end_the_connection() -> None:
    session = joined()
    times = []
    while (due := session.look(session.due)) == "ping":
        times.append(session.due)
        session.pinged(session.due)
    assert (times, session.due) == ([31.0, 37.0, 39.0], 43.0)
    assert due == Leave("resume", "no answer to three pings")


def test_a_late_answer_is_an_answer() -> None:
    session = joined()
    for now in (31.0, 37.0):
        assert session.look(now) == "ping"
        session.pinged(now)
    session.take(Packet(3), 38.0)
    assert (session.due, session.look(39.0)) == (68.0, None)


def test_numbers_may_begin_again_behind_the_last() -> None:
    session = fresh()
    session.restore("wss://gw.example", "s1", module.LAST_SN - 1)
    session.opened(1.0)
    session.take(hello(), 1.0)
    assert [numbers(session.take(event(sn), 2.0)) for sn in (65_535, 0, 1, 2)] == [[65_535], [0], [1], [2]]


def test_what_waits_has_a_limit_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD_BYTES", 2 * len(bytes(event(2).d)))
    session = joined()
    assert [session.take(event(sn), 2.0).leave for sn in (2, 3)] == [None, None]
    assert session.take(event(4), 2.0).leave == Leave("resume", "event 1 is missing")
