"""Where people and programs prove who they are."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from contextlib import suppress

from kagami.clock import Clock
from kagami.core.scopes import ROLES, covers
from kagami.core.secrets import Secret
from kagami.errors import Unauthorized, Unavailable
from kagami.i18n import mark
from kagami.model.principal import Principal
from kagami.people.access import ACCESS_S, NOT_OURS, AccessTokens, SteadyClock
from kagami.people.passwords import Passwords
from kagami.people.policy import check_name, check_password
from kagami.people.records import (
    LAST,
    PEOPLE,
    SESSIONS,
    SETUP_KEY,
    TOKENS,
    ApiToken,
    Person,
    Records,
    Session,
    digest,
    text_of,
)
from kagami.people.register import API_PREFIX, StaffRegister, api_key
from kagami.people.sessions import Issued, Sessions, ending, session_of
from kagami.people.throttle import Throttle
from kagami.ports import Store, StorePut
from kagami.ports.people import Login, Tokens

LONGEST_NAME = 64
USED_EVERY_MS = 60_000
NOTE_S = 0.5
# What everybody has who is somebody: to see who they are, and to change their own password.
OWN = frozenset({"own:read", "own:write"})
WRONG = mark("the name or the password is wrong")


class PeopleDesk:
    """Implements `ports.People`. Make it in the loop that uses it."""

    def __init__(
        self, store: Store, clock: Clock, *, signing: Sequence[Secret], passwords: Passwords | None = None
    ) -> None:
        self._store = store
        self._clock = SteadyClock(clock)
        self._records = Records(store, clock)
        self._passwords = passwords or Passwords()
        self._throttle = Throttle(store, clock)
        self._sessions = Sessions(self._records, self._clock)
        self._used: dict[str, int] = {}
        self._first_turn = asyncio.Lock()
        self.access = AccessTokens(self._clock, *signing)
        self.register = StaffRegister(self._records, self._clock, self._passwords, self._verify)

    async def principal(self, bearer: str, address: str) -> Principal:
        if bearer.startswith(API_PREFIX):
            return await self._program(bearer, address)
        await self.access.loaded()
        login = self.login_of(bearer)
        person = await self._records.person(login.person)
        if person is None or not await self.goes_on(login):
            raise Unauthorized(reason=NOT_OURS)
        return Principal("person", person.name, OWN | frozenset(person.scopes), address)

    def login_of(self, bearer: str) -> Login:
        claims = self.access.read(bearer)
        return Login(claims.sid, claims.sub, claims.epoch, claims.generation)

    async def goes_on(self, login: Login) -> bool:
        session = await self._records.session(login.id)
        if session is None or session.person != login.person or session.expires_ms <= self._clock.wall_ms():
            return False
        person = await self._records.person(login.person)
        return person is not None and await self._counts(person, login.epoch, login.generation)

    async def login(self, user: str, password: str, address: str) -> Tokens:
        await self.access.loaded()
        name = user.strip().lower()[:LONGEST_NAME]
        return await self._admit(await self._check(name, password, address, "auth.login"), address)

    async def refresh(self, token: str, address: str) -> Tokens:
        await self.access.loaded()
        async with self._sessions.turn:
            session, counts = await self._sessions.find(token)
            issued = None if counts else self._sessions.again(session, token, address)
            if not counts and issued is None:
                await self._end(session, address, "auth.refresh", "reused: the session is ended")
                raise Unauthorized(reason=NOT_OURS)
            person = await self._records.person_now(session.person)
            if person is None or not await self._counts(person, session.epoch, session.generation):
                raise Unauthorized(reason=NOT_OURS)
            issued = issued or self._sessions.renew(session, token, address)
            await self._write(person.name, address, "auth.refresh", "ok", issued.writes)
            return self._pair(person, issued)

    async def logout(self, token: str, address: str) -> None:
        key = session_of(token)
        if not key:
            try:
                await self.access.loaded()
                key = self.access.read(token).sid
            except Unauthorized:
                return
        async with self._sessions.turn:
            session = await self._records.fresh(SESSIONS, key, Session)
            if session is not None:
                await self._end(session, address, "auth.logout", "ok")

    async def setup(self, code: str, user: str, password: str, address: str) -> Tokens:
        await self.access.loaded()
        name = check_name(user)
        check_password(password, name)
        tried = await self._throttle.take(SETUP_KEY, address)
        kept = await self._records.fresh(PEOPLE, SETUP_KEY, str)
        right = hmac.compare_digest(kept or digest(""), digest(_spelled(code)))
        async with self._first_turn:
            if kept is None or not right or await self._records.people():
                await self._write("?", address, "auth.setup", "failed", [])
                raise Unauthorized(reason=mark("the code is wrong, or does not count any more"))
            person = await self._first(name, password)
            writes = [StorePut(PEOPLE, SETUP_KEY, None), StorePut(PEOPLE, name, text_of(person))]
            await self._throttle.forgive(tried)
            return await self._admit(person, address, writes, "auth.setup")

    async def keep_first(self, password: Secret) -> bool:
        """Make the operator `admin` when there is nobody yet; `UsageError` for a password that is guessed early."""
        if await self._records.people():
            return False
        check_password(password.reveal(), "admin")
        person = await self._first("admin", password.reveal())
        writes = [StorePut(PEOPLE, person.name, text_of(person)), StorePut(PEOPLE, SETUP_KEY, None)]
        who = Principal("system", "system")
        await self._store.audit(self._clock.wall_ms(), who, "people.add", '{"name":"admin"}', "ok", writes)
        await self._records.forget()
        return True

    async def _first(self, name: str, password: str) -> Person:
        kept = await self._passwords.hash(password)
        now = self._clock.wall_ms()
        return Person(name=name, scopes=tuple(ROLES["admin"]), password=kept, epoch=now, created_ms=now)

    async def _verify(self, name: str, password: str, address: str) -> None:
        person = await self._check(name, password, address, "auth.check")
        await self._write(person.name, address, "auth.check", "ok", [])

    async def _check(self, name: str, password: str, address: str, operation: str) -> Person:
        """Who proves to be `name`."""
        tried = await self._throttle.take(name, address)
        person = await self._records.person_now(name)
        right = await self._passwords.check(person.password if person else "", password)
        if person is None or not right or person.disabled:
            # A name that nobody has may be a password in the wrong field.
            await self._write(person.name if person else "?", address, operation, "failed", [])
            raise Unauthorized(reason=WRONG)
        await self._throttle.forgive(tried)
        return person

    async def _admit(
        self, person: Person, address: str, writes: Sequence[StorePut] = (), operation: str = "auth.login"
    ) -> Tokens:
        issued = await self._sessions.open(person, address)
        seen = StorePut(PEOPLE, LAST + person.name, str(self._clock.wall_ms()))
        await self._write(person.name, address, operation, "ok", [*writes, seen, *issued.writes])
        return self._pair(person, issued)

    def _pair(self, person: Person, issued: Issued) -> Tokens:
        session = issued.session
        token = self.access.make(person.name, epoch=person.epoch, generation=session.generation, session=session.id)
        return Tokens(token, issued.token, ACCESS_S)

    async def _end(self, session: Session, address: str, operation: str, result: str) -> None:
        await self._write(session.person, address, operation, result, ending(session.id))

    async def _write(self, name: str, address: str, operation: str, result: str, writes: Sequence[StorePut]) -> None:
        who = Principal("person", name, address=address)
        await self._store.audit(self._clock.wall_ms(), who, operation, "", result, writes)
        await self._records.forget()

    async def _counts(self, person: Person, epoch: int, generation: int) -> bool:
        """Whether what was issued at that epoch and generation still counts."""
        if person.disabled or person.epoch != epoch:
            return False
        return generation >= await self._records.generation()

    async def _program(self, bearer: str, address: str) -> Principal:
        token = await self._records.token(api_key(bearer))
        if token is None or not hmac.compare_digest(token.digest, digest(bearer)):
            raise Unauthorized(reason=NOT_OURS)
        now = self._clock.wall_ms()
        if token.generation < await self._records.generation() or 0 < token.expires_ms <= now:
            raise Unauthorized(reason=NOT_OURS)
        scopes = await self._left(token)
        await self._note(token, now)
        name = f"{token.owner}/{token.name}" if token.owner else token.name
        return Principal("token", name, scopes, address)

    async def _left(self, token: ApiToken) -> frozenset[str]:
        """Of a token's rights, those that its owner has today."""
        if not token.owner:
            return frozenset(token.scopes) | {"own:read"}
        owner = await self._records.person(token.owner)
        if owner is None or owner.disabled or owner.created_ms != token.born:
            raise Unauthorized(reason=NOT_OURS)
        return frozenset(scope for scope in token.scopes if covers(owner.scopes, scope)) | {"own:read"}

    async def _note(self, token: ApiToken, now: int) -> None:
        """When it was last used, to the minute, in a row of its own: it must not write over what revokes it."""
        if now - self._used.get(token.id, 0) >= USED_EVERY_MS:
            self._used[token.id] = now
            # A full disk must not keep a program out.
            with suppress(TimeoutError, Unavailable):
                async with asyncio.timeout(NOTE_S):
                    await self._store.put_many([StorePut(TOKENS, LAST + token.id, str(now))])


def _spelled(code: str) -> str:
    """A code as it was meant, however its groups were typed."""
    return code.upper().replace("-", "").replace(" ", "")
