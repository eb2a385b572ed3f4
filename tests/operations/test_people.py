"""People at the operations, and roles that operators give; the register itself is tested in its room."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.people import Add, Grant, Identity, ListRoles, MakeToken, Me, OwnPassword, Revoke, SetPassword
from kagami.operations.registry import Request, from_words
from kagami.ports import Parts


class Desk:
    """The part of `ports.Plugins` that knows roles."""

    def __init__(self) -> None:
        self.given: dict[str, tuple[str, ...]] = {}

    def grants(self) -> dict[str, tuple[str, ...]]:
        return self.given

    async def grant(self, role: str, user: str, *, on: bool) -> None:
        self.given = {role: (user,)} if on else {}


def test_scopes_can_be_spelled_in_words() -> None:
    found = registry().find("people.token_make")
    assert from_words(found, {"name": "key", "scopes": '["*:read"]'}) == MakeToken(name="key", scopes=["*:read"])


@pytest.mark.parametrize(
    "request_",
    [
        Add(name="vera", password="seven purple geese"),
        SetPassword(name="vera", password="seven purple geese"),
        OwnPassword(old="seven purple geese", new="seven purple geese"),
    ],
    ids=repr,
)
def test_the_audit_is_told_no_password(request_: Request) -> None:
    assert b"geese" not in msgspec.json.encode(request_.told())


async def test_who_asks_is_told_who_they_are(make_parts: Callable[..., Parts]) -> None:
    who = Principal("token", "alice/script", frozenset({"own:read", "bots:read"}), "192.0.2.1")
    told = await registry().call(make_parts(), who, Me())
    assert told == Identity("token", "alice/script", ["bots:read", "own:read"], "192.0.2.1")


async def test_a_role_is_given_listed_and_taken(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(plugins=Desk())
    calls = registry()
    await calls.call(parts, CONSOLE, Grant(role="helper", user="qq:1"))
    assert await calls.call(parts, CONSOLE, ListRoles()) == {"helper": ("qq:1",)}
    await calls.call(parts, CONSOLE, Revoke(role="helper", user="qq:1"))
    assert await calls.call(parts, CONSOLE, ListRoles()) == {}
