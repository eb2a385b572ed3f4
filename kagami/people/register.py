"""The list of people, as operations change it.

Nobody can give a right that they do not have, nor change somebody who has one: a person who may write people could
otherwise set an administrator's password and be one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from kagami.core.scopes import missing
from kagami.errors import Conflict, Denied, NotFound, Unauthorized, UsageError
from kagami.i18n import mark
from kagami.model.principal import Principal
from kagami.people.access import SteadyClock
from kagami.people.passwords import Passwords, random_password
from kagami.people.policy import check_name, check_password, check_scopes, rights
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
    read,
    text_of,
)
from kagami.people.sessions import DAY_MS, ending
from kagami.ports import Facts, StorePut
from kagami.ports.people import PersonRow, SessionRow, TokenRow

API_PREFIX = "kgm_"
TOKEN_BYTES = 32
ID_LENGTH = 16
# Letters that are not taken for digits: 16 of them are 80 bits.
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 16

Verify = Callable[[str, str, str], Awaitable[None]]


class StaffRegister:
    """Implements `ports.people.Register`."""

    def __init__(self, records: Records, clock: SteadyClock, passwords: Passwords, verify: Verify) -> None:
        self._records = records
        self._clock = clock
        self._passwords = passwords
        self._verify = verify

    async def people(self) -> list[PersonRow]:
        return [each.row(login_ms) for each, login_ms in (await self._records.people()).items()]

    async def person(self, name: str) -> PersonRow:
        person = await self._person(name)
        return person.row(await self._records.fresh(PEOPLE, LAST + person.name, int) or 0)

    async def add(
        self, facts: Facts, who: Principal, name: str, *, password: str, role: str, scopes: Sequence[str]
    ) -> str:
        name, given = check_name(name), rights(role, scopes)
        _demand(who, given)
        if await facts.get(PEOPLE, name) is not None:
            raise Conflict(reason=mark("There is somebody of this name already."))
        password = _chosen(password, name)
        kept = await self._passwords.hash(password)
        now = self._clock.wall_ms()
        self._put(facts, Person(name=name, scopes=given, password=kept, epoch=now, created_ms=now))
        facts.put(PEOPLE, SETUP_KEY, None)
        return password

    async def set_password(self, facts: Facts, who: Principal, name: str, password: str) -> str:
        person = await self._theirs(who, name)
        password = _chosen(password, person.name)
        kept = await self._passwords.hash(password)
        await self._renew(facts, msgspec.structs.replace(person, password=kept))
        return password

    async def check_password(self, name: str, password: str, address: str) -> None:
        try:
            await self._verify(name, password, address)
        except Unauthorized:  # which would say that the login itself does not count
            raise UsageError(reason=mark("The old password is wrong."), field="old") from None

    async def set_role(self, facts: Facts, who: Principal, name: str, *, role: str, scopes: Sequence[str]) -> None:
        person, given = await self._theirs(who, name), rights(role, scopes)
        _demand(who, given)
        await self._renew(facts, msgspec.structs.replace(person, scopes=given))

    async def set_disabled(self, facts: Facts, who: Principal, name: str, *, disabled: bool) -> None:
        person = await self._theirs(who, name)
        await self._renew(facts, msgspec.structs.replace(person, disabled=disabled))

    async def remove(self, facts: Facts, who: Principal, name: str) -> None:
        person = await self._theirs(who, name)
        await self._end_all(facts, person.name)
        for token in await self._records.tokens():
            if token.owner == person.name:
                _drop(facts, token.id)
        facts.put(PEOPLE, person.name, None)
        facts.put(PEOPLE, LAST + person.name, None)
        facts.then(self._records.forget)

    async def tokens(self) -> list[TokenRow]:
        """Those that may count: what is of before a restored backup never does again."""
        now = await self._records.generation()
        rows = (await self._records.tokens()).items()
        return [each.row(used_ms) for each, used_ms in rows if each.generation >= now]

    async def make_token(
        self, facts: Facts, who: Principal, name: str, *, scopes: Sequence[str], days: int
    ) -> tuple[str, TokenRow]:
        given = check_scopes(scopes)
        _demand(who, given)
        owner = await self._owner(who)
        secret = API_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock.wall_ms()
        token = ApiToken(
            id=api_key(secret),
            name=check_name(name),
            digest=digest(secret),
            scopes=given,
            generation=await self._records.generation(),
            owner=owner.name if owner else "",
            born=owner.created_ms if owner else 0,
            created_ms=now,
            expires_ms=now + days * DAY_MS if days else 0,
        )
        facts.put(TOKENS, token.id, text_of(token))
        facts.then(self._records.forget)
        return secret, token.row(0)

    async def revoke_token(self, facts: Facts, who: Principal, id: str) -> None:  # noqa: A002
        token = None if id.startswith(LAST) else read(await facts.get(TOKENS, id), ApiToken)
        if token is None:
            raise NotFound(what="token", name=id)
        if not _is(who, token.owner):
            _demand(who, token.scopes)
        _drop(facts, token.id)
        facts.then(self._records.forget)

    async def sessions(self) -> list[SessionRow]:
        now, since = self._clock.wall_ms(), await self._records.generation()
        rows = (await self._records.sessions()).items()
        return [each.row(current) for each, current in rows if current.expires_ms > now and each.generation >= since]

    async def end_session(self, facts: Facts, who: Principal, id: str) -> None:  # noqa: A002
        session = None if id.startswith(LAST) else read(await facts.get(SESSIONS, id), Session)
        if session is None:
            raise NotFound(what="session", name=id)
        person = await self._records.person_now(session.person)
        if person is not None and not _is(who, person.name):
            _demand(who, person.scopes)
        _stage(facts, ending(id))
        facts.then(self._records.forget)

    async def new_setup_code(self, facts: Facts) -> str:
        if await self._records.people():
            raise Conflict(reason=mark("There is an operator already."))
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        facts.put(PEOPLE, SETUP_KEY, text_of(digest(code)))
        return "-".join(code[place : place + 4] for place in range(0, CODE_LENGTH, 4))

    async def _person(self, name: str) -> Person:
        name = name.strip().lower()
        found = await self._records.person_now(name)
        if found is None:
            raise NotFound(what="person", name=name)
        return found

    async def _theirs(self, who: Principal, name: str) -> Person:
        """Somebody whom `who` may change: themselves, or one who has no right that they have not."""
        person = await self._person(name)
        if not _is(who, person.name):
            _demand(who, person.scopes)
        return person

    async def _owner(self, who: Principal) -> Person | None:
        """Whose token it becomes: a token's own owner's, so that it can never outlive them by a token of its own."""
        name = who.name if who.kind == "person" else _owner_of(who.name) if who.kind == "token" else ""
        return await self._person(name) if name else None

    async def _renew(self, facts: Facts, person: Person) -> None:
        """Keep somebody changed: what was issued before counts no more."""
        epoch = max(self._clock.wall_ms(), person.epoch + 1)
        await self._end_all(facts, person.name)
        self._put(facts, msgspec.structs.replace(person, epoch=epoch))

    async def _end_all(self, facts: Facts, name: str) -> None:
        for session in await self._records.sessions():
            if session.person == name:
                _stage(facts, ending(session.id))

    def _put(self, facts: Facts, person: Person) -> None:
        facts.put(PEOPLE, person.name, text_of(person))
        facts.then(self._records.forget)


def _is(who: Principal, name: str) -> bool:
    return who.kind == "person" and who.name == name


def _owner_of(token: str) -> str:
    """The owner in a token's name as a principal's; no name of either has a slash."""
    owner, slash, _ = token.partition("/")
    return owner if slash else ""


def _stage(facts: Facts, writes: Iterable[StorePut]) -> None:
    for each in writes:
        facts.put(each.plugin, each.key, each.value)


def _demand(who: Principal, scopes: Iterable[str]) -> None:
    """`Denied` for the first right that `who` has not."""
    if lacking := missing(who.scopes, scopes):
        raise Denied(scope=lacking)


def _chosen(password: str, name: str) -> str:
    """The given password when it is a good one, else a random one."""
    if not password:
        return random_password()
    check_password(password, name)
    return password


def _drop(facts: Facts, id: str) -> None:  # noqa: A002
    facts.put(TOKENS, id, None)
    facts.put(TOKENS, LAST + id, None)


def api_key(token: str) -> str:
    """Under which key a token is kept, and what people call it by."""
    return digest(token)[:ID_LENGTH]
