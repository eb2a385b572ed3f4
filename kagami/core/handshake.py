"""Who may open a connection: decided from the request's head alone, before anything else of it is read.

The order is that of the questions: is this request meant for us (Host), does a web page make it (Origin), is there
anything at this path, does it know the token, does it say which account it brings. OneBot 11 gives the headers
`X-Self-ID`, `X-Client-Role` and `Authorization: Bearer`; a missing token is 401, a wrong one 403.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple
from urllib.parse import unquote

import msgspec

Role = Literal["universal", "api", "event"]

IMPLEMENTATION_PATHS = frozenset({"/onebot/v11/ws", "/ws/bots"})
APPLICATION_PATHS = frozenset({"/", "/api", "/event", "/ws/workers"})
DEFAULT_PLATFORM = "qq"
AGENT_LENGTH = 120

_ACCOUNT = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)
_PLATFORM = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?", re.ASCII)
_ROLES: dict[str, Role] = {"universal": "universal", "api": "api", "event": "event"}
_SCHEMES = frozenset({"bearer", "token"})
_ONLY = re.compile(r"(?:[a-z][a-z0-9_]{0,31}:)?[A-Za-z0-9_.@-]{1,64}", re.ASCII)
_PATH_ROLES: dict[str, Role] = {"/api": "api", "/event": "event"}
# Platforms whose implementations do not say in the handshake which account they bring.
_LEARNT = frozenset({"wechat"})
# Kagami's own: who speaks there sits at the console.
_OWN_PLATFORM = "sandbox"


class Welcome(msgspec.Struct, frozen=True):
    """What an implementation said of itself in a handshake that was authenticated.

    `account` is empty for BotMatrix' WeChat gateway, which says it in its first event.
    """

    account: str
    platform: str
    role: Role
    agent: str = ""


class Visitor(msgspec.Struct, frozen=True):
    """An application whose token is that of a worker. `only` names the one bot that it wants; empty for all of them."""

    worker: str
    role: Role
    only: str = ""
    agent: str = ""


class Refusal(NamedTuple):
    """An HTTP status and the reason, in English for the peer's log."""

    status: int
    reason: str


class Rules(NamedTuple):
    """What a gateway demands. `token` is `digest(token)`; `hosts` and `origins` are lower case.

    `workers` are the names of applications with the digests of their tokens; no two are the same.
    """

    host: str
    token: bytes
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    query_token: bool = False
    workers: tuple[tuple[str, bytes], ...] = ()


def digest(token: str) -> bytes:
    """What tokens are compared as: of one length, and not the token."""
    return sha256(token.encode()).digest()


def own_token(gateway: bytes, platform: str, account: str) -> str:
    """The token that opens the gateway for one account alone, of the `digest` of the gateway's. Nothing is kept of it.

    It ends when the gateway's token is changed. Empty for no account.
    """
    if not account:
        return ""
    return hmac.new(gateway, f"{platform}:{account}".encode(), sha256).hexdigest()


def rules(
    host: str, token: str, *, hosts: Iterable[str] = (), origins: Iterable[str] = (), query_token: bool = False
) -> Rules:
    """`host` is what the gateway is bound to; `hosts` are the names under which it may be asked for besides."""
    names, pages = (frozenset(text.lower() for text in given) for given in (hosts, origins))
    return Rules(host.lower(), digest(token), names, pages, query_token)


def check(headers: Sequence[tuple[str, str]], target: str, demands: Rules) -> Welcome | Visitor | Refusal:
    """Judge a request by its headers, in any case and order, and its target (path and query).

    An implementation is let in by the gateway's own token, an application by that of its worker, neither by the
    other's.
    """
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value)
    path, _, query = target.partition("?")
    path = path.rstrip("/") or "/"
    refusal = (
        check_host(fields.get("host", []), demands)
        or _check_origin(fields.get("origin", []), demands)
        or _check_path(path, demands)
    )
    if refusal is not None:
        return refusal
    token = _find_token(fields.get("authorization", []), query, demands)
    if isinstance(token, Refusal):
        return token
    if path in APPLICATION_PATHS:
        return _check_worker(digest(token), path, fields, query, demands)
    claim = _check_claim(fields, query)
    if not _opens(token, claim, demands):
        if _worker_of(digest(token), demands):
            return Refusal(403, "this is the token of an application: those use /, /api or /event")
        return Refusal(403, "wrong token")
    return claim


def _opens(token: str, claim: Welcome | Refusal, demands: Rules) -> bool:
    """Whether an implementation may come with it: the gateway's for every account, one of its own for that account."""
    own = own_token(demands.token, claim.platform, claim.account) if isinstance(claim, Welcome) else ""
    return hmac.compare_digest(digest(token), demands.token) | hmac.compare_digest(digest(token), digest(own))


def check_host(values: list[str], demands: Rules) -> Refusal | None:
    if len(values) != 1:
        return Refusal(400, "exactly one Host header is needed")
    found = _HOST.fullmatch(values[0])
    if found is None or not _is_ours(found[1].lower(), demands):
        return Refusal(421, "this gateway does not answer to this Host; its names are set by gateway.hosts")
    return None


def _is_ours(name: str, demands: Rules) -> bool:
    """A page can point a name of its own at this machine, but not an address: names must be known, literals suffice."""
    if name == "localhost" or name.strip("[]") == demands.host or name in demands.hosts:
        return name.strip("[]") not in {"0.0.0.0", "::"}  # noqa: S104 - refused, not bound
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or not (is_loopback(demands.host) or address.is_unspecified)


def _check_origin(values: list[str], demands: Rules) -> Refusal | None:
    # Only a browser sends Origin, and it sends it for pages that somebody else wrote.
    if all(value.lower() in demands.origins for value in values):
        return None
    return Refusal(403, "web pages may not connect")


def _check_path(path: str, demands: Rules) -> Refusal | None:
    if path in IMPLEMENTATION_PATHS or (path in APPLICATION_PATHS and demands.workers):
        return None
    if path in APPLICATION_PATHS:
        return Refusal(404, "no [[workers]] table lets applications in; implementations use /onebot/v11/ws")
    return Refusal(404, "nothing is here; OneBot 11 implementations use /onebot/v11/ws, applications /")


def _find_token(values: list[str], query: str, demands: Rules) -> str | Refusal:
    token = _read_token(values)
    if not token and "access_token=" in query:
        if not demands.query_token:
            return Refusal(401, "a token in the address is accepted only with gateway.query_token = true")
        token = _read_query(query)
    if not token:
        return Refusal(401, "a token is needed: Authorization: Bearer <token>")
    return token


def _worker_of(given: bytes, demands: Rules) -> str:
    """Whose token it is. All are compared, whichever fits: the time tells nothing."""
    found = [name for name, known in demands.workers if hmac.compare_digest(given, known)]
    return found[0] if found else ""


def _check_worker(
    given: bytes, path: str, fields: dict[str, list[str]], query: str, demands: Rules
) -> Visitor | Refusal:
    worker = _worker_of(given, demands)
    if not worker:
        if hmac.compare_digest(given, demands.token):
            return Refusal(403, "this token is for implementations: applications have one of their own in [[workers]]")
        return Refusal(403, "wrong token")
    only = _field(fields, "x-self-id") or _read_query(query, "bot")
    if only and not _ONLY.fullmatch(only):
        return Refusal(400, "bot must name an account, such as 10001 or telegram:42")
    return Visitor(worker, _PATH_ROLES.get(path, "universal"), only, _shown(_field(fields, "user-agent")))


def _read_token(values: list[str]) -> str:
    """The token of one `Authorization` header; NapCat without a token sends the word `Bearer` alone."""
    if len(values) != 1:
        return ""
    scheme, _, token = values[0].strip().partition(" ")
    return token.strip() if scheme.lower() in _SCHEMES else ""


def _read_query(query: str, wanted: str = "access_token") -> str:
    """The first of that name. A plus stays a plus: clients write tokens into the address as they are."""
    fields = (field.partition("=") for field in query.split("&"))
    return next((unquote(value) for name, _, value in fields if name == wanted), "")


def _field(fields: dict[str, list[str]], name: str) -> str:
    return ",".join(fields.get(name, ())).strip()


def _shown(agent: str) -> str:
    return "".join(character for character in agent if character.isprintable())[:AGENT_LENGTH]


def _check_claim(fields: dict[str, list[str]], query: str) -> Welcome | Refusal:
    account = _field(fields, "x-self-id")
    # BotMatrix' gateway says these in its address, and its account in the first event only.
    platform = (_field(fields, "x-platform") or _read_query(query, "platform") or DEFAULT_PLATFORM).lower()
    role = _ROLES.get((_field(fields, "x-client-role") or _read_query(query, "role") or "universal").lower())
    learnt = not account and platform in _LEARNT
    if not learnt and not is_account(account):
        return Refusal(400, "X-Self-ID must name the account")
    if role is None:
        return Refusal(400, "X-Client-Role must be Universal, API or Event")
    if learnt and role != "universal":
        return Refusal(400, "without X-Self-ID the role must be Universal")
    fault = _fault_of(platform)
    return Refusal(400, fault) if fault else Welcome(account, platform, role, _shown(_field(fields, "user-agent")))


def _fault_of(platform: str) -> str:
    if not _PLATFORM.fullmatch(platform):
        return "X-Platform must be a short word"
    return "X-Platform must be a platform, which the sandbox is not" if platform == _OWN_PLATFORM else ""


def is_account(text: str) -> bool:
    """Whether an implementation may have an account of this name."""
    return _ACCOUNT.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach something bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
