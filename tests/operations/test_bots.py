from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from kagami.core.scopes import ROLES
from kagami.errors import Denied, NotFound, UsageError
from kagami.model.ability import Ability
from kagami.model.ids import BotId
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.bots import (
    Abilities,
    Disconnect,
    ListBots,
    Login,
    LoginAnswer,
    LoginEnd,
    LoginRefresh,
    LoginStepOf,
    Reconnect,
)
from kagami.operations.registry import Request
from kagami.ports import BotHealth, BotRow, LoginStep, Parts
from tests.operations.conftest import AuditStore
from tests.operations.logins import LINK, LoginAccounts

MakeParts = Callable[..., Parts]
IN_A_CHAT = Principal("chat", "qq:1", frozenset({"*"}))
VIEWER = Principal("person", "vera", ROLES["viewer"])
LOGINS: tuple[Request, ...] = (
    Login(bot="qq-2"),
    LoginStepOf(bot="qq-2"),
    LoginAnswer(bot="qq-2", words={"code": "1"}),
    LoginRefresh(bot="qq-2"),
    LoginEnd(bot="qq-2"),
)
ROW = BotRow(BotId("qq:1"), "one", "onebot11", BotHealth("online"))


class OneBot:
    def __init__(self, adapter: str = "onebot11") -> None:
        self.adapter = adapter
        self.closed: list[str] = []

    async def close(self, reason: str) -> None:
        self.closed.append(reason)


class Bots:
    def __init__(self, *rows: BotRow) -> None:
        self.bot = OneBot()
        self.sandbox = OneBot("sandbox")
        self.found = rows or (ROW,)

    def rows(self) -> list[BotRow]:
        return [*self.found]

    def listed(self) -> list[BotRow]:
        return self.rows()

    def get(self, bot: BotId) -> OneBot | None:
        return {"qq:1": self.bot, "sandbox:local": self.sandbox}.get(bot)


async def test_bots_are_listed(make_parts: MakeParts) -> None:
    assert await registry().call(make_parts(bots=Bots()), CONSOLE, ListBots()) == [ROW]


async def test_a_bot_is_disconnected(make_parts: MakeParts) -> None:
    bots = Bots()
    await registry().call(make_parts(bots=bots), CONSOLE, Disconnect(bot="qq:1"))
    assert bots.bot.closed == ["disconnected by an operator"]


async def test_the_sandbox_stays(make_parts: MakeParts) -> None:
    bots = Bots()
    with pytest.raises(UsageError, match="part of Kagami"):
        await registry().call(make_parts(bots=bots), CONSOLE, Disconnect(bot="sandbox:local"))
    assert bots.sandbox.closed == []


async def test_an_unknown_bot_is_not_found(make_parts: MakeParts) -> None:
    with pytest.raises(NotFound, match="bot named qq:2"):
        await registry().call(make_parts(bots=Bots()), CONSOLE, Disconnect(bot="qq:2"))


def audits(parts: Parts) -> list[tuple[int, str, str, str, str]]:
    return cast("AuditStore", parts.store).audits


async def call(parts: Parts, request: Request, who: Principal = CONSOLE) -> Any:
    return await registry().call(parts, who, request)


async def test_a_login_begins_with_what_comes_first(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    parts = make_parts(bots=Bots(), accounts=accounts)
    async with asyncio.TaskGroup() as group:
        begun = group.create_task(call(parts, Login(bot="qq-2")))
        await asyncio.sleep(0)
        accounts.going.show_code()
    step: LoginStep = begun.result()
    assert (step.kind, step.qr) == ("qr", LINK)


async def test_the_next_step_is_waited_for(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    accounts.going.show_code()
    parts = make_parts(bots=Bots(), accounts=accounts)
    now: LoginStep = await call(parts, LoginStepOf(bot="qq-2"))
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(call(parts, LoginStepOf(bot="qq-2", after=now.number, seconds=20)))
        await asyncio.sleep(0)
        accounts.going.go("scanned", "Confirm it on your phone.")
    assert waiting.result().kind == "scanned"


async def test_an_answer_is_given_and_told_what_came_of_it(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    accounts.going.ask_choice()
    parts = make_parts(bots=Bots(), accounts=accounts)
    step: LoginStep = await call(parts, LoginAnswer(bot="qq-2", words={"choice": "10001"}))
    assert accounts.going.answers == [{"choice": "10001"}]
    assert step.kind == "wait"
    with pytest.raises(UsageError, match="something else"):
        await call(parts, LoginAnswer(bot="qq-2", words={"choice": "10001"}))


async def test_a_login_is_renewed_and_given_up(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    parts = make_parts(bots=Bots(), accounts=accounts)
    await call(parts, LoginRefresh(bot="qq-2"))
    await call(parts, LoginEnd(bot="qq-2"))
    assert (accounts.going.refreshed, accounts.going.closed) == (1, True)


@pytest.mark.parametrize("request_", LOGINS, ids=lambda each: type(each).__name__)
async def test_whoever_only_looks_has_no_part_in_a_login(make_parts: MakeParts, request_: Request) -> None:
    accounts = LoginAccounts()
    accounts.going.show_code()
    parts = make_parts(bots=Bots(), accounts=accounts)
    with pytest.raises(Denied, match="bots:write"):
        await call(parts, request_, VIEWER)
    assert [row[-1] for row in audits(parts)] == ["denied"]
    assert accounts.going.answers == []


async def test_neither_codes_nor_answers_are_in_the_audit(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    accounts.going.show_code()
    parts = make_parts(bots=Bots(), accounts=accounts)
    await call(parts, Login(bot="qq-2"))
    await call(parts, LoginStepOf(bot="qq-2"))
    accounts.going.go("ask", "The password?", asks=("password",), secret=("password",))
    await call(parts, LoginAnswer(bot="qq-2", words={"password": "hunter2"}))
    assert [row[2] for row in audits(parts)] == ["bots.login", "bots.login_answer"]
    assert not [row for row in audits(parts) if LINK in str(row) or "hunter2" in str(row)]


async def test_a_chat_is_shown_no_code_and_takes_no_password(make_parts: MakeParts) -> None:
    accounts = LoginAccounts()
    accounts.going.ask_choice()
    parts = make_parts(bots=Bots(), accounts=accounts)
    assert (await call(parts, Login(bot="qq-2"), IN_A_CHAT)).kind == "choose"
    accounts.going.show_code()
    for request in (Login(bot="qq-2"), LoginStepOf(bot="qq-2")):
        with pytest.raises(UsageError, match="not for chats"):
            await call(parts, request, IN_A_CHAT)
    accounts.going.go("ask", "The password?", asks=("password",), secret=("password",))
    with pytest.raises(UsageError, match="not for chats"):
        await call(parts, LoginAnswer(bot="qq-2", words={"password": "hunter2"}), IN_A_CHAT)
    assert accounts.going.answers == []


class KnownAbilities:
    def abilities(self, kind: str) -> tuple[Ability, ...]:
        return {"onebot11": (Ability("text", "yes", "yes"),), "kook": (Ability("card", "yes"),)}[kind]


async def test_what_a_bot_can_do_is_told_by_bot_and_by_kind(make_parts: MakeParts) -> None:
    parts = make_parts(bots=Bots(), accounts=KnownAbilities())
    assert await call(parts, Abilities(bot="qq:1")) == [Ability("text", "yes", "yes")]
    assert await call(parts, Abilities(bot="kook")) == [Ability("card", "yes")]


class Others:
    """Another process, which does what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Principal, msgspec.Struct]] = []

    @property
    def calling(self) -> Others:
        return self

    async def call(self, node: str, who: Principal, request: msgspec.Struct) -> str:
        self.asked.append((node, who, request))
        return "done there"


FAR = BotRow(BotId("qq:9"), "far", "onebot11", BotHealth("online"), node="gateway-2")
OF_ITS_PROCESS: tuple[Request, ...] = (
    Reconnect(bot="qq:9"),
    Disconnect(bot="far"),
    *(msgspec.structs.replace(each, bot="far") for each in LOGINS),
)


@pytest.mark.parametrize("wanted", OF_ITS_PROCESS)
async def test_what_only_its_own_process_can_do_is_done_by_that(make_parts: MakeParts, wanted: Request) -> None:
    others = Others()
    assert await call(make_parts(bots=Bots(FAR), cluster=others), wanted) == "done there"
    assert others.asked == [("gateway-2", CONSOLE, wanted)]


@pytest.mark.parametrize("wanted", OF_ITS_PROCESS)
async def test_who_may_not_do_it_here_asks_nobody_else(make_parts: MakeParts, wanted: Request) -> None:
    others = Others()
    with pytest.raises(Denied):
        await registry().call(make_parts(bots=Bots(FAR), cluster=others), VIEWER, wanted)
    assert not others.asked
