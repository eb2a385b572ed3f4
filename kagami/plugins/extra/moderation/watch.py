"""Who wrote how much just now. In memory and bounded: what a restart forgets is over by then."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from .rules import Rules

# Users that are remembered; who wrote longest ago goes first.
MOST_USERS = 20_000
SECOND_MS = 1000


@dataclass(slots=True)
class Recent:
    times: deque[int] = field(default_factory=deque)
    said: str = ""
    same: deque[int] = field(default_factory=deque)
    told_ms: int = 0


class Watch:
    """Counts messages by a key of account, chat and user."""

    def __init__(self, most: int = MOST_USERS) -> None:
        self._most = most
        self._users: OrderedDict[tuple[str, ...], Recent] = OrderedDict()
        self._pardoned: set[str] = set()

    def __len__(self) -> int:
        return len(self._users)

    def clear(self) -> None:
        self._users.clear()
        self._pardoned.clear()

    def pardon(self, execution: str) -> None:
        """An admin's own command is no breach, though it may name a forbidden word. It is looked at right after."""
        self._pardoned.add(execution)

    def is_pardoned(self, execution: str) -> bool:
        """Asked once for each message."""
        pardoned = execution in self._pardoned
        self._pardoned.discard(execution)
        return pardoned

    def floods(self, key: tuple[str, ...], rules: Rules, now_ms: int) -> bool:
        """Count a message; whether it is one too many in these seconds."""
        times = self._of(key).times
        return _counted(times, now_ms, rules.flood_seconds, rules.flood_messages)

    def repeats(self, key: tuple[str, ...], said: str, rules: Rules, now_ms: int) -> bool:
        """Count what was said; whether the same was said too often in a row. Nothing (a picture, say) is no repeat."""
        recent = self._of(key)
        if not said or said != recent.said:
            recent.said = said
            recent.same.clear()
        return bool(said) and _counted(recent.same, now_ms, rules.repeat_seconds, rules.repeats)

    def may_tell(self, key: tuple[str, ...], now_ms: int, seconds: int) -> bool:
        """Whether nobody was told anything about this user for so long; from now on somebody was."""
        recent = self._of(key)
        if now_ms - recent.told_ms < seconds * SECOND_MS:
            return False
        recent.told_ms = now_ms
        return True

    def _of(self, key: tuple[str, ...]) -> Recent:
        recent = self._users.get(key)
        if recent is None:
            recent = self._users[key] = Recent()
            if len(self._users) > self._most:
                self._users.popitem(last=False)
        else:
            self._users.move_to_end(key)
        return recent


def _counted(times: deque[int], now_ms: int, seconds: int, most: int) -> bool:
    """Whether there are more than `most` in so many seconds; 0 is no limit."""
    if not most:
        return False
    times.append(now_ms)
    while times[0] <= now_ms - seconds * SECOND_MS or len(times) > most + 1:
        times.popleft()
    return len(times) > most
