"""Access tokens: JSON Web Tokens (RFC 7519) signed with HS256, good for ten minutes.

A token says who and which login, never what is allowed: that is looked up. `kid` is a fingerprint of the secret, so
that a new secret and the one before it can count side by side.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from typing import Any, Literal

import msgspec

from kagami.clock import Clock
from kagami.core.secrets import Secret
from kagami.errors import Unauthorized
from kagami.i18n import mark

ACCESS_S = 600
# No token is accepted that was made for longer, whoever signed it.
LONGEST_S = 900
# By how much the clocks of two engines may differ.
SKEW_S = 5
LONGEST_TOKEN = 2_048
ALGORITHM = "HS256"
LIBRARY = "jwt"
ISSUER, AUDIENCE = "kagami", "kagami/api"
NOT_OURS = mark("this token is not known here, or not any more")


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times in whole seconds since 1970. `sid` is the login, `epoch` the person's, `generation` the store's."""

    iss: str
    aud: str
    sub: str
    exp: int
    iat: int
    jti: str
    typ: Literal["access"]
    epoch: int
    generation: int
    sid: str
    nbf: int = 0


REQUIRED = [field.name for field in msgspec.structs.fields(Claims) if field.required]


class SteadyClock:
    """Wall time that does not stand still or go back while this process runs, whatever is done to the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_ms = clock.wall_ms()
        self._start = clock.monotonic()

    def wall_ms(self) -> int:
        passed = round((self._clock.monotonic() - self._start) * 1000)
        return max(self._clock.wall_ms(), self._start_ms + passed)


class AccessTokens:
    """Makes them with the first of `signing`, accepts those of every one."""

    def __init__(self, clock: SteadyClock, *signing: Secret) -> None:
        self._clock = clock
        self.rotate(*signing)

    def rotate(self, *signing: Secret) -> None:
        """Sign with the first from now on; the others, such as the one before, are still accepted."""
        self._keys = {fingerprint(each): each for each in signing if each}
        self._current = next(iter(self._keys))

    async def loaded(self) -> None:
        """The library is there. It brings cryptography, which an engine without visitors does without and which takes
        longer to load than a loop should stand still.
        """
        if LIBRARY not in sys.modules:
            await asyncio.to_thread(import_module, LIBRARY)

    def make(self, person: str, *, epoch: int, generation: int, session: str) -> str:
        import jwt  # noqa: PLC0415 (see `loaded`)

        now = self._clock.wall_ms() // 1000
        claims = Claims(
            iss=ISSUER,
            aud=AUDIENCE,
            sub=person,
            exp=now + ACCESS_S,
            iat=now,
            jti=secrets.token_hex(16),
            typ="access",
            epoch=epoch,
            generation=generation,
            sid=session,
        )
        fields = msgspec.to_builtins(claims)
        del fields["nbf"]
        key = self._keys[self._current].reveal()
        return jwt.encode(fields, key, algorithm=ALGORITHM, headers={"kid": self._current})

    def read(self, token: str) -> Claims:
        """`Unauthorized` for a token that is not whole, not ours, or out of its time."""
        import jwt  # noqa: PLC0415 (see `loaded`)

        if len(token) > LONGEST_TOKEN:
            raise Unauthorized(reason=NOT_OURS)
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            # The library compares times with a clock of its own; here they are compared with the steady one.
            checked = {"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
            found = jwt.decode(
                token,
                key.reveal(),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options=checked,  # type: ignore[arg-type]
            )
            claims = msgspec.convert(found, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, RecursionError):
            raise Unauthorized(reason=NOT_OURS) from None
        self._check_time(claims)
        return claims

    def _key(self, kid: Any) -> Secret:
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unauthorized(reason=NOT_OURS)
        return key

    def _check_time(self, claims: Claims) -> None:
        now = self._clock.wall_ms() / 1000
        if claims.iat > now + SKEW_S or claims.nbf > now + SKEW_S or claims.exp - claims.iat > LONGEST_S:
            raise Unauthorized(reason=NOT_OURS)
        if claims.exp <= now:
            raise Unauthorized(reason=mark("this token has expired"))


def fingerprint(secret: Secret) -> str:
    """A name for a secret that tells nothing of it: secrets have 128 bits and more."""
    return hmac.new(secret.reveal().encode(), b"kagami: name of this key", sha256).hexdigest()[:16]


def signing_secrets(current: Secret, before: Secret) -> Sequence[Secret]:
    """Those that count, the one that signs first; a secret of this process alone when there is none."""
    return (current or Secret(secrets.token_urlsafe(32)), before)
