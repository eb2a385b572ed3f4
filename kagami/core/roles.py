"""Who may use a command: roles of a group, super admins, and roles that operators give.

`member` < `admin` < `owner` < `super`. The first three are a platform's word about one group, as its adapter read it,
and count for that group alone; what a platform says never makes a super admin. Those are named in the configuration.
Any other word is a role of its own, which users were granted or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum

from kagami.core.scopes import identity
from kagami.model.event import Event
from kagami.model.ids import split_id


class Rank(IntEnum):
    """Each holds those before it."""

    MEMBER = 0
    ADMIN = 1
    OWNER = 2
    SUPER = 3


BY_WORD: Mapping[str, Rank] = {rank.name.lower(): rank for rank in Rank}
_OF_GROUP: Mapping[str, Rank] = {word: rank for word, rank in BY_WORD.items() if rank < Rank.SUPER}


def role_of(event: Event, admins: Collection[str]) -> Rank:
    """The rank of an event's sender in its chat; `admins` are `platform:user id`. In private everybody is the owner."""
    if identity(event) in admins:
        return Rank.SUPER
    if split_id(event.chat)[0] == "private":
        return Rank.OWNER
    return _OF_GROUP.get(event.sender.role, Rank.MEMBER)


def may(event: Event, needed: str, *, supers: Collection[str], custom: Mapping[str, Collection[str]]) -> bool:
    """Whether the sender has the role `needed`. `custom` are `platform:user id` by custom role; supers have all."""
    if needed == "member":
        return True
    rank = role_of(event, supers)
    wanted = BY_WORD.get(needed)
    if wanted is not None:
        return rank >= wanted
    return rank is Rank.SUPER or identity(event) in custom.get(needed, ())


def held(event: Event, *, supers: Collection[str], custom: Mapping[str, Collection[str]]) -> frozenset[str]:
    """All roles that the sender has, for where only words can be told."""
    return frozenset(role for role in (*BY_WORD, *custom) if may(event, role, supers=supers, custom=custom))
