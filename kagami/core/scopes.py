"""Who may do what."""

from __future__ import annotations

from collections.abc import Collection

from kagami.model.event import Event
from kagami.model.ids import split_id
from kagami.model.principal import Principal


def allowed(who: Principal, scope: str) -> bool:
    """`*` allows all, `bots:*` allows `bots:read` and `bots:write`, `*:read` allows `bots:read`."""
    topic, _, kind = scope.partition(":")
    return not who.scopes.isdisjoint({"*", scope, f"{topic}:*", f"*:{kind}"})


def identity(event: Event) -> str:
    """`platform:user id` as the adapter authenticated it. Names and roles that a platform shows play no part."""
    platform, _ = split_id(event.bot)
    return f"{platform}:{event.user}"


def super_admin(event: Event, admins: Collection[str]) -> Principal | None:
    """The principal of an event whose sender is one of `admins` (`qq:10001`)."""
    who = identity(event)
    return Principal("chat", who, frozenset({"*"})) if who in admins else None
