"""Secrets: a value that does not show itself, and what makes one too weak to listen with."""

from __future__ import annotations

import hmac
import math
import string

from kagami.i18n import mark

ENOUGH_BITS = 128
ENOUGH_CHARACTERS = 8
HIDDEN = "•••"

# Shipped, documented or habitual tokens; whatever their length, everybody knows them.
WELL_KNOWN = frozenset(
    {
        "access_token",
        "accesstoken",
        "admin",
        "advanced_system_for_text_response_and_bot_operations_tool",
        "astrbot",
        "change-me",
        "change_me",
        "changeme",
        "default",
        "kagami",
        "koishi",
        "llonebot",
        "napcat",
        "nonebot",
        "onebot",
        "password",
        "secret",
        "test",
        "token",
        "your-256-bit-secret",
        "your-access-token",
        "your_access_token",
        "your-secret-key-change-this-in-production",
        "your-super-secret-jwt-key-change-in-production",
    }
)
_ALPHABETS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_SYMBOLS = 32
_WHOLE = (string.digits, string.digits + "abcdef", string.digits + "ABCDEF")


class Secret:
    """Text that only `reveal` shows: `repr`, `str`, formatting and `enc_hook=str` give `•••`."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(other._value.encode(), self._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)


def weakness(secret: str) -> str:
    """Why `secret` must not guard a port that others can reach, in English; empty when it may.

    The strength is an upper bound, length times the bits of the alphabet in use: it lets every random token of 128
    bits pass and catches what was typed by hand.
    """
    if not secret:
        return mark("it is empty")
    if secret.strip().casefold() in WELL_KNOWN:
        return mark("everybody knows it")
    if bits(secret) < ENOUGH_BITS:
        if secret.isdigit():
            return mark("it is too short: of digits alone it needs 39, at random")
        return mark("it is too short: it needs 32 characters, at random")
    if len(set(secret)) < ENOUGH_CHARACTERS or secret in (secret + secret)[1:-1]:
        return mark("it repeats itself")
    return ""


def bits(secret: str) -> float:
    """The most that a random text of this length and alphabet can hold."""
    for alphabet in _WHOLE:
        if set(secret) <= set(alphabet):
            return len(secret) * math.log2(len(alphabet))
    size = sum(len(alphabet) for alphabet in _ALPHABETS if not set(alphabet).isdisjoint(secret))
    if not set(secret) <= set("".join(_ALPHABETS)):
        size += _SYMBOLS
    return len(secret) * math.log2(size)
