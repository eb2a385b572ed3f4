"""Integers for ids that are none, for OneBot 11 applications: they want numbers that JavaScript can hold.

A decimal id below 2^52 is its own number. Every other id, longer decimals too, has one from 2^52 up to 2^53: a hash of
the text, so that it is the same after a restart and on every gateway, and the next one when that is taken. So a number
from that range always stands for a kept text, wherever it is met, and any other one for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from kagami.model.ids import BotId, split_id

LEAST = 1 << 52
MOST = (1 << 53) - 1
_DIGITS = re.compile(rb"(?<!\d)[4-9]\d{15}(?!\d)")
_PLAIN = re.compile(r"-?[1-9][0-9]{0,15}|0", re.ASCII)


def own_number(text: str) -> int | None:
    """The number that a decimal id is by itself; None for what has to be given one."""
    if _PLAIN.fullmatch(text) is None:
        return None
    number = int(text)
    return number if abs(number) < LEAST else None


def candidate(text: str, attempt: int = 0) -> int:
    """The number that a text should have; further ones for when another text has it already."""
    source = f"{attempt} {text}".encode("utf-8", "surrogatepass")
    return LEAST | int.from_bytes(blake2b(source, digest_size=8).digest(), "big") & (LEAST - 1)


@lru_cache(maxsize=1024)
def number_of(account: str) -> int:
    """What applications know an account by, told without asking the disk: right unless another text had it before."""
    number = own_number(account)
    return candidate(account) if number is None else number


def is_of(bot: BotId, wanted: str) -> bool:
    """Whether an application means this bot: by its whole id, by its account or by that one's number."""
    account = split_id(bot)[1]
    return wanted in (bot, account) or wanted == str(number_of(account))


def is_given(number: int) -> bool:
    """Whether a number stands for a text that has to be looked up."""
    return LEAST <= number <= MOST


def given_in(frame: bytes) -> set[int]:
    """Every number in a frame, also in its strings, that may stand for a text."""
    return {number for number in map(int, _DIGITS.findall(frame)) if is_given(number)}


def wanting(texts: Iterable[str]) -> list[str]:
    """Those that have to be given a number, each once."""
    return [text for text in dict.fromkeys(texts) if text and own_number(text) is None]
