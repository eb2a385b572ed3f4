"""People: who may log in, their API tokens and sessions; and the roles of the plugins' own that operators give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from kagami.errors import Denied, UsageError
from kagami.i18n import mark
from kagami.operations.registry import Request, operation
from kagami.ports import OperatorRow, Parts, PersonRow, SessionRow, TokenRow

Role = Literal["viewer", "operator", "admin", "custom"]
Name = Annotated[str, msgspec.Meta(max_length=64)]
Password = Annotated[str, msgspec.Meta(max_length=256)]
Days = Annotated[int, msgspec.Meta(ge=0, le=3_650)]


class ListRoles(Request, frozen=True):
    pass


class Grant(Request, frozen=True):
    """`user` is `platform:user id`, such as `qq:10001`."""

    role: str
    user: str


class Revoke(Grant, frozen=True):
    pass


class ListPeople(Request, frozen=True):
    pass


class Me(Request, frozen=True):
    pass


class Add(Request, frozen=True):
    """Without a password a random one is made. `scopes` are for the role `custom`: `["bots:*", "*:read"]`."""

    name: Name
    role: Role = "viewer"
    scopes: list[str] = msgspec.field(default_factory=list)
    password: Password = ""

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, password="")


class SetPassword(Request, frozen=True):
    """Without a password a random one is made."""

    name: Name
    password: Password = ""

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, password="")


class OwnPassword(Request, frozen=True):
    old: Password
    new: Password

    def told(self) -> msgspec.Struct:
        return Me()


class SetRole(Request, frozen=True):
    name: Name
    role: Role
    scopes: list[str] = msgspec.field(default_factory=list)


class Disable(Request, frozen=True):
    name: Name


class Enable(Request, frozen=True):
    name: Name


class Remove(Request, frozen=True):
    name: Name


class ListTokens(Request, frozen=True):
    pass


class MakeToken(Request, frozen=True):
    """`scopes` are such as `["bots:read", "messages:*"]`; after so many days it ends by itself, never with 0."""

    name: Name
    scopes: list[str]
    days: Days = 0


class RevokeToken(Request, frozen=True):
    id: Name


class ListSessions(Request, frozen=True):
    """Of one person, or of all."""

    name: Name = ""


class ListOperators(Request, frozen=True):
    pass


class EndSession(Request, frozen=True):
    id: Name


class SetupCode(Request, frozen=True):
    pass


class Identity(msgspec.Struct, frozen=True):
    """Who asks, as Kagami sees them."""

    kind: str
    name: str
    scopes: list[str]
    address: str


class Kept(msgspec.Struct, frozen=True):
    """API tokens of a person that another password does not end."""

    tokens: list[TokenRow] = []


class NewPassword(msgspec.Struct, frozen=True, omit_defaults=True):
    """A password that is shown this once, with the API tokens of the person that go on."""

    name: str
    password: str
    tokens: list[TokenRow] = []


class NewToken(msgspec.Struct, frozen=True):
    """A token that is shown this once, with its row."""

    token: str
    row: TokenRow


class Code(msgspec.Struct, frozen=True):
    code: str


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


@operation("people.list", "people:read", offline=True)
async def list_people(parts: Parts, request: ListPeople) -> list[PersonRow]:  # noqa: ARG001
    """Who may log in, and what each may do."""
    return await parts.people.register.people()


@operation("people.me", "own:read")
async def me(parts: Parts, request: Me) -> Identity:  # noqa: ARG001
    """Who you are here, and what you may do."""
    who = parts.who
    return Identity(who.kind, who.name, sorted(who.scopes), who.address)


@operation("people.add", "people:write", staged=True, offline=True)
async def add(parts: Parts, request: Add) -> NewPassword:
    """Let somebody log in; the password is shown once."""
    _not_in_a_chat(parts)
    password = await parts.people.register.add(
        parts.facts, parts.who, request.name, password=request.password, role=request.role, scopes=request.scopes
    )
    return NewPassword(request.name, password)


@operation("people.password", "people:write", staged=True, offline=True)
async def set_password(parts: Parts, request: SetPassword) -> NewPassword:
    """Give somebody another password; it is shown once, and all their sessions end."""
    _not_in_a_chat(parts)
    register = parts.people.register
    password = await register.set_password(parts.facts, parts.who, request.name, request.password)
    return NewPassword(request.name, password, await _tokens_of(parts, request.name))


@operation("people.own_password", "own:write", staged=True)
async def own_password(parts: Parts, request: OwnPassword) -> Kept:
    """Change your own password; all your sessions end."""
    if parts.who.kind != "person":
        raise UsageError(reason=mark("Only somebody who is logged in has a password of their own."))
    if not request.new:
        raise UsageError(reason=mark("A password has 12 to 256 characters."), field="new")
    register = parts.people.register
    await register.check_password(parts.who.name, request.old, parts.who.address)
    await register.set_password(parts.facts, parts.who, parts.who.name, request.new)
    return Kept(await _tokens_of(parts, parts.who.name))


@operation("people.role", "people:write", staged=True, offline=True)
async def set_role(parts: Parts, request: SetRole) -> None:
    """Change what somebody may do; all their sessions end."""
    await parts.people.register.set_role(parts.facts, parts.who, request.name, role=request.role, scopes=request.scopes)


@operation("people.disable", "people:write", asks=True, staged=True, offline=True)
async def disable(parts: Parts, request: Disable) -> None:
    """Keep somebody out, with all their sessions and API tokens."""
    await parts.people.register.set_disabled(parts.facts, parts.who, request.name, disabled=True)


@operation("people.enable", "people:write", staged=True, offline=True)
async def enable(parts: Parts, request: Enable) -> None:
    """Let somebody in again who was kept out."""
    await parts.people.register.set_disabled(parts.facts, parts.who, request.name, disabled=False)


@operation("people.remove", "people:write", asks=True, staged=True, offline=True)
async def remove(parts: Parts, request: Remove) -> None:
    """Remove somebody for good, with all their sessions and API tokens."""
    await parts.people.register.remove(parts.facts, parts.who, request.name)


@operation("people.tokens", "people:read", offline=True)
async def list_tokens(parts: Parts, request: ListTokens) -> list[TokenRow]:  # noqa: ARG001
    """API tokens: whose they are, what they may do, when they were last used."""
    return await parts.people.register.tokens()


@operation("people.token_make", "people:write", staged=True, offline=True)
async def make_token(parts: Parts, request: MakeToken) -> NewToken:
    """Make an API token for a program; it is shown once."""
    _not_in_a_chat(parts)
    token, row = await parts.people.register.make_token(
        parts.facts, parts.who, request.name, scopes=request.scopes, days=request.days
    )
    return NewToken(token, row)


@operation("people.token_revoke", "people:write", staged=True, offline=True)
async def revoke_token(parts: Parts, request: RevokeToken) -> None:
    """End an API token, by its id."""
    await parts.people.register.revoke_token(parts.facts, parts.who, request.id)


@operation("people.sessions", "people:read", offline=True)
async def list_sessions(parts: Parts, request: ListSessions) -> list[SessionRow]:
    """Who is logged in, since when and from where."""
    rows: Sequence[SessionRow] = await parts.people.register.sessions()
    return [each for each in rows if request.name in ("", each.person)]


@operation("people.here", "people:read")
async def list_operators(parts: Parts, request: ListOperators) -> list[OperatorRow]:  # noqa: ARG001
    """Open consoles, browsers and live feeds."""
    return parts.attendance.rows()


@operation("people.session_end", "people:write", staged=True, offline=True)
async def end_session(parts: Parts, request: EndSession) -> None:
    """Log somebody out, by the id of the session."""
    await parts.people.register.end_session(parts.facts, parts.who, request.id)


@operation("people.setup", "people:secret", staged=True, watched=True, offline=True)
async def setup_code(parts: Parts, request: SetupCode) -> Code:  # noqa: ARG001
    """Show a code with which the first operator can be made, at this machine's console."""
    if parts.who.kind != "console":
        raise Denied(scope="console")
    return Code(await parts.people.register.new_setup_code(parts.facts))


async def _tokens_of(parts: Parts, name: str) -> list[TokenRow]:
    return [each for each in await parts.people.register.tokens() if each.owner == name.strip().lower()]


def _not_in_a_chat(parts: Parts) -> None:
    """What is shown in a chat stays there, and with the platform."""
    if parts.who.kind == "chat":
        raise UsageError(reason=mark("Passwords and tokens are not for chats. Use the terminal or the command line."))


OPERATIONS = (
    list_roles,
    grant,
    revoke,
    list_people,
    me,
    add,
    set_password,
    own_password,
    set_role,
    disable,
    enable,
    remove,
    list_tokens,
    make_token,
    revoke_token,
    list_sessions,
    list_operators,
    end_session,
    setup_code,
)
