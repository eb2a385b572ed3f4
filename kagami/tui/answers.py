"""What a terminal says by itself, taken out of what is typed.

A terminal answers to what it is asked (ECMA-48, and xterm's control sequences), and to what others ask it who can
write to it. Textual knows a few answers and reads the rest as keys: then whoever asks also types. What it knows stays.
"""

from __future__ import annotations

import re

# A string of a control (DCS, OSC, SOS, PM, APC) with something in it; bare, it is a key that was pressed with Alt.
_STRING = re.compile(rb"\x1b[P\]X^_][^\x07\x1b]+(?:\x07|\x1b\\)")
_BEGINNING = re.compile(rb"\x1b[P\]X^_][^\x07\x1b]+\x1b?\Z")
_END = re.compile(rb"\x07|\x1b?\\")
# States, attributes, sizes and modes, but for those that Textual asks for.
_REPORT = re.compile(rb"\x1b\[(?:[?>=][0-9;:]*[A-Za-z]|[0-9;]+[ncx]|(?!48;)[0-9;]+t|\?(?!20[24][68];)[0-9;]+\$y)")
# The rest of a string that came in pieces is waited for so long. A person's next key comes later.
REST_S = 0.5


class Answers:
    """Takes them out of one terminal's input."""

    def __init__(self) -> None:
        self._until = 0.0

    def typed(self, raw: bytes, now: float) -> bytes:
        """What is left of the bytes that came at `now`, monotonic seconds."""
        if now < self._until:
            end = _END.search(raw)
            if end is None:
                return b""
            raw = raw[end.end() :]
        self._until = 0.0
        if b"\x1b" not in raw:
            return raw
        raw = _REPORT.sub(b"", _STRING.sub(b"", raw))
        begun = _BEGINNING.search(raw)
        if begun is None:
            return raw
        self._until = now + REST_S
        return raw[: begun.start()]
