"""SB5 and SB6: nobody gives a right that they do not have, nor changes somebody who has one."""

from __future__ import annotations

import msgspec
import pytest

from kagami.errors import Conflict, Denied, NotFound, UsageError
from kagami.model.principal import Principal
from kagami.operations.people import (
    Add,
    Disable,
    Enable,
    EndSession,
    ListPeople,
    ListSessions,
    ListTokens,
    MakeToken,
    OwnPassword,
    Remove,
    RevokeToken,
    SetPassword,
    SetRole,
    SetupCode,
)
from kagami.people.desk import PeopleDesk
from kagami.people.records import PEOPLE
from kagami.storage.store import SqlStore
from tests.people.conftest import ADDRESS, PASSWORD, Do

# May write people and read, and no more: what they could make of themselves is the question.
CLERK = Principal("person", "clerk", frozenset({"people:write", "*:read", "own:write"}))
ESCALATIONS: list[msgspec.Struct] = [
    Add(name="puppet", role="admin", password=PASSWORD),
    Add(name="puppet", role="operator", password=PASSWORD),
    Add(name="puppet", role="custom", scopes=["people:*"], password=PASSWORD),
    Add(name="puppet", role="custom", scopes=["system:secret"], password=PASSWORD),
    SetPassword(name="alice", password="nine green lanterns"),
    SetRole(name="alice", role="viewer"),
    SetRole(name="clerk", role="admin"),
    Disable(name="alice"),
    Enable(name="alice"),
    Remove(name="alice"),
    MakeToken(name="key", scopes=["*"]),
    MakeToken(name="key", scopes=["*:read", "bots:write"]),
    MakeToken(name="key", scopes=["people:*"]),
]


@pytest.fixture
async def clerk(do: Do, alice: str) -> Principal:
    await do(Add(name="clerk", role="custom", scopes=["people:write", "*:read"], password=PASSWORD))
    return CLERK


@pytest.mark.parametrize("request_", ESCALATIONS, ids=repr)
async def test_rights_cannot_be_made_of_less(
    do: Do, store: SqlStore, clerk: Principal, request_: msgspec.Struct
) -> None:
    before = await store.items(PEOPLE)
    with pytest.raises(Denied):
        await do(request_, clerk)
    assert await store.items(PEOPLE) == before


@pytest.mark.parametrize("scope", ["*:read", "people:read", "own:write"])
async def test_without_the_right_nobody_is_changed(do: Do, alice: str, scope: str) -> None:
    viewer = Principal("person", "vera", frozenset({scope}))
    for each in (*ESCALATIONS, RevokeToken(id="x"), EndSession(id="x"), SetupCode()):
        with pytest.raises(Denied):
            await do(each, viewer)


async def test_what_one_has_can_be_given(do: Do, clerk: Principal) -> None:
    await do(Add(name="vera", role="viewer", password=PASSWORD), clerk)
    made = await do(MakeToken(name="key", scopes=["bots:read"]), clerk)
    assert made.row.owner == "clerk"


async def test_others_tokens_and_sessions_are_theirs(desk: PeopleDesk, do: Do, clerk: Principal) -> None:
    pair = await desk.login("alice", PASSWORD, ADDRESS)
    made = await do(MakeToken(name="key", scopes=["*"]), await desk.principal(pair.access_token, ADDRESS))
    (row,) = await do(ListSessions(name="alice"))
    for each in (RevokeToken(id=made.row.id), EndSession(id=row.id)):
        with pytest.raises(Denied):
            await do(each, clerk)
    await desk.principal(made.token, ADDRESS)


async def test_a_token_named_like_somebody_is_not_them(do: Do, clerk: Principal, alice: str) -> None:
    alike = Principal("token", "alice", CLERK.scopes)
    with pytest.raises(Denied):
        await do(SetPassword(name="alice", password="nine green lanterns"), alike)


async def test_a_tokens_token_is_its_owners(desk: PeopleDesk, do: Do, alice: str) -> None:
    person = await desk.principal((await desk.login(alice, PASSWORD, ADDRESS)).access_token, ADDRESS)
    first = await do(MakeToken(name="one", scopes=["*"]), person)
    second = await do(MakeToken(name="two", scopes=["*"]), await desk.principal(first.token, ADDRESS))
    assert second.row.owner == alice


async def test_an_own_password_needs_somebody(do: Do) -> None:
    with pytest.raises(UsageError):
        await do(OwnPassword(old="x", new=PASSWORD))


async def test_without_a_password_one_is_made(desk: PeopleDesk, do: Do) -> None:
    made = await do(Add(name="vera"))
    await desk.login("vera", made.password, ADDRESS)


async def test_a_password_can_be_given_again(desk: PeopleDesk, do: Do, alice: str) -> None:
    made = await do(SetPassword(name=alice))
    assert made.password != PASSWORD
    await desk.login(alice, made.password, ADDRESS)


async def test_another_password_lists_the_tokens_that_go_on(desk: PeopleDesk, do: Do, alice: str) -> None:
    await do(MakeToken(name="console", scopes=["*"]))
    who = await desk.principal((await desk.login(alice, PASSWORD, ADDRESS)).access_token, ADDRESS)
    await do(MakeToken(name="script", scopes=["*"]), who)
    given = await do(SetPassword(name="Alice", password="nine green lanterns"))
    assert [each.name for each in given.tokens] == ["script"]
    who = await desk.principal((await desk.login(alice, "nine green lanterns", ADDRESS)).access_token, ADDRESS)
    changed = await do(OwnPassword(old="nine green lanterns", new=PASSWORD), who)
    assert [each.name for each in changed.tokens] == ["script"]


async def test_no_password_is_in_the_audit(store: SqlStore, do: Do) -> None:
    made = await do(Add(name="vera"))
    await do(SetPassword(name="vera", password=PASSWORD))
    rows = str(await store.audits())
    assert "people.add" in rows
    assert made.password not in rows
    assert PASSWORD not in rows


async def test_who_was_kept_out_can_come_in_again(desk: PeopleDesk, do: Do, alice: str) -> None:
    await do(Disable(name=alice))
    await do(Enable(name=alice))
    await desk.login(alice, PASSWORD, ADDRESS)


async def test_who_goes_takes_everything_along(desk: PeopleDesk, do: Do, store: SqlStore, alice: str) -> None:
    pair = await desk.login(alice, PASSWORD, ADDRESS)
    await do(MakeToken(name="key", scopes=["*"]), await desk.principal(pair.access_token, ADDRESS))
    await do(Remove(name=alice))
    assert [await store.items(namespace) for namespace in ("@people", "@sessions", "@tokens")] == [{}, {}, {}]


async def test_people_are_listed_without_a_hash(desk: PeopleDesk, do: Do, alice: str) -> None:
    await desk.login(alice, PASSWORD, ADDRESS)
    (row,) = await do(ListPeople())
    assert (row.name, row.role, row.login_ms > 0) == ("alice", "admin", True)
    assert "argon2" not in str(row)


async def test_a_name_is_one_persons(do: Do, alice: str) -> None:
    with pytest.raises(Conflict):
        await do(Add(name="ALICE", role="viewer"))


@pytest.mark.parametrize(
    "request_",
    [
        SetPassword(name="ghost"),
        Remove(name="last/alice"),
        Remove(name="@setup"),
        RevokeToken(id="ghost"),
        RevokeToken(id="last/x"),
        EndSession(id="ghost"),
        EndSession(id="last/x"),
    ],
    ids=repr,
)
async def test_what_is_not_there_is_not_found(do: Do, alice: str, request_: msgspec.Struct) -> None:
    with pytest.raises(NotFound):
        await do(request_)


async def test_secrets_are_not_for_chats(do: Do) -> None:
    admin = Principal("chat", "qq:1", frozenset({"*"}))
    for each in (Add(name="vera"), MakeToken(name="key", scopes=["*"])):
        with pytest.raises(UsageError, match="not for chats"):
            await do(each, admin)


@pytest.mark.parametrize("kind", ["chat", "person", "token"])
async def test_a_set_up_code_is_for_the_console_alone(do: Do, kind: str) -> None:
    with pytest.raises(Denied):
        await do(SetupCode(), Principal(kind, "x", frozenset({"*"})))


async def test_there_is_no_code_when_somebody_is_there(do: Do, alice: str) -> None:
    with pytest.raises(Conflict):
        await do(SetupCode())


async def test_a_change_that_fails_leaves_nothing(do: Do, alice: str) -> None:
    with pytest.raises(UsageError):
        await do(SetPassword(name=alice, password="short"))
    assert await do(ListTokens()) == []
