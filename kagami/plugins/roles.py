"""Roles that operators give to users, besides those of groups and of the configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from kagami.core.roles import BY_WORD
from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.plugins.facts import fact, read_facts
from kagami.plugins.values import Values

ROLES = "@roles"
_ROLE = re.compile(r"[^\W\d_][\w-]{0,31}")


def check_role(role: str) -> None:
    """`UsageError` unless the word can name a role of operators' own."""
    if role in BY_WORD:
        raise UsageError(reason=mark("This role is given by the group or by the configuration (admins)."))
    if not _ROLE.fullmatch(role):
        raise UsageError(reason=mark("A role is one word: a letter, then letters, digits, - and _, at most 32."))


class Roles:
    """`users` are `platform:user id` by role, as `core.roles.may` takes them."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._users: dict[str, set[str]] = {}

    async def open(self) -> None:
        """Read what was kept."""
        self._users = {}
        for key in await read_facts(self._values, ROLES, bool):
            role, _, user = key.partition("/")
            self._users.setdefault(role, set()).add(user)

    @property
    def users(self) -> Mapping[str, Collection[str]]:
        return self._users

    def grants(self) -> dict[str, tuple[str, ...]]:
        """Users by role, both sorted."""
        return {role: tuple(sorted(self._users[role])) for role in sorted(self._users)}

    async def grant(self, role: str, user: str, *, on: bool) -> None:
        """Give a role to `platform:user id`, or take it."""
        check_role(role)
        if not all(split_id(user)):
            raise UsageError(reason=mark("Write the user as platform:user id, such as qq:10001."))
        await self._values.put_many((fact(ROLES, f"{role}/{user}", True if on else None),))
        if on:
            self._users.setdefault(role, set()).add(user)
        elif users := self._users.get(role):
            users.discard(user)
            if not users:
                del self._users[role]
