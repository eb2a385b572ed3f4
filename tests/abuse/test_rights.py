"""SB5, SB6, SB10: every operation, asked for by everybody. What a role may is written down here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from kagami.core.scopes import TOPICS, is_scope
from kagami.model.ids import ExecutionId
from kagami.model.principal import Principal
from kagami.operations import registry
from kagami.operations.registry import Operation, Registry
from kagami.ports import Parts
from kagami.web.config import WebConfig
from kagami.web.openapi import describe
from kagami.web.server import WebServer
from tests.abuse.conftest import OPERATIONS, Port, least, path_of
from tests.people.conftest import PASSWORD

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("abuse port")]

OPERATORS_WRITE = {"bots", "guard", "logs", "messages", "plugins", "routes", "traces", "workers"}
DOCUMENT = describe(registry())


def viewer(topic: str, kind: str) -> bool:
    return kind == "read"


def operator(topic: str, kind: str) -> bool:
    return kind == "read" or (kind == "write" and topic in OPERATORS_WRITE)


def admin(topic: str, kind: str) -> bool:
    return True


def bots(topic: str, kind: str) -> bool:
    return topic == "bots"


def system(topic: str, kind: str) -> bool:
    """All of the system but what is secret: that is given by its own name."""
    return topic == "system" and kind != "secret"


def connection(topic: str, kind: str) -> bool:
    return (topic, kind) == ("system", "secret")


def nothing(topic: str, kind: str) -> bool:
    return False


ROLES = {"viewer": viewer, "operator": operator, "admin": admin}
SCOPES: dict[tuple[str, ...], Callable[[str, str], bool]] = {
    ("bots:*",): bots,
    ("system:*",): system,
    ("system:secret",): connection,
    ("own:read",): nothing,
}
# What everybody has who is somebody. An API token cannot change a password.
OWN = {"person": {"own:read", "own:write"}, "token": {"own:read"}}


def allowed(may: Any, found: Operation, kind: str) -> bool:
    topic, _, act = found.scope.partition(":")
    return found.scope in OWN[kind] if topic == "own" else may(topic, act)


async def nothing_done(parts: Parts, request: Any) -> None:
    """In the place of every operation: whoever gets here was let through."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hollow(port: Port, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[aiohttp.ClientSession]:
    """Another port to the same people, where every operation is let in as it always is and does nothing."""
    empty = Registry(replace(each, function=nothing_done, staged=False, merge=None) for each in OPERATIONS.values())
    path = tmp_path_factory.mktemp("hollow") / "k.sock"
    async with (
        WebServer(WebConfig(port=0), empty, port.parts, socket=path) as server,
        aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session,
    ):
        yield session


async def denied(session: aiohttp.ClientSession, **headers: str) -> dict[str, bool]:
    """Of every operation, whether it is refused to this visitor."""
    answers = {}
    for name, found in OPERATIONS.items():
        told = {"X-Confirm": "yes", **headers}
        async with session.post(path_of(found), json=least(found), headers=told) as response:
            assert response.status in (200, 403), (name, response.status, await response.text())
            answers[name] = response.status == 403
    return answers


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_exactly_what_is_its_own(port: Port, hollow: aiohttp.ClientSession, role: str) -> None:
    await port.do("people.add", name=f"a-{role}", role=role, password=PASSWORD)
    found = await denied(hollow, Cookie=await port.cookie(f"a-{role}"), **{"X-Kagami": "1"})
    assert found == {name: not allowed(ROLES[role], each, "person") for name, each in OPERATIONS.items()}


@pytest.mark.parametrize("scopes", SCOPES)
async def test_a_token_may_exactly_what_it_was_made_for(
    port: Port, hollow: aiohttp.ClientSession, scopes: tuple[str, ...]
) -> None:
    found = await denied(hollow, Authorization=f"Bearer {await port.token(*scopes)}")
    assert found == {name: not allowed(SCOPES[scopes], each, "token") for name, each in OPERATIONS.items()}


async def test_rights_that_a_visitor_claims_are_not_looked_at(port: Port, hollow: aiohttp.ClientSession) -> None:
    """In headers, in cookies, in the address and in the request itself."""
    claims = {"X-Role": "admin", "X-Scopes": "*", "X-User": "alice", "X-Forwarded-User": "alice", "X-Kagami": "1"}
    key = await port.token("bots:read")
    found = await denied(hollow, Authorization=f"Bearer {key}", Cookie="role=admin; scopes=*", **claims)
    assert not found["bots.list"]
    assert found["bots.pause"]
    headers = {"Authorization": f"Bearer {key}", "X-Confirm": "yes"}
    for field in ("role", "scopes", "who", "principal"):
        async with hollow.post("/api/v1/bots/pause", json={"bot": "", field: "*"}, headers=headers) as response:
            assert response.status == 400
    async with hollow.post("/api/v1/bots/pause?scopes=*&role=admin", json={"bot": ""}, headers=headers) as response:
        assert response.status == 403


async def test_every_operation_has_a_right_that_can_be_given_and_that_the_interface_tells() -> None:
    told = {name: DOCUMENT["paths"][path_of(found)]["post"] for name, found in OPERATIONS.items()}
    assert [name for name, found in OPERATIONS.items() if not is_scope(found.scope)] == []
    assert {found.scope.partition(":")[0] for found in OPERATIONS.values()} == set(TOPICS)
    assert [name for name, each in told.items() if "security" in each] == []
    assert {name: each["x-kagami-scope"] for name, each in told.items()} == {
        name: found.scope for name, found in OPERATIONS.items()
    }


async def test_who_may_not_do_everything_is_not_the_consoles_user_in_the_sandbox(port: Port) -> None:
    """Its `#` commands have every right: whoever may only say something there would have them too."""
    said: list[str] = []

    class Stage:
        async def say(self, text: str, *, user: str, **more: Any) -> ExecutionId:
            said.append(f"{user} {text}")
            return ExecutionId("1")

    parts = replace(port.parts, sandbox=Stage())
    found = registry().find("messages.say")
    request = msgspec.convert({"text": "#people list"}, found.request)
    for scopes in ({"messages:write"}, {"messages:*"}, {"*:read", "messages:write"}, {"*"}):
        await registry().call(parts, Principal("person", "olga", frozenset(scopes)), request)
    assert said == ["10001~olga #people list"] * 3 + ["10001 #people list"]
