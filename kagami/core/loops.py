"""Two bots that answer each other: noticed by whom one speaks to, or by one's own words that come back."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from kagami.model.ids import SessionKey

# So many answers to another bot in so many seconds; then silence.
MOST = 5
WITHIN_S = 10.0
SILENCE_S = 60.0
CAPACITY = 10_000
# As much of a text as is compared.
COMPARED = 200


class Loops:
    """Times are monotonic seconds. What was said last is known of the `CAPACITY` chats that were spoken to last."""

    def __init__(self) -> None:
        self._said: dict[Hashable, str] = {}
        self._times: dict[SessionKey, deque[float]] = {}
        self._silent: dict[SessionKey, float] = {}

    def said(self, chat: Hashable, text: str) -> None:
        """Remember what is sent to a chat."""
        self._said.pop(chat, None)
        self._said[chat] = text[:COMPARED]
        if len(self._said) > CAPACITY:
            del self._said[next(iter(self._said))]

    def last(self, chat: Hashable) -> str:
        """The beginning of what was said last in a chat; empty when that is not known."""
        return self._said.get(chat, "")

    def echoes(self, chat: Hashable, text: str) -> bool:
        """Whether it is what was said last in the chat."""
        return bool(text) and self.last(chat) == text[:COMPARED]

    @property
    def broken(self) -> bool:
        """Whether there is silence anywhere."""
        return bool(self._silent)

    def caught(self, session: SessionKey, now: float) -> bool:
        """Count one message that may be another bot's; whether it must not be answered any more."""
        if self.silent(session, now):
            return True
        times = self._times.setdefault(session, deque(maxlen=MOST))
        if len(times) == MOST and now - times[0] < WITHIN_S:
            self._silent = {key: until for key, until in self._silent.items() if until > now}
            self._silent[session] = now + SILENCE_S
            return True
        times.append(now)
        if len(self._times) > CAPACITY:
            self._times = {key: kept for key, kept in self._times.items() if now - kept[-1] < WITHIN_S}
        return False

    def silent(self, session: SessionKey, now: float) -> bool:
        """Whether a loop was broken here a short time ago."""
        until = self._silent.get(session, 0.0)
        if until and until <= now:
            del self._silent[session]
        return until > now
