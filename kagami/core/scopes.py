"""Who may do what."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from kagami.model.event import Event
from kagami.model.ids import split_id
from kagami.model.principal import Principal

VIEWER = frozenset({"*:read"})
WRITTEN_BY_OPERATORS = ("bots", "routes", "workers", "plugins", "messages", "logs", "traces", "guard")
ROLES: Mapping[str, frozenset[str]] = {
    "viewer": VIEWER,
    "operator": VIEWER | {f"{topic}:write" for topic in WRITTEN_BY_OPERATORS},
    "admin": frozenset({"*"}),
}
# Of operations, and `own` for what everybody has of themselves.
TOPICS = (
    *("audit", "backup", "bots", "cluster", "guard", "logs", "messages", "own"),
    *("people", "plugins", "routes", "settings", "system", "traces", "workers"),
)
_KINDS = "read|write|delete|install|reveal|secret"
_SCOPE = re.compile(rf"\*|\*:read|(?:{'|'.join(TOPICS)}):(?:{_KINDS}|\*)", re.ASCII)


def allowed(who: Principal, scope: str) -> bool:
    """`*` allows all, `bots:*` allows `bots:read` and `bots:write`, `*:read` allows `bots:read`.

    A `:secret` scope is allowed by `*` and by its own name alone.
    """
    return covers(who.scopes, scope)


def covers(held: Collection[str], scope: str) -> bool:
    """Whether `held` allow everything that `scope`, which may be one with a star, allows."""
    topic, _, kind = scope.partition(":")
    wider = set() if kind == "secret" else {f"{topic}:*", f"*:{kind}"}
    return not {"*", scope, *wider}.isdisjoint(held)


def missing(held: Collection[str], wanted: Iterable[str]) -> str:
    """The first of `wanted` that whoever has `held` cannot give away; empty when there is none."""
    return next((scope for scope in sorted(wanted) if not covers(held, scope)), "")


def is_scope(text: str) -> bool:
    return _SCOPE.fullmatch(text) is not None


def identity(event: Event) -> str:
    """`platform:user id` as the adapter authenticated it. Names and roles that a platform shows play no part."""
    platform, _ = split_id(event.bot)
    return f"{platform}:{event.user}"


def super_admin(event: Event, admins: Collection[str]) -> Principal | None:
    """The principal of an event whose sender is one of `admins` (`qq:10001`)."""
    who = identity(event)
    return Principal("chat", who, frozenset({"*"})) if who in admins else None
