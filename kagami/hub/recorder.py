"""Closes executions: one trace each, meters, the log line that says what happened."""

from __future__ import annotations

from kagami import log
from kagami.clock import Clock
from kagami.core.privacy.desk import place_of
from kagami.errors import Parked
from kagami.hub.board import Board
from kagami.hub.config import HubConfig
from kagami.hub.execution import Execution
from kagami.hub.registry import BotRegistry
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import preview
from kagami.model.trace import Mark, Outcome, Trace
from kagami.ports import Ledger, Privacy

# Outcomes of what nobody gets, plugins and applications alike; so many of the newest are remembered.
KEPT_OUT = frozenset({"guarded", "limited"})
MOST_KEPT_OUT = 1_000
TEXT_KEPT = 200
ERROR_KEPT = 2_000
FRAME_KEPT = 2_048
# What waits for a plugin that cannot serve; more, or for longer, becomes dead letters.
MOST_PARKED = 10_000
LONGEST_PARKED_MS = 86_400_000
ASKED_US = 100_000  # what is faster has asked nobody
_log = log.get("hub")


class Recorder:
    """Every event ends here exactly once per try."""

    def __init__(
        self,
        ledger: Ledger,
        bots: BotRegistry,
        board: Board,
        *,
        config: HubConfig,
        clock: Clock,
        meters: Meters,
        privacy: Privacy | None = None,
    ) -> None:
        self._ledger = ledger
        self._bots = bots
        self._board = board
        self._config = config
        self._clock = clock
        self._meters = meters
        self._privacy = privacy
        self.kept_out: dict[ExecutionId, None] = {}

    def configure(self, config: HubConfig) -> None:
        """Go on with other settings."""
        self._config = config

    def finish(self, execution: Execution, outcome: Outcome, plugin: str = "") -> None:
        """Close it: trace, effects and the answers it used go to disk together."""
        if outcome in KEPT_OUT:
            self.keep_out(execution.event.execution)
        trace = execution.trace(outcome, plugin, self._shown(execution.event))
        answers = [answer.trace("answer", plugin, self._shown(answer.event)) for answer in execution.answers]
        self._ledger.finish(
            trace,
            attempts=execution.attempts + 1,
            # A command may be late, denied or limited: what others did about the same message is done all the same.
            effects=execution.effects if outcome != "dead" else (),
            answers=answers,
            fence=execution.fence,
        )
        self._count(trace)

    def keep_out(self, execution: ExecutionId) -> None:
        """Nobody outside hears of it, from now on."""
        self.kept_out.pop(execution, None)
        self.kept_out[execution] = None
        if len(self.kept_out) > MOST_KEPT_OUT:
            del self.kept_out[next(iter(self.kept_out))]

    def fail(self, execution: Execution, error: Exception) -> int:
        """A try failed. Returns when to try again (wall milliseconds), or 0 when it is dead now."""
        execution.error = self._hidden(f"{type(error).__name__}: {error}", execution.event)[:ERROR_KEPT]
        tried = execution.attempts + 1
        if tried >= self._config.tries:
            what = mark("A handler failed {tries} times on a message in {chat}: {error}")
            self._bury(execution, what, tries=str(tried))
            return 0
        waits = self._config.retry_after or (0.0,)
        retry_at = self._clock.wall_ms() + int(waits[min(execution.attempts, len(waits) - 1)] * 1000)
        trace = execution.trace("retry", "", self._shown(execution.event))
        self._ledger.finish(trace, attempts=tried, retry_at_ms=retry_at, fence=execution.fence)
        self._count(trace)
        return retry_at

    def park(self, execution: Execution, error: Parked, waiting: int) -> int:
        """A plugin cannot serve now. Returns when to try again (wall ms), or 0 when too much waits, or for too long.

        `waiting` is how many events wait for it already.
        """
        now = self._clock.wall_ms()
        execution.error = self._hidden(str(error), execution.event)[:ERROR_KEPT]
        # No seconds: an open question that goes on with the next start, however old it is.
        if error.seconds and (waiting >= MOST_PARKED or now - execution.accepted_ms > LONGEST_PARKED_MS):
            self._bury(execution, mark("A message in {chat} has waited too long: {error}"))
            return 0
        at_ms = now + int(error.seconds * 1000)
        trace = execution.trace("parked", str(error.details["plugin"]), self._shown(execution.event))
        self._ledger.finish(trace, attempts=execution.attempts, retry_at_ms=at_ms, fence=execution.fence)
        self._count(trace)
        return at_ms

    def _bury(self, execution: Execution, text: str, **fields: str) -> None:
        """No try follows: the event waits for somebody who replays it, its answers are over."""
        event, error = execution.event, execution.error
        told = {"chat": event.chat, "error": error, "execution": event.execution} | fields
        self._board.notice("error", "dead_letter", text, **told)
        self.finish(execution, "dead")
        for answer in execution.answers:
            ended = answer.trace("answer", "", self._shown(answer.event))
            self._ledger.finish(ended, attempts=1, fence=execution.fence)

    def complain(self, execution: ExecutionId, bot: BotId, reason: str, frame: bytes) -> None:
        """Keep a frame that is not the protocol."""
        self._meters.count["bad_frames", bot] += 1
        shown = self._hidden(frame[:FRAME_KEPT].decode("utf-8", "replace"))
        marks = (Mark("frame", 0, f"{len(frame)} bytes"),)
        now = self._clock.wall_ms()
        self._ledger.record(
            Trace(execution, bot, ChatId(""), UserId(""), now, 0, "bad_frame", marks, "", shown, reason)
        )
        _log.warning("a frame was refused", bot=bot, reason=reason, execution=execution)

    def _shown(self, event: Event) -> str:
        """The preview that the trace keeps."""
        text, guard = shown_text(event), self._privacy
        if guard is None or not guard.guards("traces"):
            return text
        guard.meet(event)
        return guard.mask(text, place_of(event.bot, event.chat))

    def _hidden(self, text: str, event: Event | None = None) -> str:
        """An error's text, or a frame's: others' words and our secrets can be in it."""
        guard = self._privacy
        if guard is None:
            return text
        text = guard.redact(text)
        place = place_of(event.bot, event.chat) if event else ""
        return guard.mask(text, place) if guard.guards("traces") else text

    def _count(self, trace: Trace) -> None:
        self._meters.count["events", trace.outcome] += 1
        seconds = own_us(trace) / 1e6
        if trace.outcome == "handled":
            self._meters.latency["event"].observe(seconds)
            self._bots.tally[trace.bot].latency.observe(seconds)
            _log.debug("handled", bot=trace.bot, chat=trace.chat, plugin=trace.plugin, execution=trace.execution)
        elif trace.outcome in ("retry", "dead"):
            _log.error(
                "a handler failed", outcome=trace.outcome, error=trace.error, chat=trace.chat, execution=trace.execution
            )
        elif trace.outcome in ("shed", "limited", "late"):
            _log.warning(f"an event was not handled: {trace.outcome}", chat=trace.chat, execution=trace.execution)


def shown_text(event: Event) -> str:
    """The beginning of what was said, or what happened."""
    return preview(event.message)[:TEXT_KEPT] if event.kind == "message" else event.name


def own_us(trace: Trace) -> int:
    """How long an event took without the time in which people were asked; few events take long enough to look."""
    if trace.total_us < ASKED_US:
        return trace.total_us
    ends = [*(mark.at_us for mark in trace.marks[1:]), trace.total_us]
    asked = sum(end - mark.at_us for mark, end in zip(trace.marks, ends, strict=False) if mark.stage == "ask")
    return trace.total_us - asked
