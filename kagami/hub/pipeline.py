"""An event's way from its lane to its end, read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable

from kagami.errors import KagamiError, Parked, StoreClosed, StoreSlow
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.execution import Execution
from kagami.hub.guard import Guard
from kagami.hub.onward import MOVED
from kagami.hub.recorder import Recorder
from kagami.hub.retries import Retries
from kagami.hub.routes import Routes
from kagami.ports import Runtime

# A store that is away for longer than so many times `HOLD_S` is the operator's to mend: then tries are counted again.
MOST_HOLDS = 900


class Pipeline:
    """What stands still in it is swapped whole by its owners: lists by `guard`, rules by `routes`."""

    def __init__(
        self,
        runtime: Runtime,
        desk: ChatDesk,
        recorder: Recorder,
        retries: Retries,
        *,
        guard: Guard,
        routes: Routes,
    ) -> None:
        self._runtime = runtime
        self._desk = desk
        self._recorder = recorder
        self._retries = retries
        self._guard = guard
        self._routes = routes
        self.away: Callable[[], bool] = lambda: False  # whether the store is, or has just been

    def begin(self, execution: Execution) -> bool:
        """Guard, admin command, route: all that needs no waiting. False when that was the event's end already."""
        execution.mark("lane")

        stop = self._guard.check(execution)
        execution.mark("guard", stop.reason if stop else "")
        if stop is not None:
            if stop.warns:
                execution.server = self._guard.warner
                return True
            self._recorder.finish(execution, stop.outcome)
            return False

        if self._desk.is_command(execution.event):
            execution.admin = self._desk.admit(execution.event)
            if execution.admin is None:
                self._recorder.finish(execution, "denied")
                return False

        return self._route(execution)

    def _route(self, execution: Execution) -> bool:
        way = self._routes.find(execution)
        if not way.taken:
            self._recorder.finish(execution, "dropped")
            return False
        execution.server, execution.only = way.server, way.only
        if way.server is None and not self._runtime.wants(execution):
            self._recorder.finish(execution, "ignored")
            return False
        return True

    async def handle(self, execution: Execution) -> None:
        """Worker, end."""
        if self._retries.holds(execution.event.session):
            self._retries.hold(execution)
            return
        server = execution.server
        # It may have gone while the event waited for its slot.
        if server is not None and not server.live:
            if not self._route(execution):
                return
            server = execution.server
        try:
            handled = await (server or self._runtime).handle(execution)
        except Parked as error:
            self._park(execution, error)
            return
        except KagamiError as error:
            self._broke_off(execution, error)
            return
        if handled is not MOVED:
            self._recorder.finish(execution, handled.outcome, handled.plugin)

    def failed(self, execution: Execution, error: Exception) -> None:
        """A try failed: later again, or never."""
        retry_at_ms = self._recorder.fail(execution, error)
        if retry_at_ms:
            self._retries.put(execution, retry_at_ms)

    def _broke_off(self, execution: Execution, error: KagamiError) -> None:
        # While the store is away it may have waited for a send, or for what it keeps, until its time was over.
        if isinstance(error, (StoreClosed, StoreSlow)) or self.away():
            self._wait_for_store(execution, error)
        else:
            self.failed(execution, error)

    def _wait_for_store(self, execution: Execution, error: KagamiError) -> None:
        """That is no fault of the handler, and nothing that others may overtake; but not for ever."""
        if execution.holds < MOST_HOLDS:
            self._retries.hold(execution)
        else:
            self.failed(execution, error)

    def _park(self, execution: Execution, error: Parked) -> None:
        plugin = str(error.details["plugin"])
        at_ms = self._recorder.park(execution, error, self._retries.parked[plugin])
        if at_ms:
            self._retries.put(execution, at_ms, plugin=plugin)
