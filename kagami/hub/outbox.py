"""Sends: recorded as `sending` on disk, paced, made, recorded again. The receipt is what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kagami.clock import Clock
from kagami.core.limits import Buckets
from kagami.core.pace import Pace, platform_pace
from kagami.errors import StoreClosed
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId, split_id
from kagami.model.message import preview
from kagami.ports import Bot, Fence, Keyed, Ledger, SendRow, Sharing

# Who waits longer than this for its turn is told so instead: an answer that late helps nobody.
LONGEST_WAIT_S = 60.0
# Implementations come back after a fixed 5 s; a restart of ours or of theirs takes a few such turns.
REACH_S = 20.0
# The code of what was not sent because its bot is away.
OFFLINE = "offline"


class Tempo:
    """The buckets of one account: all its sends, and those to each chat."""

    __slots__ = ("_account", "_chats", "keyed", "limited")

    def __init__(self, pace: Pace, *, keyed: bool = False) -> None:
        self.keyed = keyed  # whether the platform makes a send once for a key
        account, chat = pace.account_per_second or 0.0, pace.chat_per_second or 0.0
        self._account = Buckets(account, max(1.0, account))
        self._chats = Buckets(chat, max(1.0, chat))
        self.limited = bool(account or chat)

    def wait(self, chat: ChatId, now: float) -> float:
        """Seconds until `chat` may be spoken to."""
        return max(self._account.wait("", now), self._chats.wait(chat, now))

    def reserve(self, chat: ChatId, now: float) -> float:
        """Take that turn and return the seconds to wait for it."""
        return max(self._account.reserve("", now), self._chats.reserve(chat, now))

    def room(self, now: float) -> int:
        """How many chats may be spoken to now."""
        return self._account.room("", now)

    def rest(self, now: float) -> float:
        """Seconds until any chat may be spoken to."""
        return self._account.wait("", now)


class PacedOutbox:
    """Implements `ports.Outbox`."""

    def __init__(self, ledger: Ledger, bots: BotRegistry, *, pace: Pace, clock: Clock, meters: Meters) -> None:
        self._ledger = ledger
        self._bots = bots
        self._clock = clock
        self._meters = meters
        self._pace = pace
        self._tempo: dict[BotId, Tempo] = {}
        self.sharing: Sharing | None = None
        self.doubt: Callable[[BotId], None] = lambda _bot: None  # hears of sends that may have been made

    def configure(self, pace: Pace) -> None:
        """Go on with another pace; those of the bots are asked for again too."""
        self._pace = pace
        self._tempo.clear()

    async def send(
        self,
        execution: ExecutionId,
        ordinal: int,
        action: Action,
        journal: dict[int, Receipt] | None = None,
        *,
        written: Callable[[], None] = lambda: None,
        worker: str = "",
        fence: Fence | None = None,
    ) -> Receipt:
        if self.sharing is not None and not self.sharing.local(action.bot):
            row = self._row(execution, ordinal, action, worker)
            receipt = await self.sharing.send(row, fence=fence, written=written)
            return _noted(receipt, ordinal, journal)
        # An answer waits for its bot to come back; what nobody waits for (a broadcast) does not hold up the next one.
        bot = await self._bots.reach(action.bot, REACH_S if journal is not None else 0.0)
        tempo = self._tempo.get(action.bot) or self._tempo_of(action.bot)
        refused = await self._wait(tempo, chat_of(action)) if tempo.limited else None
        row = self._row(execution, ordinal, action, worker)
        try:
            await self._ledger.begin_send(row, fence)
        except StoreClosed as error:
            return Failed(str(error), "store")
        except asyncio.CancelledError:
            # It was never made, whatever the store still writes of it.
            self._ledger.end_send(execution, ordinal, Failed("interrupted before it was sent"), self._clock.wall_ms())
            raise
        if refused is not None:
            self._close(execution, ordinal, action, refused)
            return refused
        written()
        return await self._make(bot, row, tempo, journal)

    # What any process has asked for waits in the store, for its bot as for its turn: only there can others take it up.

    def room(self, bot: BotId) -> int:
        """How many sends of an account its pace lets begin now."""
        return (self._tempo.get(bot) or self._tempo_of(bot)).room(self._clock.monotonic())

    def rest(self, bot: BotId) -> float:
        """Seconds until there is room."""
        return (self._tempo.get(bot) or self._tempo_of(bot)).rest(self._clock.monotonic())

    def reserve(self, bot: BotId, chat: ChatId) -> float:
        """Take the turn of a send that is carried now; seconds until the next one in its chat."""
        tempo, now = self._tempo.get(bot) or self._tempo_of(bot), self._clock.monotonic()
        if not tempo.limited:
            return 0.0
        tempo.reserve(chat, now)
        return tempo.wait(chat, now)

    async def carry(self, row: SendRow) -> Receipt | None:
        """Make a send that another process has asked for; its turn was taken, and it is on disk as `sending`.

        None when it was not begun: the bot cannot be reached from here.
        """
        bot = self._bots.get(row.bot)
        if bot is None or not bot.reachable:
            return None
        tempo = self._tempo.get(row.bot) or self._tempo_of(row.bot)
        receipt = await self._make(bot, row, tempo, None, returns=True)
        return None if _stayed(receipt) else receipt

    async def _make(
        self, bot: Bot | None, row: SendRow, tempo: Tempo, journal: dict[int, Receipt] | None, *, returns: bool = False
    ) -> Receipt:
        """With `returns`, one that certainly did not leave because its bot is away is not closed."""
        # In the middle of the call it may have been made, whatever ends this.
        receipt: Receipt = Unknown("interrupted before the answer came")
        try:
            receipt = await _made(bot, row, keyed=tempo.keyed) if bot else Failed("the bot is not connected", OFFLINE)
        finally:
            if not (returns and _stayed(receipt)):
                self._close(row.execution, row.ordinal, row.body, receipt)
            if journal is not None and not isinstance(receipt, Failed):
                journal[row.ordinal] = receipt
        return receipt

    def _row(self, execution: ExecutionId, ordinal: int, action: Action, worker: str) -> SendRow:
        now = self._clock.wall_ms()
        return SendRow(execution, ordinal, action.bot, chat_of(action), describe(action), action, now, worker=worker)

    async def _wait(self, tempo: Tempo, chat: ChatId) -> Failed | None:
        now = self._clock.monotonic()
        if (wait := tempo.wait(chat, now)) > LONGEST_WAIT_S:
            return Failed(f"{wait:.0f} s of sends are already waiting", "paced")
        if wait := tempo.reserve(chat, now):
            await self._clock.sleep(wait)
        return None

    def _tempo_of(self, bot: BotId) -> Tempo:
        platform = split_id(bot)[0]
        known = self._bots.get(bot)
        own = known.pace if known else Pace()
        # The terminal's own chat keeps its own: nothing leaves.
        pace = platform_pace(platform) if platform == "sandbox" else own.over(self._pace).over(platform_pace(platform))
        tempo = Tempo(pace, keyed=isinstance(known, Keyed))
        if known:
            self._tempo[bot] = tempo
        return tempo

    def _close(self, execution: ExecutionId, ordinal: int, action: Action, receipt: Receipt) -> None:
        self._ledger.end_send(execution, ordinal, receipt, self._clock.wall_ms())
        tally = self._bots.tally[action.bot]
        if isinstance(receipt, Unknown):
            self.doubt(action.bot)
        if isinstance(receipt, Sent):
            tally.sent += 1
        else:
            tally.failed += 1
        self._meters.count["sends", type(receipt).__name__.lower()] += 1


async def _made(bot: Bot, row: SendRow, *, keyed: bool) -> Receipt:
    if keyed and isinstance(row.body, Send) and isinstance(bot, Keyed):
        return await bot.perform_once(row.body, key_of(row))
    return await bot.perform(row.body)


def _noted(receipt: Receipt, ordinal: int, journal: dict[int, Receipt] | None) -> Receipt:
    if journal is not None and not isinstance(receipt, Failed):
        journal[ordinal] = receipt
    return receipt


def _stayed(receipt: Receipt) -> bool:
    return isinstance(receipt, Failed) and receipt.code == OFFLINE


def key_of(row: SendRow) -> str:
    """Names a send for ever."""
    return f"{row.execution}:{row.ordinal}"


def chat_of(action: Action) -> ChatId:
    """Where an action goes; empty for calls that name no chat."""
    return ChatId("") if isinstance(action, Call) else action.chat


def describe(action: Action) -> str:
    """What the message log shows of an action."""
    match action:
        case Send(message=message):
            return preview(message)
        case Delete(message_id=message_id):
            return f"delete {message_id}"
        case Call(name=name):
            return name
