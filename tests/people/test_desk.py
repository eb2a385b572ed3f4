"""Who somebody is, and until when: SB3, SB6, SA11 at the desk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from kagami.core.secrets import Secret
from kagami.errors import Throttled, Unauthorized, UsageError
from kagami.operations.people import (
    Add,
    Disable,
    EndSession,
    ListPeople,
    MakeToken,
    OwnPassword,
    Remove,
    RevokeToken,
    SetPassword,
    SetRole,
    SetupCode,
)
from kagami.people.desk import PeopleDesk
from kagami.people.passwords import Cost, Passwords
from kagami.people.records import EPOCH, FRESH_S, PEOPLE
from kagami.ports import StorePut
from kagami.ports.people import Tokens
from kagami.storage.store import SqlStore
from kagami.testing.clock import FakeClock
from tests.people.conftest import ADDRESS, PASSWORD, SECRET, Do, caller, make_desk

Act = Callable[[PeopleDesk, Do, Tokens], Awaitable[object]]

REVOKING: dict[str, Act] = {
    "logout by refresh token": lambda desk, _, pair: desk.logout(pair.refresh_token, ADDRESS),
    "logout by access token": lambda desk, _, pair: desk.logout(pair.access_token, ADDRESS),
    "password": lambda _, do, __: do(SetPassword(name="alice", password="nine green lanterns")),
    "role": lambda _, do, __: do(SetRole(name="alice", role="viewer")),
    "disabling": lambda _, do, __: do(Disable(name="alice")),
    "removal": lambda _, do, __: do(Remove(name="alice")),
}


async def end_session(desk: PeopleDesk, do: Do, _: Tokens) -> None:
    (row,) = await desk.register.sessions()
    await do(EndSession(id=row.id))


@pytest.mark.parametrize("act", [*REVOKING.values(), end_session], ids=[*REVOKING, "end of the session"])
async def test_old_tokens_end_at_once(desk: PeopleDesk, do: Do, alice: str, act: Act) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    await desk.principal(pair.access_token, ADDRESS)
    await act(desk, do, pair)
    with pytest.raises(Unauthorized):
        await desk.principal(pair.access_token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(pair.refresh_token, ADDRESS)


@pytest.mark.parametrize("act", [*REVOKING.values(), end_session], ids=[*REVOKING, "end of the session"])
async def test_another_process_sees_it_within_five_seconds(
    desk: PeopleDesk, do: Do, store: SqlStore, clock: FakeClock, alice: str, act: Act
) -> None:
    other = make_desk(store, clock)
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    assert (await other.principal(pair.access_token, ADDRESS)).name == alice
    await act(desk, do, pair)
    await clock.advance(FRESH_S)
    with pytest.raises(Unauthorized):
        await other.principal(pair.access_token, ADDRESS)


async def test_a_namesake_does_not_inherit(desk: PeopleDesk, do: Do, clock: FakeClock, alice: str) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    await do(Remove(name=alice))
    await clock.advance(1)
    await do(Add(name=alice, role="admin", password=PASSWORD))
    with pytest.raises(Unauthorized):
        await desk.principal(pair.access_token, ADDRESS)


async def test_a_restored_store_refuses_what_it_knew(
    desk: PeopleDesk, do: Do, store: SqlStore, clock: FakeClock, alice: str
) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    made = await do(MakeToken(name="script", scopes=["*:read"]))
    await store.put_many([StorePut(EPOCH, "tokens", "1")])
    await clock.advance(FRESH_S)
    for token in (pair.access_token, made.token):
        with pytest.raises(Unauthorized):
            await desk.principal(token, ADDRESS)
    with pytest.raises(Unauthorized):
        await desk.refresh(pair.refresh_token, ADDRESS)
    assert await desk.register.tokens() == []
    assert await desk.register.sessions() == []
    again = await desk.login(alice, PASSWORD, ADDRESS)
    await desk.principal(again.access_token, ADDRESS)
    assert len(await desk.register.sessions()) == 1


async def test_rights_are_those_of_the_register(desk: PeopleDesk, do: Do) -> None:
    await do(Add(name="vera", role="viewer", password=PASSWORD))
    pair = await desk.login("vera", PASSWORD, ADDRESS)
    who = await desk.principal(pair.access_token, ADDRESS)
    assert (who.kind, who.name, who.address) == ("person", "vera", ADDRESS)
    assert who.scopes == {"*:read", "own:read", "own:write"}


WRONG = [("alice", "wrong password!"), ("nobody", PASSWORD), ("@setup", PASSWORD), ("last/alice", PASSWORD), ("", "")]


@pytest.mark.parametrize(("user", "password"), WRONG)
async def test_every_wrong_login_has_the_same_words(desk: PeopleDesk, alice: str, user: str, password: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        await desk.login(user, password, ADDRESS)
    assert caught.value.text() == "Log in first: the name or the password is wrong"


async def test_who_is_kept_out_hears_the_same(desk: PeopleDesk, do: Do, alice: str) -> None:
    await do(Disable(name=alice))
    with pytest.raises(Unauthorized, match="the name or the password is wrong"):
        await desk.login(alice, PASSWORD, ADDRESS)


async def test_an_unknown_name_takes_as_long_as_a_known_one(store: SqlStore, clock: FakeClock) -> None:
    desk = PeopleDesk(store, clock, signing=(SECRET,), passwords=Passwords(Cost(1, 16 * 1024)))
    await caller(desk, store, clock)(Add(name="alice", role="admin", password=PASSWORD))
    times: dict[str, list[float]] = {"alice": [], "nobody": []}
    for turn in range(4):
        for name, taken in times.items():
            started = time.perf_counter()
            with pytest.raises(Unauthorized):
                await desk.login(name, "wrong password!", f"192.0.2.{turn}{name[0] == 'a':d}")
            taken.append(time.perf_counter() - started)
    known, unknown = (min(each) for each in times.values())
    assert 1 / 3 < known / unknown < 3


async def test_the_name_of_nobody_is_not_in_the_audit(desk: PeopleDesk, store: SqlStore, alice: str) -> None:
    with pytest.raises(Unauthorized):
        await desk.login("hunter2 hunter2", "", ADDRESS)
    (row,) = await store.audits(operation="auth.login")
    assert (row.name, row.result, row.address) == ("?", "failed", ADDRESS)


async def test_logins_are_in_the_audit_without_a_secret(desk: PeopleDesk, store: SqlStore, alice: str) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    await desk.refresh(pair.refresh_token, ADDRESS)
    rows = await store.audits()
    assert [row.operation for row in rows[:2]] == ["auth.refresh", "auth.login"]
    assert not any(secret in str(rows) for secret in (PASSWORD, pair.access_token, pair.refresh_token))


async def test_guessing_is_slow_and_stays_so(desk: PeopleDesk, store: SqlStore, clock: FakeClock, alice: str) -> None:
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await desk.login(alice, "wrong password!", ADDRESS)
    with pytest.raises(Throttled):
        await desk.login(alice, PASSWORD, ADDRESS)
    with pytest.raises(Throttled):
        await make_desk(store, clock).login(alice, PASSWORD, ADDRESS)
    await clock.advance(1)
    await desk.login(alice, PASSWORD, ADDRESS)


async def test_an_api_token_is_known(desk: PeopleDesk, do: Do) -> None:
    made = await do(MakeToken(name="script", scopes=["bots:read"]))
    who = await desk.principal(made.token, ADDRESS)
    assert (who.kind, who.name) == ("token", "script")
    assert who.scopes == {"bots:read", "own:read"}


async def test_only_its_hash_is_kept(store: SqlStore, do: Do) -> None:
    made = await do(MakeToken(name="script", scopes=["bots:read"]))
    assert made.token not in str(await store.items("@tokens"))
    assert made.token not in str(await store.audits())
    assert len(made.token.removeprefix("kgm_")) >= 43


async def test_its_last_use_is_told(desk: PeopleDesk, do: Do, clock: FakeClock) -> None:
    made = await do(MakeToken(name="script", scopes=["bots:read"]))
    await desk.principal(made.token, ADDRESS)
    (row,) = await desk.register.tokens()
    assert row.used_ms == clock.wall_ms()


async def test_it_ends_when_it_should(desk: PeopleDesk, do: Do, clock: FakeClock) -> None:
    made = await do(MakeToken(name="script", scopes=["bots:read"], days=2))
    await clock.advance(2 * 86_400)
    with pytest.raises(Unauthorized):
        await desk.principal(made.token, ADDRESS)


async def test_it_can_be_ended(desk: PeopleDesk, do: Do) -> None:
    made = await do(MakeToken(name="script", scopes=["bots:read"]))
    await desk.principal(made.token, ADDRESS)
    await do(RevokeToken(id=made.row.id))
    with pytest.raises(Unauthorized):
        await desk.principal(made.token, ADDRESS)
    assert await desk.register.tokens() == []


@pytest.mark.parametrize("token", ["kgm_", "kgm_x", "kgm_" + "A" * 43, "kgm_\ud800", "KGM_x"])
async def test_another_token_is_refused(desk: PeopleDesk, do: Do, token: str) -> None:
    await do(MakeToken(name="script", scopes=["*"]))
    with pytest.raises(Unauthorized):
        await desk.principal(token, ADDRESS)


async def test_a_token_never_has_more_rights_than_its_owner(desk: PeopleDesk, do: Do, alice: str) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    made = await do(
        MakeToken(name="script", scopes=["bots:*", "logs:read"]), await desk.principal(pair.access_token, "")
    )
    assert (await desk.principal(made.token, "")).name == "alice/script"
    await do(SetRole(name=alice, role="viewer"))
    assert (await desk.principal(made.token, "")).scopes == {"logs:read", "own:read"}
    await do(Disable(name=alice))
    with pytest.raises(Unauthorized):
        await desk.principal(made.token, "")


async def test_a_set_up_code_makes_the_first_operator(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    pair = await desk.setup(code.lower().replace("-", " "), "admin", PASSWORD, ADDRESS)
    assert "*" in (await desk.principal(pair.access_token, ADDRESS)).scopes
    await desk.login("admin", PASSWORD, ADDRESS)


async def test_a_code_counts_once(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    await desk.setup(code, "admin", PASSWORD, ADDRESS)
    with pytest.raises(Unauthorized, match="does not count any more"):
        await desk.setup(code, "other", PASSWORD, ADDRESS)


async def test_of_two_at_once_one_is_the_first(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    tries = [desk.setup(code, name, PASSWORD, ADDRESS) for name in ("one", "two")]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Tokens) for each in results) == 1
    assert len(await do(ListPeople())) == 1


async def test_a_code_ends_with_the_first_operator(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    await do(Add(name="alice", role="admin", password=PASSWORD))
    await do(Remove(name="alice"))
    with pytest.raises(Unauthorized):
        await desk.setup(code, "admin", PASSWORD, ADDRESS)


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA-AAAA", "\ud800"])
async def test_without_a_code_nobody_is_made(desk: PeopleDesk, do: Do, code: str) -> None:
    for prepare in (False, True):
        if prepare:
            await do(SetupCode())
        with pytest.raises(Unauthorized):
            await desk.setup(code, "admin", PASSWORD, ADDRESS)
    assert await do(ListPeople()) == []


async def test_guessing_a_code_is_slow(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await desk.setup("AAAA-AAAA-AAAA-AAAA", "admin", PASSWORD, ADDRESS)
    with pytest.raises(Throttled):
        await desk.setup(code, "admin", PASSWORD, ADDRESS)


async def test_a_code_is_kept_as_a_hash_and_in_no_audit(desk: PeopleDesk, store: SqlStore, do: Do) -> None:
    code = (await do(SetupCode())).code
    kept = f"{await store.items(PEOPLE)} {await store.audits()}"
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_the_next_code_replaces_the_last(desk: PeopleDesk, do: Do) -> None:
    first, second = (await do(SetupCode())).code, (await do(SetupCode())).code
    with pytest.raises(Unauthorized):
        await desk.setup(first, "admin", PASSWORD, ADDRESS)
    await desk.setup(second, "admin", PASSWORD, ADDRESS)


async def test_a_weak_password_wastes_no_code(desk: PeopleDesk, do: Do) -> None:
    code = (await do(SetupCode())).code
    with pytest.raises(UsageError):
        await desk.setup(code, "admin", "admin", ADDRESS)
    await desk.setup(code, "admin", PASSWORD, ADDRESS)


async def test_the_first_password_of_the_configuration_counts_while_nobody_is_there(desk: PeopleDesk, do: Do) -> None:
    assert await desk.keep_first(Secret(PASSWORD))
    await desk.login("admin", PASSWORD, ADDRESS)
    assert not await desk.keep_first(Secret("nine green lanterns"))
    with pytest.raises(Unauthorized):
        await desk.login("admin", "nine green lanterns", ADDRESS)


async def test_an_own_password_is_changed_with_the_old_one(desk: PeopleDesk, do: Do) -> None:
    await do(Add(name="vera", role="viewer", password=PASSWORD))
    who = await desk.principal((await desk.login("vera", PASSWORD, ADDRESS)).access_token, ADDRESS)
    with pytest.raises(UsageError, match="old password"):
        await do(OwnPassword(old="wrong password!", new="nine green lanterns"), who)
    await do(OwnPassword(old=PASSWORD, new="nine green lanterns"), who)
    await desk.login("vera", "nine green lanterns", ADDRESS)
