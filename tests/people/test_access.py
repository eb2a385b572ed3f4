"""SB1, SB2, SB4: what is no access token of ours."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from kagami.core.secrets import Secret
from kagami.errors import Unauthorized
from kagami.people.access import ACCESS_S, AccessTokens, SteadyClock, fingerprint, signing_secrets
from kagami.testing.clock import FakeClock
from tests.people.conftest import SECRET

OTHER = Secret("Q7mXe2RtZp5Lk9Wv4Nc8Hb3Jd6Fs1GyU")
Forge = Callable[..., str]


@pytest.fixture
def tokens(clock: FakeClock) -> AccessTokens:
    return AccessTokens(SteadyClock(clock), SECRET)


def make(tokens: AccessTokens) -> str:
    return tokens.make("alice", epoch=3, generation=1, session="abcd")


def forge(clock: FakeClock, *, key: str = SECRET.reveal(), header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token whose every part may be wrong; a claim of None is left out."""
    now = clock.wall_ms() // 1000
    claims: dict[str, Any] = {
        "iss": "kagami",
        "aud": "kagami/api",
        "sub": "alice",
        "exp": now + ACCESS_S,
        "iat": now,
        "jti": "1",
        "typ": "access",
        "epoch": 3,
        "generation": 1,
        "sid": "abcd",
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": fingerprint(SECRET)} | (header or {}))


def assemble(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_token_of_ours_is_read(tokens: AccessTokens) -> None:
    claims = tokens.read(make(tokens))
    assert (claims.sub, claims.epoch, claims.generation, claims.sid) == ("alice", 3, 1, "abcd")


def test_a_forged_one_would_pass_if_it_were_right(tokens: AccessTokens, clock: FakeClock) -> None:
    assert tokens.read(forge(clock)).sub == "alice"


def test_no_two_tokens_have_one_name(tokens: AccessTokens) -> None:
    assert tokens.read(make(tokens)).jti != tokens.read(make(tokens)).jti


def test_it_lives_for_at_most_a_quarter_of_an_hour(tokens: AccessTokens) -> None:
    claims = tokens.read(make(tokens))
    assert claims.exp - claims.iat <= 15 * 60


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"typ": None},
        {"epoch": None},
        {"sid": None},
        {"generation": None},
        {"iss": "kagami.example"},
        {"aud": "kagami"},
        {"aud": ["kagami/api", "else"]},
        {"typ": "refresh"},
        {"sub": 7},
        {"epoch": "3"},
        {"epoch": 3.5},
        {"exp": 4_102_444_800},
        {"exp": 1e308},
        {"exp": "soon"},
        {"exp": -1},
        {"exp": True},
        {"nbf": 4_102_444_800},
        {"iat": 4_102_444_800, "exp": 4_102_445_000},
        {"scopes": ["*"]},
        {"role": "admin"},
    ],
)
def test_wrong_claims_are_refused(tokens: AccessTokens, clock: FakeClock, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(forge(clock, **changes))


@pytest.mark.parametrize("header", [{"kid": "../../secrets/jwt_secret"}, {"kid": ""}, {"kid": "0" * 16}])
def test_an_unknown_key_is_refused(tokens: AccessTokens, clock: FakeClock, header: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(forge(clock, header=header))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS384", "RS256", "ES256", "", None, 7])
def test_another_algorithm_is_refused(tokens: AccessTokens, clock: FakeClock, algorithm: Any) -> None:
    claims = jwt.decode(forge(clock), options={"verify_signature": False})
    header = {"alg": algorithm, "typ": "JWT", "kid": fingerprint(SECRET)}
    signed = hmac.digest(SECRET.reveal().encode(), assemble(header, claims).rpartition(".")[0].encode(), "sha256")
    for signature in (b"", signed):
        with pytest.raises(Unauthorized):
            tokens.read(assemble(header, claims, signature))


def test_a_right_header_without_a_signature_is_refused(tokens: AccessTokens, clock: FakeClock) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(forge(clock).rpartition(".")[0] + ".")


@pytest.mark.parametrize("header", [{}, {"kid": None}, {"kid": 7}, {"kid": [fingerprint(SECRET)]}])
def test_a_key_must_be_named(tokens: AccessTokens, clock: FakeClock, header: dict[str, Any]) -> None:
    claims = jwt.decode(forge(clock), options={"verify_signature": False})
    signing = assemble({"alg": "HS256"} | header, claims).rpartition(".")[0]
    with pytest.raises(Unauthorized):
        tokens.read(
            assemble(
                {"alg": "HS256"} | header, claims, hmac.digest(SECRET.reveal().encode(), signing.encode(), "sha256")
            )
        )


def test_another_secret_is_refused(tokens: AccessTokens, clock: FakeClock) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(forge(clock, key=OTHER.reveal()))


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.", "é.é.é", "\ud800", "." * 3000, "[" * 2000, "x" * 100_000],
)
def test_what_is_no_token_is_refused(tokens: AccessTokens, text: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(text)


async def test_it_ends_by_itself(tokens: AccessTokens, clock: FakeClock) -> None:
    token = make(tokens)
    await clock.advance(ACCESS_S - 1)
    tokens.read(token)
    await clock.advance(1)
    with pytest.raises(Unauthorized, match="expired"):
        tokens.read(token)


async def test_a_secret_that_was_changed_counts_as_long_as_it_is_named(clock: FakeClock) -> None:
    tokens = AccessTokens(SteadyClock(clock), SECRET)
    token = make(tokens)
    tokens.rotate(OTHER, SECRET)
    tokens.read(token)
    assert jwt.get_unverified_header(make(tokens))["kid"] == fingerprint(OTHER)
    tokens.rotate(OTHER)
    with pytest.raises(Unauthorized):
        tokens.read(token)


def test_the_name_of_a_secret_does_not_tell_it() -> None:
    assert fingerprint(SECRET) not in SECRET.reveal()
    assert fingerprint(SECRET) != fingerprint(OTHER)


def test_without_a_secret_there_is_one_of_this_process() -> None:
    first, _ = signing_secrets(Secret(), Secret())
    second, _ = signing_secrets(Secret(), Secret())
    assert first != second
    assert len(first.reveal()) >= 32


class StoppedClock(FakeClock):
    """Somebody holds the hands of the wall clock."""

    def wall_ms(self) -> int:
        return 1_760_000_000_000


async def test_a_stopped_clock_keeps_no_token_alive() -> None:
    clock = StoppedClock()
    tokens = AccessTokens(SteadyClock(clock), SECRET)
    token = make(tokens)
    await clock.advance(ACCESS_S)
    with pytest.raises(Unauthorized):
        tokens.read(token)
