"""An event's way from its lane to its end, read from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kagami.clock import Clock
from kagami.core.limits import Buckets
from kagami.core.routing import PLUGINS, Rule, decide
from kagami.core.scopes import identity
from kagami.errors import KagamiError, Parked
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.config import LimitsConfig
from kagami.hub.execution import Execution
from kagami.hub.recorder import Recorder
from kagami.hub.retries import Retries
from kagami.ports import Runtime


class Pipeline:
    """`rules` is a snapshot, swapped whole when an operator changes it."""

    def __init__(
        self,
        runtime: Runtime,
        desk: ChatDesk,
        recorder: Recorder,
        retries: Retries,
        *,
        limits: LimitsConfig,
        admins: Collection[str],
        clock: Clock,
    ) -> None:
        self._runtime = runtime
        self._desk = desk
        self._recorder = recorder
        self._retries = retries
        self._admins = frozenset(admins)
        self._clock = clock
        self._users = Buckets(limits.user_per_minute / 60, limits.user_per_minute)
        self._chats = Buckets(limits.chat_per_minute / 60, limits.chat_per_minute)
        self._limited = bool(limits.user_per_minute or limits.chat_per_minute)
        self.rules: Sequence[Rule] = ()

    def begin(self, execution: Execution) -> bool:
        """Guard, admin command, route: all that needs no waiting. False when that was the event's end already."""
        event = execution.event
        execution.mark("lane")

        # What is taken up again has come within the limits: it must not be lost for having had to wait.
        if self._limited and not execution.attempts and not execution.resumed and not self._within_limits(execution):
            self._recorder.finish(execution, "limited")
            return False

        if self._desk.is_command(event):
            execution.admin = self._desk.admit(event)
            if execution.admin is None:
                self._recorder.finish(execution, "denied")
                return False

        decision = decide(self.rules, event, (PLUGINS,))
        execution.mark("route", decision.reason)
        if decision.to != PLUGINS or not self._runtime.wants(execution):
            self._recorder.finish(execution, "ignored")
            return False
        return True

    async def handle(self, execution: Execution) -> None:
        """Worker, end."""
        try:
            handled = await self._runtime.handle(execution)
        except Parked as error:
            self._park(execution, error)
            return
        except KagamiError as error:
            self.failed(execution, error)
            return
        self._recorder.finish(execution, handled.outcome, handled.plugin)

    def failed(self, execution: Execution, error: Exception) -> None:
        """A try failed: later again, or never."""
        retry_at_ms = self._recorder.fail(execution, error)
        if retry_at_ms:
            self._retries.put(execution, retry_at_ms)

    def _park(self, execution: Execution, error: Parked) -> None:
        plugin = str(error.details["plugin"])
        at_ms = self._recorder.park(execution, error, self._retries.parked[plugin])
        if at_ms:
            self._retries.put(execution, at_ms, plugin=plugin)

    def _within_limits(self, execution: Execution) -> bool:
        event = execution.event
        now = self._clock.monotonic()
        if event.kind != "message" or (who := identity(event)) in self._admins:
            return True
        return self._users.take(who, now) and self._chats.take((event.bot, event.chat), now)
