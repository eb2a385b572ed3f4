"""One OneBot 11 account: its connections, its health, its frames."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from functools import partial

from kagami import log
from kagami.adapters.account import TRYING
from kagami.adapters.onebot11 import history
from kagami.adapters.onebot11.codec import STANDARD, Dialect, Identity, Remark, read, read_nickname
from kagami.adapters.onebot11.line import OFFLINE, Line
from kagami.clock import Clock
from kagami.core.pace import Pace
from kagami.core.pulse import Pulse
from kagami.errors import WireError
from kagami.meters import Meters
from kagami.model.action import Action, Call, Failed, Receipt, Send, Sent
from kagami.model.event import Event
from kagami.model.ids import RANDOM_BITS, BotId, ChatId, ExecutionId, execution_id
from kagami.net.supervise import Nursery
from kagami.onebot.read import Heartbeat
from kagami.onebot.wire import Frame, Retcode
from kagami.ports import BotHealth, BotState, Intake, Media

PROBE_SECONDS = 5.0
NAME_SECONDS = 10.0
POLICY = 1008
LOST = 1011

_say = log.get("onebot11")


# Ids have to differ, not to be secret: one seed from the system, then ten times faster than asking it each time.
_random = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311


def random_bits() -> int:
    return _random.getrandbits(RANDOM_BITS)


class OneBotBot:
    """Implements `ports.Bot`. It outlives its connections: an account that comes back is the same object.

    Events come in on the line in the seat `event`, calls go out on the one in the seat `api`; usually it is one line.
    """

    def __init__(
        self,
        who: Identity,
        intake: Intake,
        *,
        clock: Clock,
        nursery: Nursery,
        meters: Meters,
        name: str = "",
        pace: Pace | None = None,
        call_seconds: float,
        media: Media | None = None,
        dialect: Dialect = STANDARD,
        randomness: Callable[[], int] = random_bits,
    ) -> None:
        self._who = who
        self._intake = intake
        self._clock = clock
        self._nursery = nursery
        self._meters = meters
        self._name = name
        self._pace = pace or Pace()
        self._call_seconds = call_seconds
        self.dialect = dialect
        self._keep = None if media is None else media.accept
        self._random = randomness
        self._seats: dict[str, Line] = {}
        self._pulse = Pulse(clock.monotonic())
        self._silence = ""
        self._away: tuple[BotState, str] = ("connecting", "waiting for it to connect")
        self._since_ms = clock.wall_ms()
        self._last_event_ms = 0
        self._joined = 0
        self._rtt_ms = 0.0
        self._peer = ""

    # --- ports.Bot ---

    @property
    def id(self) -> BotId:
        return self._who.bot

    @property
    def name(self) -> str:
        return self._name or self._who.bot

    @property
    def adapter(self) -> str:
        return self.dialect.adapter

    @property
    def pace(self) -> Pace:
        return self._pace

    @property
    def reachable(self) -> bool:
        return "api" in self._seats

    def health(self) -> BotHealth:
        state, reason = self._state()
        return BotHealth(
            state,
            reason,
            self._since_ms,
            self._last_event_ms,
            self._pulse.usual_gap,
            max(0, self._joined - 1),
            self._peer,
            self._rtt_ms,
        )

    async def perform(self, action: Action) -> Receipt:
        line = self._seats.get("api")
        return OFFLINE if line is None else await line.call(action, seconds=self._call_seconds)

    # --- ports.Recalls ---

    async def catch_up(self, chat: ChatId, since_ms: int) -> int | None:
        past = history.Past(self.id, chat, since_ms)
        said: list[bytes] | None = []
        while said is not None and (call := past.ask()) is not None:
            if (said := await self._page(call)) is not None:
                past.take(said)
        new = await self._take_late(past.messages, since_ms)
        if past.messages and not past.closed:
            _say.warning("not all that was said meanwhile came back", bot=self.id, chat=chat, events=new)
        return None if said is None else new

    async def _take_late(self, said: Iterable[bytes], since_ms: int) -> int:
        """Events that nobody brought, oldest first; how many are new."""
        new = 0
        for raw in said:
            try:
                told = read(raw, self._who, execution=self._execution, now_ms=self._clock.wall_ms(), keep=self._keep)
            except WireError:
                continue  # what is no message of the protocol would not have come either
            if isinstance(told, Event) and told.time_ms >= since_ms:
                new += await self._intake.accept(told, self._clock.monotonic())
        return new

    async def settle(self, send: Send, since_ms: int, taken: Collection[str]) -> Sent | None:
        call = history.ask(self.id, send.chat)
        said = await self._page(call) if call is not None else None
        own = [history.read_own(raw, self._who.account) for raw in said or ()]
        return history.find(send, [each for each in own if each is not None], since_ms, taken)

    async def _page(self, call: Call) -> list[bytes] | None:
        """The messages of an answer; None when the implementation cannot tell, of no chat."""
        receipt = await self.perform(call)
        if isinstance(receipt, Failed) and receipt.code not in ("", OFFLINE.code, str(Retcode.NOT_FOUND.value)):
            return []  # of this chat: it may have left it
        return list(history.frames(receipt.result)) if isinstance(receipt, Sent) else None

    def configure(self, *, name: str, pace: Pace, call_seconds: float) -> None:
        """Go on with other settings. Without a configured name the nickname that is known already stays."""
        self._name = name or self._name
        self._pace, self._call_seconds = pace, call_seconds

    async def close(self, reason: str) -> None:
        for line in dict.fromkeys(self._seats.values()):
            await line.socket.close(POLICY, reason)

    def _state(self) -> tuple[BotState, str]:
        if not self._seats:
            return self._away
        if "event" not in self._seats:
            return "connecting", "waiting for its Event connection"
        if self._silence:
            return "silent", self._silence
        if "api" not in self._seats:
            return "online", "it cannot be called: its API connection is missing"
        return "online", ""

    # --- connections ---

    def holders(self, seats: Iterable[str]) -> list[Line]:
        """The lines that hold any of these seats."""
        return list(dict.fromkeys(self._seats[seat] for seat in seats if seat in self._seats))

    def away(self, state: BotState, reason: str) -> None:
        """No line is up; this is why."""
        before, self._away = self._away[0], (state, reason)
        if state != before and not {state, before} <= TRYING:
            self._since_ms = self._clock.wall_ms()

    async def serve(self, line: Line, held: Iterable[bytes] = ()) -> None:
        """Take the seats of a line, in place of whoever has them, and listen until it ends (`EOFError`).

        `held` are frames that were read before it was known whose they are.
        """
        self._join(line)
        watch = self._nursery.start(f"watch {self.id}", self._watch(line))
        try:
            for raw in held:
                self._take(line, raw)
            await line.socket.listen(partial(self._take, line))
        except EOFError as ending:
            self.away("connecting", f"{ending}; waiting for it to connect again")
            raise
        finally:
            watch.cancel()
            self._leave(line)

    def _join(self, line: Line) -> None:
        for seat in line.seats:
            self._seats[seat] = line
        if "event" in line.seats:
            self._pulse.reconnected(self._clock.monotonic())
            self._silence = ""
            self._joined += 1
        self._peer = line.socket.peer
        self._since_ms = self._clock.wall_ms()
        self._intake.attach(self)
        _say.info("connected", bot=self.id, peer=self._peer, role=line.role)
        if "api" in line.seats and not self._name:
            self._nursery.start(f"name of {self.id}", self._ask_name(line))

    def _leave(self, line: Line) -> None:
        # A newer connection may hold the seats by now; only this line's own are given back.
        for seat in line.seats:
            if self._seats.get(seat) is line:
                del self._seats[seat]
        unanswered = line.ended()
        self._since_ms = self._clock.wall_ms()
        _say.info("disconnected", bot=self.id, role=line.role, unanswered=unanswered)

    async def _ask_name(self, line: Line) -> None:
        receipt = await line.call(Call(self.id, "get_login_info"), seconds=min(NAME_SECONDS, self._call_seconds))
        if isinstance(receipt, Sent):
            self._name = read_nickname(receipt.result)

    async def _watch(self, line: Line) -> None:
        """Ask the pulse now and then; close a line on which nobody is any more."""
        listens = "event" in line.seats
        while True:
            verdict = self._pulse.verdict(self._clock.monotonic())
            if listens and verdict.state == "lost":
                _say.warning("no sign of life", bot=self.id, reason=verdict.reason)
                return await line.socket.close(LOST, verdict.reason)
            if listens:
                self._mark_silence(verdict.reason)
            await self._clock.sleep(verdict.recheck)
            self._rtt_ms = 1000 * (await line.socket.probe(PROBE_SECONDS) or 0.0)

    def _mark_silence(self, reason: str) -> None:
        if bool(reason) != bool(self._silence):
            self._since_ms = self._clock.wall_ms()
            _say.warning("silent", bot=self.id, reason=reason) if reason else _say.info("heard again", bot=self.id)
        self._silence = reason

    # --- frames ---

    def _take(self, line: Line, raw: bytes) -> None:
        """One frame. Nothing here waits: the answers to handlers come through this very socket."""
        read_at, now_ms = self._clock.monotonic(), self._clock.wall_ms()
        try:
            told = read(raw, self._who, execution=self._execution, now_ms=now_ms, keep=self._keep)
        except WireError as error:
            self._pulse.frame(read_at)
            self._intake.complain(self.id, error.text(), raw)
            return
        if isinstance(told, Event):
            self._pulse.event(read_at)
            if self._silence:
                self._mark_silence("")
            self._last_event_ms = now_ms
            self._intake.accept(told, read_at, once=True)
            if self._intake.crowded:
                line.socket.pause_while(lambda: self._intake.crowded)
            return
        self._pulse.frame(read_at)
        if isinstance(told, Frame):
            if not line.answered(told):
                self._meters.count["onebot_unmatched_answers", self.id] += 1
        elif isinstance(told, Remark):
            _say.info("its log", bot=self.id, level=told.level, said=told.shown)
        elif isinstance(told, Heartbeat):
            self._pulse.heartbeat(read_at, interval=told.interval_ms / 1000, online=told.online)

    def _execution(self, now_ms: int) -> ExecutionId:
        return execution_id(now_ms, self._random())
