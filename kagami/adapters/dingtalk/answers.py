"""What an answer of DingTalk's HTTP interfaces means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

LONGEST_REASON = 300
HTTP_OK = range(200, 300)
HTTP_UNAUTHORIZED = 401
HTTP_TOO_MANY = 429
HTTP_BROKEN = 500
# Of the older interface: the token is wrong or too old; too many calls.
_STALE_CODES = frozenset({"40014", "42001", "InvalidAuthentication"})
_LIMIT_CODES = frozenset({"90002", "90018", "130101"})
# "The system is busy": it does not say whether it was done.
_BUSY_CODE = "-1"
_LIMIT_WORDS = ("Throttling", "QpsLimit")

State = Literal["done", "refused", "unclear", "limited", "stale"]


class Outcome(NamedTuple):
    """What an answer means. `refused`, `limited` and `stale` (the token) were certainly not done; `unclear` may be.

    `seconds` is how long to wait when it says so, else 0.
    """

    state: State
    body: Any = None
    code: str = ""
    reason: str = ""
    seconds: float = 0.0


def read_outcome(status: int, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Of the newer interface (a status with `{code, message}`) and the older one (200 with `{errcode, errmsg}`)."""
    try:
        content = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    told = content if isinstance(content, dict) else {}
    older = told.get("errcode")
    if status in HTTP_OK and not older:
        return Outcome("unclear", reason="its answer is no JSON") if content is None else Outcome("done", content)
    code = str(older or told.get("code") or status)
    said = told.get("errmsg") or told.get("message") or f"HTTP {status}"
    seconds = _seconds(headers.get("retry-after", ""))
    return Outcome(_state(status, code), told, code, f"DingTalk: {said} ({code})"[:LONGEST_REASON], seconds)


def _state(status: int, code: str) -> State:
    """What an answer that is no success means."""
    if status == HTTP_TOO_MANY or code in _LIMIT_CODES or any(word in code for word in _LIMIT_WORDS):
        return "limited"
    if status == HTTP_UNAUTHORIZED or code in _STALE_CODES:
        return "stale"
    return "unclear" if status >= HTTP_BROKEN or code == _BUSY_CODE else "refused"


def _seconds(told: str) -> float:
    return float(told) if told.isascii() and told.isdigit() else 0.0
