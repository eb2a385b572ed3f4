"""People: the roles of the plugins' own that operators give."""

from __future__ import annotations

from kagami.operations.registry import Request, operation
from kagami.ports import Parts


class ListRoles(Request, frozen=True):
    pass


class Grant(Request, frozen=True):
    """`user` is `platform:user id`, such as `qq:10001`."""

    role: str
    user: str


class Revoke(Grant, frozen=True):
    pass


@operation("people.roles", "people:read")
async def list_roles(parts: Parts, request: ListRoles) -> dict[str, tuple[str, ...]]:  # noqa: ARG001
    """Who has which role."""
    return parts.plugins.grants()


@operation("people.grant", "people:write")
async def grant(parts: Parts, request: Grant) -> None:
    """Give somebody a role that commands ask for."""
    await parts.plugins.grant(request.role, request.user, on=True)


@operation("people.revoke", "people:write")
async def revoke(parts: Parts, request: Revoke) -> None:
    """Take a role from somebody."""
    await parts.plugins.grant(request.role, request.user, on=False)


OPERATIONS = (list_roles, grant, revoke)
