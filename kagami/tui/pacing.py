"""When the next frame may go: once the terminal has answered to the last one. Its answer's time is the line's.

After each frame the terminal is asked for its status (DSR, ECMA-48: `CSI 5 n`), which every terminal answers with
`CSI 0 n` when it comes to it: what is still on the way, in the kernel, in sshd or in the network, is behind it. A slow
line so gets fewer frames, never older ones. A terminal that does not answer is not waited for.
"""

from __future__ import annotations

ASK = "\x1b[5n"
ANSWER = b"\x1b[0n"
PATIENCE_S = 1.0
# The same before the first answer: there may never be one, and the first picture waits.
HOPE_S = 0.15
# Frames without an answer after which nobody is asked any more.
MOST_SILENT = 3
# Weight of the newest time in the shown one.
SHARE = 0.3


class Pacer:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._asked_at = 0.0
        self._silent = 0
        self._answered = False
        self.rtt_s = 0.0

    @property
    def asks(self) -> bool:
        """Whether the terminal is worth asking."""
        return self._silent < MOST_SILENT

    def anew(self) -> None:
        """Nothing is on the way any more: the terminal was away."""
        self._asked_at = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until a frame may go without an answer; 0 when it may go now."""
        if not self._asked_at:
            return 0.0
        patience = PATIENCE_S if self._answered else HOPE_S
        return max(0.0, self._asked_at + patience - now)

    def sent(self, now: float) -> None:
        """A frame went, with the question after it."""
        if self._asked_at and not self._answered:
            self._silent += 1
        self._asked_at = now if self.asks else 0.0

    def answered(self, now: float) -> None:
        """The terminal has shown everything up to the question."""
        if self._asked_at:
            taken = max(0.0, now - self._asked_at)
            self.rtt_s = taken if not self.rtt_s else self.rtt_s + SHARE * (taken - self.rtt_s)
        self._asked_at, self._silent, self._answered = 0.0, 0, True


def without_answers(raw: bytes) -> tuple[bytes, bool]:
    """What was typed, without the terminal's answers, and whether there were some."""
    if ANSWER not in raw:
        return raw, False
    return raw.replace(ANSWER, b""), True
