"""Rules at work: the snapshot that events are decided by, swapped whole when an operator changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.routing import DROP, PLUGIN, PLUGINS, Decision, Judged, Live, Router, Rule
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.execution import Execution, Server
from kagami.hub.onward import Onward
from kagami.hub.workers import Workers
from kagami.i18n import mark
from kagami.model.event import Event
from kagami.ports import Found, Hits, RuleList, Runtime, Sharing, Store, WorkerRow
from kagami.ports.routing import LIST, RULES

# The slot of no process.
NOWHERE = -1
_log = log.get("hub")


class Way(NamedTuple):
    """Who handles an event: `server`, else the plugin host, of which `only` one plugin where that is named.

    `taken` is False when nobody may.
    """

    taken: bool = True
    server: Server | None = None
    only: str = ""


_PAST = mark("An operator's command goes past all rules.")
_DENIED = mark("A command of operators, from somebody who is none, goes nowhere.")
_ALL_PLUGINS = Way()
_NOBODY = Way(taken=False)


class Routes:
    """Implements `ports.Routing`. `router` is None while there are no rules."""

    def __init__(self, store: Store, runtime: Runtime, workers: Workers, desk: ChatDesk, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._desk = desk
        self._clock = clock
        self.posts = workers
        self.router: Router | None = None
        self.sharing: Sharing | None = None
        self.rules = RuleList()
        self._hits: dict[tuple[str, str], Hits] = {}

    async def open(self) -> None:
        await self.posts.open()
        await self.read()

    async def read(self) -> None:
        await self.posts.read()
        text = await self._store.get(RULES, LIST)
        try:
            rules = msgspec.json.decode(text, type=RuleList) if text else RuleList()
        except msgspec.DecodeError as error:
            _log.error("the routing rules cannot be read; those before stay", reason=str(error))
            return
        self.use(rules)

    def use(self, rules: RuleList) -> None:
        """From the next event on."""
        self.rules = rules
        self.router = Router(rules.rules) if rules.rules else None
        here = {(rule.match, rule.to) for rule in rules.rules}
        self._hits = {rule: hits for rule, hits in self._hits.items() if rule in here}

    def find(self, execution: Execution) -> Way:
        """Decide, with the reason in the trace."""
        if self.router is None:
            execution.mark("route", "no rules")
            return _ALL_PLUGINS
        # What an operator commands and what a plugin has planned is theirs, whatever the rules say.
        if execution.admin is not None or execution.event.kind == "schedule":
            execution.mark("route", "past all rules")
            return _ALL_PLUGINS
        decision = self.router.decide(execution.event, self._live(execution.event))
        if decision.number:
            self._count(self.rules.rules[decision.number - 1])
        return self._way(decision, execution)

    def _way(self, decision: Decision, execution: Execution) -> Way:
        to, reason = decision.to, decision.reason
        if to in ("", DROP):
            execution.mark("route", reason)
            return _NOBODY
        if to == PLUGINS or to.startswith(PLUGIN):
            execution.mark("route", reason)
            return Way(only=to.removeprefix(PLUGIN)) if to != PLUGINS else _ALL_PLUGINS
        post = self.posts.choose(to, execution)
        if post is None and (onward := self._onward(to, execution)) is not None:
            execution.mark("route", f"{reason}: connected to another process")
            return Way(server=onward)
        execution.mark("route", f"{reason}: {post.worker.name if post else 'nobody is there'}")
        return Way(server=post) if post else _NOBODY

    def _onward(self, to: str, execution: Execution) -> Onward | None:
        event, sharing, fence = execution.event, self.sharing, execution.fence
        if sharing is None or fence is None or sharing.local(event.bot):
            return None
        slot = self.posts.slot(to, event, NOWHERE)
        return Onward(sharing, slot, fence) if slot is not None and slot != NOWHERE else None

    def outside(self, event: Event, mine: int) -> int | None:
        """The slot of the process at which an application is that the rules give it to; `mine` is this one's."""
        if self.router is None:
            return None
        to = self.router.decide(event, self._live(event)).to
        if to in ("", DROP, PLUGINS) or to.startswith(PLUGIN):
            return None
        # Where nobody of a pool takes it, that is told here.
        return mine if (slot := self.posts.slot(to, event, mine)) is None else slot

    def hits(self, rule: Rule) -> Hits:
        return self._hits.get((rule.match, rule.to), Hits())

    def explain(self, event: Event, rules: Sequence[Rule] | None = None) -> Found:
        router = Router(rules) if rules is not None else self.router or Router(())
        if self._desk.is_command(event):
            operator = self._desk.knows(event)
            decision = Decision(PLUGINS if operator else "", "past all rules" if operator else "denied")
            reason = _PAST if operator else _DENIED
            judged = [Judged(number, rule, "beaten", reason) for number, rule in enumerate(router.rules, 1)]
        else:
            decision, judged = router.explain(event, self._live(event))
        return Found(decision, judged, self._takers(decision.to, event))

    def workers(self) -> list[WorkerRow]:
        return self.posts.rows()

    def _live(self, event: Event) -> Live:
        """Whether a target could have an event; what is said in a process' own chat is for nobody elsewhere."""
        own = self.sharing is None or self.sharing.local(event.bot)
        return self._is_here if own else self._is_somewhere

    def lives(self, target: str) -> bool:
        return self._is_somewhere(target)

    def _is_here(self, target: str) -> bool:
        if target in (PLUGINS, DROP):
            return True
        if target.startswith(PLUGIN):
            return self._runtime.serves(target.removeprefix(PLUGIN))
        return self.posts.live(target)

    def _is_somewhere(self, target: str) -> bool:
        return self._is_here(target) or self.posts.reached(target)

    def _takers(self, to: str, event: Event) -> list[str]:
        if to == PLUGINS or to.startswith(PLUGIN):
            return self._runtime.takers(event, to.removeprefix(PLUGIN) if to != PLUGINS else "")
        return self.posts.candidates(to, event) if to not in ("", DROP) else []

    def _count(self, rule: Rule) -> None:
        before = self._hits.get((rule.match, rule.to), Hits())
        self._hits[rule.match, rule.to] = Hits(before.count + 1, self._clock.wall_ms())
