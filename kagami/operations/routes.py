"""Routes: the rules that lead events to plugins, workers and pools, and what they would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from kagami.core.routing import AWAY, Rule, Verdict, fault
from kagami.errors import Conflict, NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.operations.imagined import imagined
from kagami.operations.privacy import veiled_messages
from kagami.operations.registry import Request, operation
from kagami.ports import Found, MessageRow, Parts, RuleList
from kagami.ports.routing import LIST, RULES

MOST_RULES = 1_000
MOST_MESSAGES = 1_000
# Whatever version the rules have.
ANY = -1
Number = Annotated[int, msgspec.Meta(ge=1, le=MOST_RULES)]


class ListRoutes(Request, frozen=True):
    pass


class AddRoute(Request, frozen=True):
    """`place` counts from 1; 0 is behind all others."""

    match: str
    to: str
    exclusive: bool = False
    note: str = ""
    place: Annotated[int, msgspec.Meta(ge=0)] = 0
    version: int = ANY


class EditRoute(Request, frozen=True):
    """Only what is given changes."""

    number: Number
    match: str | None = None
    to: str | None = None
    exclusive: bool | None = None
    note: str | None = None
    version: int = ANY


class MoveRoute(Request, frozen=True):
    """`place` is the number that the rule has afterwards."""

    number: Number
    place: Number
    version: int = ANY


class RemoveRoute(Request, frozen=True):
    number: Number
    version: int = ANY


class EnableRoute(Request, frozen=True):
    number: Number
    version: int = ANY


class DisableRoute(Request, frozen=True):
    number: Number
    version: int = ANY


class ReplaceRoutes(Request, frozen=True):
    """`version` is that of the list which was changed."""

    rules: list[Rule]
    version: int


class ExplainRoute(Request, frozen=True):
    """A message as it might come. With `unsaved`, by `rules` instead of those in force."""

    user: str = ""
    chat: str = ""
    bot: str = ""
    platform: str = ""
    text: str = ""
    rules: list[Rule] = msgspec.field(default_factory=list)
    unsaved: bool = False


class TryRoutes(Request, frozen=True):
    """The latest messages, by `rules` instead of those in force."""

    rules: list[Rule]
    last: Annotated[int, msgspec.Meta(ge=1, le=MOST_MESSAGES)] = 200


class RouteRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`hits` is how often it decided since start, `last_ms` when it last did; `trouble` is why it leads nowhere now."""

    number: int
    match: str
    to: str
    exclusive: bool = False
    enabled: bool = True
    note: str = ""
    hits: int = 0
    last_ms: int = 0
    trouble: str = ""


class RouteList(msgspec.Struct, frozen=True):
    version: int
    rules: list[RouteRow]


class JudgedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one rule has to do with the message: `wins`, `beaten`, `away`, `no match` or `off`, and why."""

    number: int
    match: str
    to: str
    verdict: Verdict
    reason: str = ""


class Explained(msgspec.Struct, frozen=True, omit_defaults=True):
    """`to` is empty when nobody would get it. `takers` are the worker, or the plugins that would do something.

    `guard` is why the guard lists keep it out, which comes before all rules.
    """

    to: str
    number: int
    reason: str
    takers: list[str]
    rules: list[JudgedRow]
    guard: str = ""


class MovedRow(msgspec.Struct, frozen=True):
    """A message that would go elsewhere: `before` and `after` are where, with the deciding rules' numbers."""

    execution: ExecutionId
    time_ms: int
    bot: BotId
    chat: ChatId
    user: UserId
    text: str
    before: str
    before_rule: int
    after: str
    after_rule: int


class Tested(msgspec.Struct, frozen=True):
    messages: int
    moved: list[MovedRow]


def counted(answers: Sequence[RouteList]) -> RouteList:
    """The rules of this process, with what they decided at all. One leads nowhere when it does at each."""
    mine, *others = answers
    found: dict[tuple[str, str], list[RouteRow]] = {}
    for row in (row for each in others for row in each.rules):
        found.setdefault((row.match, row.to), []).append(row)
    return RouteList(mine.version, [_counted(row, found.get((row.match, row.to), ())) for row in mine.rules])


def _counted(row: RouteRow, others: Sequence[RouteRow]) -> RouteRow:
    return msgspec.structs.replace(
        row,
        hits=row.hits + sum(each.hits for each in others),
        last_ms=max((row.last_ms, *(each.last_ms for each in others))),
        trouble=row.trouble if all(each.trouble for each in others) else "",
    )


@operation("routes.list", "routes:read", merge=counted)
async def list_routes(parts: Parts, request: ListRoutes) -> RouteList:  # noqa: ARG001
    """The routing rules in their order."""
    return _told(parts, parts.routing.rules)


@operation("routes.add", "routes:write", staged=True)
async def add(parts: Parts, request: AddRoute) -> RouteList:
    """Add a routing rule."""
    kept = await _current(parts, request.version)
    rules = list(kept.rules)
    place = request.place - 1 if request.place else len(rules)
    rules.insert(place, Rule(request.match, request.to, request.exclusive, note=request.note))
    return _stage(parts, kept, rules)


@operation("routes.edit", "routes:write", staged=True)
async def edit(parts: Parts, request: EditRoute) -> RouteList:
    """Change a routing rule."""
    kept = await _current(parts, request.version)
    given = {name: getattr(request, name) for name in ("match", "to", "exclusive", "note")}
    return _change(parts, kept, request.number, {name: value for name, value in given.items() if value is not None})


@operation("routes.move", "routes:write", staged=True)
async def move(parts: Parts, request: MoveRoute) -> RouteList:
    """Put a routing rule at another place."""
    kept = await _current(parts, request.version)
    rules = list(kept.rules)
    _check_number(rules, request.number)
    rules.insert(request.place - 1, rules.pop(request.number - 1))
    return _stage(parts, kept, rules)


@operation("routes.remove", "routes:write", asks=True, staged=True)
async def remove(parts: Parts, request: RemoveRoute) -> RouteList:
    """Delete a routing rule."""
    kept = await _current(parts, request.version)
    rules = list(kept.rules)
    _check_number(rules, request.number)
    del rules[request.number - 1]
    return _stage(parts, kept, rules)


@operation("routes.enable", "routes:write", staged=True)
async def enable(parts: Parts, request: EnableRoute) -> RouteList:
    """Switch a routing rule on."""
    return _change(parts, await _current(parts, request.version), request.number, {"enabled": True})


@operation("routes.disable", "routes:write", staged=True)
async def disable(parts: Parts, request: DisableRoute) -> RouteList:
    """Switch a routing rule off."""
    return _change(parts, await _current(parts, request.version), request.number, {"enabled": False})


@operation("routes.replace", "routes:write", asks=True, staged=True)
async def replace(parts: Parts, request: ReplaceRoutes) -> RouteList:
    """Replace all routing rules at once."""
    return _stage(parts, await _current(parts, request.version), request.rules)


@operation("routes.explain", "routes:read")
async def explain(parts: Parts, request: ExplainRoute) -> Explained:
    """Which rule would win for a message, and why the others do not."""
    rules = _checked(request.rules) if request.unsaved else None
    event = imagined(
        user=request.user, chat=request.chat, bot=request.bot, platform=request.platform, text=request.text
    )
    found, caught = parts.routing.explain(event, rules), parts.guard.judge(event)
    return Explained(
        to=found.decision.to,
        number=found.decision.number,
        reason=found.decision.reason,
        takers=found.takers,
        rules=[
            JudgedRow(each.number, each.rule.match, each.rule.to, each.verdict, each.reason) for each in found.judged
        ],
        guard=caught.reason if caught else "",
    )


@operation("routes.test", "routes:read")
async def try_rules(parts: Parts, request: TryRoutes) -> Tested:
    """Which of the latest messages would go elsewhere by other rules."""
    rules = _checked(request.rules)
    rows = [row for row in await parts.store.messages(limit=request.last) if row.direction == "in"]
    compared = zip(veiled_messages(parts, rows), (_both(parts, row, rules) for row in rows), strict=True)
    return Tested(
        len(rows), [_moved(row, now, then) for row, (now, then) in compared if now.decision.to != then.decision.to]
    )


def _both(parts: Parts, row: MessageRow, rules: Sequence[Rule]) -> tuple[Found, Found]:
    event = imagined(user=row.user, chat=row.chat, bot=row.bot, platform="", text=row.text)
    return parts.routing.explain(event), parts.routing.explain(event, rules)


def _moved(row: MessageRow, now: Found, then: Found) -> MovedRow:
    before, after = now.decision, then.decision
    return MovedRow(
        row.execution,
        row.time_ms,
        row.bot,
        row.chat,
        row.user,
        row.text,
        before.to,
        before.number,
        after.to,
        after.number,
    )


async def _current(parts: Parts, version: int) -> RuleList:
    """The rules as they are kept; `Conflict` when that is not the version somebody changes."""
    text = await parts.facts.get(RULES, LIST)
    kept = msgspec.json.decode(text, type=RuleList) if text else RuleList()
    if version not in (ANY, kept.version):
        raise Conflict(reason=mark("The rules were changed meanwhile. Read them again."))
    return kept


def _change(parts: Parts, kept: RuleList, number: int, changes: dict[str, object]) -> RouteList:
    rules = list(kept.rules)
    _check_number(rules, number)
    rules[number - 1] = msgspec.structs.replace(rules[number - 1], **changes)
    return _stage(parts, kept, rules)


def _stage(parts: Parts, kept: RuleList, rules: Sequence[Rule]) -> RouteList:
    made = RuleList(kept.version + 1, tuple(_checked(rules)))
    parts.facts.put(RULES, LIST, msgspec.json.encode(made).decode())
    parts.facts.then(parts.routing.read)
    return _told(parts, made)


def _checked(rules: Sequence[Rule]) -> Sequence[Rule]:
    if len(rules) > MOST_RULES:
        raise UsageError(reason=mark("There can be at most 1000 rules."))
    if reason := next((reason for rule in rules if (reason := fault(rule))), ""):
        raise UsageError(reason=reason)
    return rules


def _check_number(rules: Sequence[Rule], number: int) -> None:
    if number > len(rules):
        raise NotFound(what="rule", name=str(number))


def _told(parts: Parts, kept: RuleList) -> RouteList:
    rows = []
    for number, rule in enumerate(kept.rules, 1):
        hits = parts.routing.hits(rule)
        rows.append(
            RouteRow(
                number=number,
                match=rule.match,
                to=rule.to,
                exclusive=rule.exclusive,
                enabled=rule.enabled,
                note=rule.note,
                hits=hits.count,
                last_ms=hits.last_ms,
                trouble="" if parts.routing.lives(rule.to) else AWAY,
            )
        )
    return RouteList(kept.version, rows)


OPERATIONS = (list_routes, add, edit, move, remove, enable, disable, replace, explain, try_rules)
