from __future__ import annotations

import pytest

from kagami.adapters.weixin.peers import ABOUT, COOLEST_SECONDS, WINDOW_MS, Peer, Peers
from kagami.model.ids import BotId
from kagami.testing.adapters import NotedMemory, Notes

BOT = BotId("weixin:b@im.bot")


def peers(notes: Notes) -> Peers:
    return Peers(BOT, NotedMemory(notes))


async def test_the_newest_token_outlives_a_restart() -> None:
    notes = Notes()
    first = peers(notes)
    first.heard("u", "old", 1)
    first.heard("u", "new", 2)
    await NotedMemory(notes).write(BOT, first.changes())
    second = peers(notes)
    await second.load()
    assert (second["u"].token, second["u"].heard_ms, second.names()) == ("new", 2, ["u"])


def test_what_changed_is_noted_once() -> None:
    there = peers(Notes())
    there.heard("u", "t", 1)
    assert (list(there.changes()), there.changes()) == (["peer/u"], {})


async def test_a_note_that_cannot_be_read_is_passed_over() -> None:
    notes = Notes()
    notes.values[BOT, "peer/u"] = "{"
    there = peers(notes)
    await there.load()
    assert there.names() == []


def test_a_message_without_a_token_keeps_the_one_before() -> None:
    peer = Peer("t")
    peer.heard("", 1)
    assert peer.token == "t"


def test_pauses_grow_up_to_half_an_hour() -> None:
    peer = Peer()
    assert [peer.struck(0.0) for _ in range(7)] == [60, 120, 240, 480, 960, COOLEST_SECONDS, COOLEST_SECONDS]


def test_a_success_makes_the_next_pause_short_again() -> None:
    peer = Peer()
    peer.struck(0.0)
    peer.went()
    assert peer.struck(0.0) == 60


def test_a_message_of_the_user_ends_the_pause_and_gives_all_back() -> None:
    peer = Peer(sent=ABOUT)
    peer.struck(5.0)
    peer.heard("t", 1)
    assert (peer.sent, peer.strikes, peer.cool_until) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (Peer(), "has not written"),
        (Peer(heard_ms=1), "24 hours"),
        (Peer(heard_ms=WINDOW_MS, sent=ABOUT), "takes about 10"),
        (Peer(heard_ms=WINDOW_MS, sent=ABOUT - 1), ""),
    ],
)
def test_why_waiting_does_not_help(peer: Peer, words: str) -> None:
    found = peer.hopeless(WINDOW_MS + 2)
    assert (words in found) if words else not found


async def test_no_more_people_are_known_than_may_be() -> None:
    notes = Notes()
    few = Peers(BOT, NotedMemory(notes), most=2)
    for user in "abac":
        few.heard(user, f"token {user}", 5)
        await NotedMemory(notes).write(BOT, few.changes())
    again = Peers(BOT, NotedMemory(notes))
    await again.load()
    assert (sorted(few.names()), sorted(again.names())) == (["a", "c"], ["a", "c"])
