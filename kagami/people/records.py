"""What is kept of people, and the short memory through which it is read at every request.

Namespaces of the store: `@people` (by name, and the set-up code under a key that no name can be), `@tokens`
(by the beginning of the token's hash), `@sessions` (by the hash of the refresh tokens' family), `@epoch`. What changes
by mere use is in rows of its own, under `last/…`: a use must never write over what revokes. No row holds what it could
be forged from: passwords and tokens are there as hashes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeVar, cast

import msgspec

from kagami.clock import Clock
from kagami.core.scopes import ROLES
from kagami.people.policy import CUSTOM, is_name
from kagami.ports import Store
from kagami.ports.people import PersonRow, SessionRow, TokenRow

PEOPLE, TOKENS, SESSIONS, EPOCH = "@people", "@tokens", "@sessions", "@epoch"
SETUP_KEY = "@setup"
LAST = "last/"
# For how long another process may not have seen that a token was refused.
FRESH_S = 5.0
MOST_KEPT = 4_096


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`epoch` grows with everything that makes earlier logins invalid; it begins with the time, so none comes twice."""

    name: str
    scopes: tuple[str, ...]
    password: str
    epoch: int
    disabled: bool = False
    created_ms: int = 0

    def row(self, login_ms: int) -> PersonRow:
        role = next((role for role, scopes in ROLES.items() if scopes == frozenset(self.scopes)), CUSTOM)
        return PersonRow(self.name, role, list(self.scopes), self.disabled, self.created_ms, login_ms)


class ApiToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`born` is the owner's time of creation, so that a namesake does not inherit it."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    generation: int
    owner: str = ""
    born: int = 0
    created_ms: int = 0
    expires_ms: int = 0

    def row(self, used_ms: int) -> TokenRow:
        return TokenRow(self.id, self.name, self.owner, list(self.scopes), self.created_ms, self.expires_ms, used_ms)


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One login, as long as it may last at most."""

    id: str
    person: str
    epoch: int
    generation: int
    address: str = ""
    created_ms: int = 0
    expires_ms: int = 0

    def row(self, now: Current) -> SessionRow:
        return SessionRow(self.id, self.person, self.address, self.created_ms, now.used_ms, now.expires_ms)


class Current(msgspec.Struct, frozen=True):
    """The one refresh token of a session that counts, and until when."""

    digest: str = ""
    used_ms: int = 0
    expires_ms: int = 0


T = TypeVar("T")
L = TypeVar("L")


def digest(text: str) -> str:
    """Tokens are random, 256 bits: a fast hash keeps them as well as a slow one."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_of(record: Any) -> str:
    return msgspec.json.encode(record).decode()


def read(text: str | None, kind: type[T]) -> T | None:
    return None if text is None else msgspec.json.decode(text, type=kind)


class Records:
    """Reads rows. Those that every request asks for are remembered for at most `FRESH_S`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._kept: dict[tuple[str, str], object] = {}
        self._since = clock.monotonic()
        self._turn = 0

    async def person(self, name: str) -> Person | None:
        return await self._recent(PEOPLE, name, Person)

    async def token(self, id: str) -> ApiToken | None:  # noqa: A002
        return await self._recent(TOKENS, id, ApiToken)

    async def session(self, id: str) -> Session | None:  # noqa: A002
        return await self._recent(SESSIONS, id, Session)

    async def generation(self) -> int:
        """What was issued under a smaller one is refused: a restored backup raises it."""
        return await self._recent(EPOCH, "tokens", int) or 0

    async def fresh(self, namespace: str, key: str, kind: type[T]) -> T | None:
        """Past the memory."""
        return read(await self.store.get(namespace, key), kind)

    async def person_now(self, name: str) -> Person | None:
        """Past the memory; None for what is no name too."""
        return await self.fresh(PEOPLE, name, Person) if is_name(name) else None

    async def people(self) -> dict[Person, int]:
        """With the time of the last login, 0 for never."""
        return await self._all(PEOPLE, Person, 0)

    async def sessions(self) -> dict[Session, Current]:
        return await self._all(SESSIONS, Session, Current())

    async def tokens(self) -> dict[ApiToken, int]:
        """With the time of the last use, 0 for never."""
        return await self._all(TOKENS, ApiToken, 0)

    async def _all(self, namespace: str, kind: type[T], never: L) -> dict[T, L]:
        """Rows, each with the row of its use."""
        rows = await self.store.items(namespace)
        return {
            msgspec.json.decode(text, type=kind): read(rows.get(LAST + key), type(never)) or never
            for key, text in rows.items()
            if not key.startswith((LAST, SETUP_KEY))
        }

    async def forget(self) -> None:
        """Something was written: read again."""
        self._kept.clear()
        self._turn += 1

    async def _recent(self, namespace: str, key: str, kind: type[T]) -> T | None:
        now = self._clock.monotonic()
        if now - self._since >= FRESH_S or len(self._kept) >= MOST_KEPT:
            self._kept.clear()
            self._since = now
        if (namespace, key) in self._kept:
            return cast("T | None", self._kept[namespace, key])
        turn = self._turn
        found = await self.fresh(namespace, key, kind)
        # What was read before a write may be older than it. What is not there is not remembered: keys can be made up.
        if turn == self._turn and (found is not None or namespace == EPOCH):
            self._kept[namespace, key] = found
        return found
