"""Logins that go on: a family of refresh tokens each, of which only the newest counts.

A refresh token is `kgr_<family>.<secret>`. The row is kept under the hash of the family, so that its key, which lists
and access tokens show, proves nothing: whoever knows a family and not its newest secret has used an old token, and
then either they or the owner is a thief.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import NamedTuple

from kagami.errors import Unauthorized
from kagami.i18n import mark
from kagami.people.access import NOT_OURS, SteadyClock
from kagami.people.records import LAST, SESSIONS, Current, Person, Records, Session, digest, text_of
from kagami.ports import StorePut

PREFIX = "kgr_"
FAMILY_BYTES, SECRET_BYTES = 16, 32
LONGEST_TOKEN = 128
DAY_MS = 86_400_000
# Without use, and at most.
IDLE_MS, WHOLE_MS = 7 * DAY_MS, 30 * DAY_MS
PER_PERSON = 20
# Two tabs of one browser come with the same token at the same moment: so long both are given the same next one.
TOGETHER_MS = 10_000


class Issued(NamedTuple):
    """A session, the refresh token that counts from now on, and what to write for it."""

    session: Session
    token: str
    writes: list[StorePut]


class Handed(NamedTuple):
    """A token that was just given for the one with the hash `used`; in memory alone."""

    used: str
    issued: Issued
    address: str
    until_ms: int


class Sessions:
    """Opens, renews and ends them; what is to be written goes with the caller's row in the audit."""

    def __init__(self, records: Records, clock: SteadyClock) -> None:
        self._records = records
        self._clock = clock
        self._handed: dict[str, Handed] = {}
        self.turn = asyncio.Lock()  # between reading which token counts and writing which one does next

    async def open(self, person: Person, address: str) -> Issued:
        """A new one; those that are over or too many end."""
        now = self._clock.wall_ms()
        family = secrets.token_urlsafe(FAMILY_BYTES)
        session = Session(
            id=key_of(family),
            person=person.name,
            epoch=person.epoch,
            generation=await self._records.generation(),
            address=address,
            created_ms=now,
            expires_ms=now + WHOLE_MS,
        )
        issued = self._next(session, family)
        own = [StorePut(SESSIONS, session.id, text_of(session)), *issued.writes]
        return issued._replace(writes=[*own, *await self._over(person.name, now)])

    async def _over(self, person: str, now: int) -> list[StorePut]:
        rows = await self._records.sessions()
        over = [each.id for each, current in rows.items() if current.expires_ms <= now]
        own = sorted((last.used_ms, each.id) for each, last in rows.items() if each.person == person)
        left = [key for _, key in own if key not in over]
        over += left[: max(0, len(left) + 1 - PER_PERSON)]
        return [write for key in over for write in ending(key)]

    async def find(self, token: str) -> tuple[Session, bool]:
        """The session of a refresh token and whether the token still counts; `Unauthorized` when there is none."""
        key, now = session_of(token), self._clock.wall_ms()
        session = await self._records.fresh(SESSIONS, key, Session) if key else None
        current = await self._records.fresh(SESSIONS, LAST + key, Current)
        if session is None or current is None:
            raise Unauthorized(reason=NOT_OURS)
        if not hmac.compare_digest(current.digest, digest(token)):
            return session, False
        if min(session.expires_ms, current.expires_ms) <= now:
            raise Unauthorized(reason=mark("this login has expired"))
        return session, True

    def renew(self, session: Session, token: str, address: str) -> Issued:
        """The token after `token`."""
        issued, now = self._next(session, token.removeprefix(PREFIX).partition(".")[0]), self._clock.wall_ms()
        self._handed = {key: each for key, each in self._handed.items() if each.until_ms > now}
        self._handed[session.id] = Handed(digest(token), issued, address, now + TOGETHER_MS)
        return issued

    def again(self, session: Session, token: str, address: str) -> Issued | None:
        """What was given for `token` a moment ago, when the same address asks; there is nothing to write for it."""
        handed = self._handed.get(session.id)
        if handed is None or handed.until_ms <= self._clock.wall_ms() or handed.address != address:
            return None
        return handed.issued._replace(writes=[]) if hmac.compare_digest(handed.used, digest(token)) else None

    def _next(self, session: Session, family: str) -> Issued:
        now = self._clock.wall_ms()
        token = f"{PREFIX}{family}.{secrets.token_urlsafe(SECRET_BYTES)}"
        current = Current(digest(token), now, min(now + IDLE_MS, session.expires_ms))
        return Issued(session, token, [StorePut(SESSIONS, LAST + session.id, text_of(current))])


def ending(key: str) -> list[StorePut]:
    """What to write so that a session ends."""
    return [StorePut(SESSIONS, key, None), StorePut(SESSIONS, LAST + key, None)]


def key_of(family: str) -> str:
    return digest(family)[:16]


def session_of(token: str) -> str:
    """The key of the session that a refresh token belongs to; empty for what is none."""
    if not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
        return ""
    return key_of(token.removeprefix(PREFIX).partition(".")[0])
