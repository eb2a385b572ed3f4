"""Whom a bot speaks with: the token to answer with, and how much it may still say.

Replies count from what the user wrote last: for 24 hours, about ten of them. The platform does not say which limit it
means when it refuses (-2), so that the reason is told from what is known here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec

from kagami.core.newest import REMEMBERED, Newest
from kagami.model.ids import BotId
from kagami.ports import Memory

SPACING_SECONDS = 1.0
ABOUT = 10  # messages of a bot for one of the user
WINDOW_MS = 24 * 3_600_000
COOL_SECONDS = 60.0
COOLEST_SECONDS = 1_800.0
KEY = "peer/"


class Noted(msgspec.Struct, frozen=True):
    token: str
    heard_ms: int


@dataclass(slots=True)
class Peer:
    """Times are monotonic seconds but for `heard_ms`, 0 for never. `strikes` are refusals since the last success."""

    token: str = ""
    heard_ms: int = 0
    sent: int = 0
    strikes: int = 0
    free_at: float = 0.0
    cool_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def heard(self, token: str, now_ms: int) -> None:
        """The user has written: what was used up is there again."""
        self.token = token or self.token
        self.heard_ms = now_ms
        self.sent = self.strikes = 0
        self.cool_until = 0.0

    def struck(self, now: float) -> float:
        """The platform refuses: seconds of silence from now, more each time."""
        pause = min(COOLEST_SECONDS, COOL_SECONDS * 2.0**self.strikes)
        self.strikes += 1
        self.cool_until = now + pause
        return pause

    def went(self) -> None:
        self.sent += 1
        self.strikes = 0

    def hopeless(self, now_ms: int) -> str:
        """Why waiting will not help, in English; empty where it may."""
        if not self.heard_ms:
            return "the user has not written to the bot yet, and WeChat lets bots only answer"
        if now_ms - self.heard_ms > WINDOW_MS:
            return "the user wrote more than 24 hours ago, and WeChat takes answers for 24 hours only"
        if self.sent >= ABOUT:
            return f"{self.sent} messages have gone out since the user wrote, and WeChat takes about {ABOUT}"
        return ""


class Peers:
    """All of them, with what outlives a restart in the account's memory."""

    def __init__(self, bot: BotId, memory: Memory, most: int = REMEMBERED) -> None:
        self._bot = bot
        self._memory = memory
        self._known: Newest[str, Peer] = Newest(most)
        self._changed: set[str] = set()
        self._gone: set[str] = set()

    async def load(self) -> None:
        for key, text in (await self._memory.items(self._bot, KEY)).items():
            try:
                noted = msgspec.json.decode(text, type=Noted)
            except msgspec.DecodeError:
                continue
            self._put(key.removeprefix(KEY), Peer(noted.token, noted.heard_ms))

    def __getitem__(self, user: str) -> Peer:
        peer = self._known.get(user)
        return self._put(user, Peer()) if peer is None else peer

    def _put(self, user: str, peer: Peer) -> Peer:
        """The one that nobody has heard of for longest is forgotten for it."""
        if (gone := self._known.put(user, peer)) is not None:
            self._gone.add(gone)
        return peer

    def names(self) -> list[str]:
        return [user for user, peer in self._known.items() if peer.heard_ms]

    def heard(self, user: str, token: str, now_ms: int) -> None:
        self._put(user, self[user]).heard(token, now_ms)
        self._changed.add(user)

    def changes(self) -> dict[str, str]:
        """What is to be noted, once."""
        changed, gone = self._changed, self._gone
        self._changed, self._gone = set(), set()
        noted = {user: peer for user in changed if (peer := self._known.get(user)) is not None}
        return {f"{KEY}{user}": "" for user in gone - noted.keys()} | {
            f"{KEY}{user}": msgspec.json.encode(Noted(peer.token, peer.heard_ms)).decode()
            for user, peer in noted.items()
        }
