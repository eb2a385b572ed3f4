"""People who may operate Kagami, and how a request proves that it is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kagami.model.principal import Principal
from kagami.ports.facts import Facts


class Tokens(msgspec.Struct, frozen=True):
    """What a login gives: `expires_in` seconds for the access token, which a JWT is; the other one is opaque."""

    access_token: str
    refresh_token: str
    expires_in: int


class PersonRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`role` is `custom` when the scopes are nobody's role; times are wall milliseconds, 0 for never."""

    name: str
    role: str
    scopes: list[str]
    disabled: bool = False
    created_ms: int = 0
    login_ms: int = 0


class TokenRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An API token without what proves it. `owner` is empty for one that was made at the console or in a chat."""

    id: str
    name: str
    owner: str
    scopes: list[str]
    created_ms: int = 0
    expires_ms: int = 0
    used_ms: int = 0


class SessionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    person: str
    address: str
    created_ms: int
    used_ms: int
    expires_ms: int


class Login(msgspec.Struct, frozen=True):
    """A login that an access token came from: `id` names it, the rest is what it counts by."""

    id: str
    person: str
    epoch: int
    generation: int


class Register(Protocol):
    """The list of people, as operations change it: in `facts`, so that it becomes real with its row in the audit.

    Who asks must have every right of those whom it changes and that it gives; otherwise it is `Denied`.
    """

    async def people(self) -> list[PersonRow]: ...

    async def person(self, name: str) -> PersonRow:
        """`NotFound` when there is nobody of that name."""
        ...

    async def add(
        self, facts: Facts, who: Principal, name: str, *, password: str, role: str, scopes: Sequence[str]
    ) -> str:
        """Add somebody and return the password: the given one, or a random one for an empty text."""
        ...

    async def set_password(self, facts: Facts, who: Principal, name: str, password: str) -> str:
        """As `add`; all sessions of that person end."""
        ...

    async def check_password(self, name: str, password: str, address: str) -> None:
        """`UsageError` for a wrong one; throttled as a login is."""
        ...

    async def set_role(self, facts: Facts, who: Principal, name: str, *, role: str, scopes: Sequence[str]) -> None: ...

    async def set_disabled(self, facts: Facts, who: Principal, name: str, *, disabled: bool) -> None: ...

    async def remove(self, facts: Facts, who: Principal, name: str) -> None: ...

    async def tokens(self) -> list[TokenRow]: ...

    async def make_token(
        self, facts: Facts, who: Principal, name: str, *, scopes: Sequence[str], days: int
    ) -> tuple[str, TokenRow]:
        """The token itself, which is never shown again; 0 days are for ever."""
        ...

    async def revoke_token(self, facts: Facts, who: Principal, id: str) -> None: ...  # noqa: A002

    async def sessions(self) -> list[SessionRow]: ...

    async def end_session(self, facts: Facts, who: Principal, id: str) -> None: ...  # noqa: A002

    async def new_setup_code(self, facts: Facts) -> str:
        """A code that makes the first operator; `Conflict` when there is one."""
        ...


class People(Protocol):
    """Who a request is from. `address` is where it came from."""

    @property
    def register(self) -> Register: ...

    async def principal(self, bearer: str, address: str) -> Principal:
        """Whose access token or API token this is; `Unauthorized` when it is nobody's, or not any more."""
        ...

    def login_of(self, bearer: str) -> Login:
        """The login of an access token; `Unauthorized` when it is none of ours."""
        ...

    async def goes_on(self, login: Login) -> bool:
        """Whether a login still counts, also after its access tokens have expired."""
        ...

    async def login(self, user: str, password: str, address: str) -> Tokens:
        """`Unauthorized`, in the same words and time for every reason; `Throttled` after too many tries."""
        ...

    async def refresh(self, token: str, address: str) -> Tokens:
        """Another pair for a refresh token, which is used up; one that comes again ends its session."""
        ...

    async def logout(self, token: str, address: str) -> None:
        """End the session of an access or refresh token; nothing happens for a token that is nobody's."""
        ...

    async def setup(self, code: str, user: str, password: str, address: str) -> Tokens:
        """Make the first operator, and log in."""
        ...
