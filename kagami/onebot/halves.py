"""Half characters in JSON: surrogate escapes without their other half, of which no text can be made.

Platforms pass on what clients cut in the middle of an emoji. Where one such frame would hold up all behind it, the half
is replaced, so that the rest of what was said arrives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from kagami.errors import WireError

T = TypeVar("T")

# A whole pair, a half, any other escape: tried in this order, so that a backslash that is itself escaped begins none.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def without_halves(text: bytes) -> bytes:
    """The same JSON, of the same length, with U+FFFD for each half character."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def forgiving(text: bytes, decode: Callable[[bytes], T]) -> T:
    """What `decode` makes of JSON, half characters forgiven. Any other fault is raised as `decode` has it."""
    try:
        return decode(text)
    except (msgspec.DecodeError, WireError):
        mended = without_halves(text)
        if mended == text:
            raise
    return decode(mended)
