"""Who stands for a connection that failed in a way that nobody thought of, until it is tried again."""

from __future__ import annotations

from kagami.core.backoff import Pause
from kagami.core.pace import Pace
from kagami.model.action import Action, Failed, Receipt
from kagami.model.ids import BotId
from kagami.ports import BotHealth


class Fallen:
    """Implements `ports.Bot`."""

    def __init__(self, bot: BotId, name: str, adapter: str, error: str, pause: Pause, now_ms: int) -> None:
        self._bot = bot
        self._name = name
        self._adapter = adapter
        reason = f"it failed ({error}); next try in {pause.seconds:.0f} s"
        self._health = BotHealth("crash_loop" if pause.looping else "backoff", reason, now_ms)

    @property
    def id(self) -> BotId:
        return self._bot

    @property
    def name(self) -> str:
        return self._name or self._bot

    @property
    def adapter(self) -> str:
        return self._adapter

    @property
    def pace(self) -> Pace:
        return Pace()

    @property
    def reachable(self) -> bool:
        return False

    def health(self) -> BotHealth:
        return self._health

    async def perform(self, action: Action) -> Receipt:  # noqa: ARG002 - the port's
        return Failed(self._health.reason, "offline")

    async def close(self, reason: str) -> None:
        """There is nothing to close."""
