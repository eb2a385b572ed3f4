"""Roles that operators give."""

from __future__ import annotations

from collections.abc import Callable

from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.people import Grant, ListRoles, Revoke
from kagami.ports import Parts


class Desk:
    """The part of `ports.Plugins` that knows roles."""

    def __init__(self) -> None:
        self.given: dict[str, tuple[str, ...]] = {}

    def grants(self) -> dict[str, tuple[str, ...]]:
        return self.given

    async def grant(self, role: str, user: str, *, on: bool) -> None:
        self.given = {role: (user,)} if on else {}


async def test_a_role_is_given_listed_and_taken(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(plugins=Desk())
    calls = registry()
    await calls.call(parts, CONSOLE, Grant(role="helper", user="qq:1"))
    assert await calls.call(parts, CONSOLE, ListRoles()) == {"helper": ("qq:1",)}
    await calls.call(parts, CONSOLE, Revoke(role="helper", user="qq:1"))
    assert await calls.call(parts, CONSOLE, ListRoles()) == {}
