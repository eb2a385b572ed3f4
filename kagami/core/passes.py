"""What one process shows another for whom it asks: signed, for one request of one operation, once and not for long."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256

import msgspec

from kagami.i18n import mark
from kagami.model.principal import Principal

# Between processes whose clocks are a little apart, by the database's own clock.
LIFE_MS = 30_000
# So many may be used within that time; more are refused.
MOST_USED = 10_000
NOT_HERE = mark("the pass of another process does not count here")


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """`to` is the process that may act on it, `operation` is `topic.verb`, `body` the digest of the request."""

    to: str
    operation: str
    body: str
    who: Principal
    at_ms: int
    nonce: str


def digest_of(body: bytes) -> str:
    return sha256(body).hexdigest()


def seal(given: Pass, key: bytes) -> str:
    """URL-safe text: what it says, and a MAC over that (HMAC-SHA256)."""
    said = urlsafe_b64encode(msgspec.json.encode(given))
    return f"{said.decode()}.{_mac(said, key)}"


class Gate:
    """Lets passes of one process in, each once."""

    def __init__(self, node: str, key: bytes) -> None:
        self._node = node
        self._key = key
        self._used: dict[str, int] = {}

    def admit(self, text: str, operation: str, now_ms: int) -> Pass | None:
        """What it says; None when it is not of ours, not for this process and operation, too old, or was used."""
        shown = _read(text, self._key)
        if shown is None or not operation or (shown.to, shown.operation) != (self._node, operation):
            return None
        if abs(now_ms - shown.at_ms) > LIFE_MS or not self._first(shown.nonce, now_ms):
            return None
        return shown

    def _first(self, nonce: str, now_ms: int) -> bool:
        # One may come from a clock that is ahead by its life: it counts for twice as long.
        self._used = {each: at_ms for each, at_ms in self._used.items() if now_ms - at_ms <= 2 * LIFE_MS}
        if nonce in self._used or len(self._used) >= MOST_USED:
            return False
        self._used[nonce] = now_ms
        return True


def _read(text: str, key: bytes) -> Pass | None:
    said, _, mac = text.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(said.encode(), key).encode()):
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(said), type=Pass)
    except (msgspec.MsgspecError, Base64Error):  # of another version
        return None


def _mac(said: bytes, key: bytes) -> str:
    return hmac.digest(key, said, "sha256").hex()
