"""SB2: refresh tokens go on one by one, and one that comes again ends them all."""

from __future__ import annotations

import asyncio

import pytest

from kagami.errors import Unauthorized
from kagami.operations.people import EndSession, ListSessions
from kagami.people.desk import PeopleDesk
from kagami.people.records import SESSIONS, digest
from kagami.people.sessions import IDLE_MS, PER_PERSON, TOGETHER_MS, WHOLE_MS, session_of
from kagami.storage.store import SqlStore
from kagami.testing.clock import FakeClock
from tests.people.conftest import ADDRESS, PASSWORD, Do

DAY_S = 86_400


async def test_a_refresh_token_gives_another_pair(desk: PeopleDesk, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    second = await desk.refresh(first.refresh_token, ADDRESS)
    assert second.refresh_token != first.refresh_token
    assert (await desk.principal(second.access_token, ADDRESS)).name == alice


async def test_one_that_comes_again_ends_the_session(desk: PeopleDesk, clock: FakeClock, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    second = await desk.refresh(first.refresh_token, ADDRESS)
    await clock.advance(TOGETHER_MS / 1000)
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(Unauthorized):
            await desk.refresh(token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.principal(second.access_token, ADDRESS)


async def test_a_thief_is_in_the_audit(desk: PeopleDesk, store: SqlStore, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    await desk.refresh(first.refresh_token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(first.refresh_token, "198.51.100.9")
    (row,) = await store.audits(operation="auth.refresh", result="reused")
    assert (row.name, row.address) == (alice, "198.51.100.9")


async def test_two_tabs_at_once_are_given_the_same_next_token(desk: PeopleDesk, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    one, other = await asyncio.gather(*(desk.refresh(first.refresh_token, ADDRESS) for _ in range(2)))
    assert one.refresh_token == other.refresh_token
    await desk.principal(other.access_token, ADDRESS)
    await desk.refresh(one.refresh_token, ADDRESS)


async def test_of_two_at_once_from_two_places_one_is_a_thief(desk: PeopleDesk, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    pair = [desk.refresh(first.refresh_token, address) for address in (ADDRESS, "198.51.100.9")]
    results = await asyncio.gather(*pair, return_exceptions=True)
    assert sum(isinstance(each, Unauthorized) for each in results) == 1
    assert await desk.register.sessions() == []


async def test_only_the_last_token_but_one_is_given_again(desk: PeopleDesk, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    second = await desk.refresh(first.refresh_token, ADDRESS)
    await desk.refresh(second.refresh_token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(first.refresh_token, ADDRESS)


async def test_another_login_of_theirs_goes_on(desk: PeopleDesk, alice: str) -> None:
    other = await desk.login(alice, PASSWORD, ADDRESS)
    first = await desk.login(alice, PASSWORD, ADDRESS)
    await desk.refresh(first.refresh_token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(first.refresh_token, "198.51.100.9")
    await desk.refresh(other.refresh_token, ADDRESS)


@pytest.mark.parametrize("token", ["", "kgr_", "kgr_.", "kgr_x.y", "kgm_x.y", "kgr_" + "x" * 999, "kgr_\ud800.x"])
async def test_what_is_no_token_ends_nothing(desk: PeopleDesk, alice: str, token: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(token, ADDRESS)
    await desk.refresh(first.refresh_token, ADDRESS)


async def test_what_a_list_shows_proves_nothing(desk: PeopleDesk, do: Do, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    (row,) = await do(ListSessions())
    with pytest.raises(Unauthorized):
        await desk.refresh(f"kgr_{row.id}.guess", ADDRESS)
    await desk.refresh(first.refresh_token, ADDRESS)


async def test_no_token_is_kept(desk: PeopleDesk, store: SqlStore, alice: str) -> None:
    token = (await desk.login(alice, PASSWORD, ADDRESS)).refresh_token
    kept = str(await store.items(SESSIONS))
    assert digest(token) in kept
    assert not any(part in kept for part in token.removeprefix("kgr_").split("."))


async def test_it_ends_when_it_is_not_used(desk: PeopleDesk, clock: FakeClock, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    await clock.advance(IDLE_MS / 1000)
    with pytest.raises(Unauthorized, match="expired"):
        await desk.refresh(first.refresh_token, ADDRESS)


async def test_it_ends_after_a_month_however_it_is_used(desk: PeopleDesk, clock: FakeClock, alice: str) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    for _ in range(5):
        await clock.advance(6 * DAY_S)
        last = pair
        if clock.wall_ms() - 1_760_000_000_000 < WHOLE_MS:
            pair = await desk.refresh(pair.refresh_token, ADDRESS)
    with pytest.raises(Unauthorized, match="expired"):
        await desk.refresh(last.refresh_token, ADDRESS)


async def test_one_person_has_a_limited_number(desk: PeopleDesk, clock: FakeClock, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    for _ in range(PER_PERSON):
        await clock.advance(2)
        await desk.login(alice, PASSWORD, ADDRESS)
    assert len(await desk.register.sessions()) == PER_PERSON
    with pytest.raises(Unauthorized):
        await desk.refresh(first.refresh_token, ADDRESS)


async def test_those_that_are_over_are_removed(desk: PeopleDesk, store: SqlStore, clock: FakeClock, alice: str) -> None:
    await desk.login(alice, PASSWORD, ADDRESS)
    await clock.advance(8 * DAY_S)
    await desk.login(alice, PASSWORD, ADDRESS)
    assert len(await store.items(SESSIONS)) == 2


async def test_a_session_that_was_ended_is_not_brought_back_by_its_use(desk: PeopleDesk, do: Do, alice: str) -> None:
    first = await desk.login(alice, PASSWORD, ADDRESS)
    async with asyncio.TaskGroup() as group:
        renewing = group.create_task(desk.refresh(first.refresh_token, ADDRESS))
        group.create_task(do(EndSession(id=session_of(first.refresh_token))))
    with pytest.raises(Unauthorized):
        await desk.principal(renewing.result().access_token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(renewing.result().refresh_token, ADDRESS)
