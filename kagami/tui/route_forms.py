"""The forms of the Routes place: which fields a rule, a guard line, a weight and an import have, and what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kagami.core.guard import GuardEntry, sound
from kagami.core.routing import DROP, PLUGIN, PLUGINS, Rule, fault
from kagami.errors import Denied, KagamiError, NotFound
from kagami.i18n import Translate, mark
from kagami.model.ids import split_id
from kagami.operations.bots import ListBots
from kagami.operations.guard import HOUR_MS, GuardRow
from kagami.operations.messages import ListChats, ListMessages
from kagami.operations.plugins import ListPlugins
from kagami.operations.workers import ListWorkers
from kagami.ports import BotRow, ChatRow, Control, MessageRow, PluginRow, WorkerRow
from kagami.tui.route_acts import hours_of
from kagami.tui.route_ask import GUARD_KINDS
from kagami.tui.route_draft import read_rules
from kagami.tui.route_rows import ACTS, MANNERS
from kagami.tui.widgets.fieldset import BREAK, Check, Slot

RECENT = 200
MOST_WEIGHT = 1_000
_EXCLUSIVE = (("", mark("the next rule decides")), ("!", mark("nobody else gets it")))
_WHERE = mark("platform:qq, bot:qq:10001 or chat:group:123; nothing for everywhere")


class Form(NamedTuple):
    """`title` is in the user's language; `foot`, what Enter does, is marked."""

    title: str
    slots: list[Slot]
    check: Check
    foot: str


class Known(NamedTuple):
    """What can be offered while one types: conditions, targets, places, and who said something of late."""

    matches: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()


async def known(control: Control) -> Known:
    """Read all of it; what this person may not see is left out."""
    bots: list[BotRow] = await _listed(control, ListBots())
    chats: list[ChatRow] = await _listed(control, ListChats())
    plugins: list[PluginRow] = await _listed(control, ListPlugins())
    workers: list[WorkerRow] = await _listed(control, ListWorkers())
    said: list[MessageRow] = await _listed(control, ListMessages(limit=RECENT))
    places = _places(bots, chats)
    people = [row for row in reversed(said) if row.direction == "in" and row.user]
    return Known(
        (*places, *_once(f"user:{row.user}" for row in people), "text:"),
        _targets(plugins, workers),
        places,
        _once(f"{split_id(row.bot)[0]}:{row.user}" for row in people),
        _once(str(row.chat) for row in chats),
    )


def _places(bots: Sequence[BotRow], chats: Sequence[ChatRow]) -> tuple[str, ...]:
    platforms = _once(f"platform:{split_id(row.id)[0]}" for row in bots)
    accounts = _once(f"bot:{row.id}" for row in bots)
    return (*platforms, *accounts, *_once(f"chat:{row.chat}" for row in chats))


def _targets(plugins: Sequence[PluginRow], workers: Sequence[WorkerRow]) -> tuple[str, ...]:
    pools = (name for row in workers for name in (row.pool, row.name) if name and name != PLUGINS)
    return (PLUGINS, DROP, *_once(f"{PLUGIN}{row.id}" for row in plugins), *_once(pools))


async def _listed(control: Control, request: msgspec.Struct) -> list[Any]:
    try:
        found: list[Any] = await control.call(request)
    except (Denied, NotFound):
        return []
    return found


def _once(words: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


# --- rules -----------------------------------------------------------------------------------------------------------


def rule_form(t: Translate, rule: Rule | None, number: int, words: Known) -> Form:
    title = t(mark("Rule {number}")).format(number=number) if rule else t(mark("New rule"))
    return Form(title, rule_slots(rule, words), check_rule(t), mark("takes it into the list; S saves the list"))


def import_form(t: Translate) -> Form:
    foot = mark("puts them behind the others; S saves the list")
    return Form(t(mark("Import rules")), import_slots(), check_rules(t), foot)


def rule_slots(rule: Rule | None, words: Known) -> list[Slot]:
    rule = rule or Rule("", "")
    when = mark(
        "user:10001, chat:group:123456, bot:qq:10001, platform:qq or text:天气*; * is any run of characters, ? one; "
        "several joined by ' & ' all have to fit"
    )
    to = mark("plugins, plugin:weather, the name of a worker or a pool, or drop")
    away = mark("what happens when whoever it leads to is away")
    return [
        Slot("match", mark("when"), rule.match, when, words=words.matches),
        Slot("to", mark("do"), rule.to, to, words=words.targets),
        Slot("exclusive", mark("if away"), "!" if rule.exclusive else "", away, choices=_EXCLUSIVE),
        Slot("note", mark("note"), rule.note, mark("any text, for people")),
    ]


def made_rule(values: Mapping[str, str], before: Rule | None = None) -> Rule:
    enabled = before is None or before.enabled
    match, to = values["match"].strip(), values["to"].strip()
    return Rule(match, to, bool(values["exclusive"]), enabled, values["note"].strip())


def check_rule(t: Translate) -> Check:
    return lambda values: t(reason) if (reason := fault(made_rule(values))) else ""


def lines_of(values: Mapping[str, str]) -> list[str]:
    """What was pasted, line by line."""
    return [line.strip() for line in values["lines"].split(BREAK.strip()) if line.strip()]


def import_slots() -> list[Slot]:
    told = mark(
        "paste lines like  text:天气* => plugin:weather  (! exclusive, - off), or the JSON of kagami routes list"
    )
    return [Slot("lines", mark("rules"), "", told, lines=True)]


def check_rules(t: Translate) -> Check:
    def check(values: Mapping[str, str]) -> str:
        try:
            rules = read_rules(lines_of(values))
        except KagamiError as error:
            return error.text(t)
        reason = next((reason for rule in rules if (reason := fault(rule))), "")
        return t(reason) if reason or rules else t(mark("nothing is pasted yet"))

    return check


# --- workers ---------------------------------------------------------------------------------------------------------


def weight_form(t: Translate, worker: WorkerRow) -> Form:
    return Form(t(mark("Weight")), weight_slots(worker), check_weight(t), mark("changes it at once"))


def weight_slots(worker: WorkerRow) -> list[Slot]:
    told = mark(
        "1 is usual, 2 gets twice as many new chats as others that are as quick, 0 none; chats stay where they are"
    )
    return [
        Slot("worker", mark("worker"), worker.name, fixed=True),
        Slot("weight", mark("weight"), f"{worker.weight:g}", told),
    ]


def check_weight(t: Translate) -> Check:
    def check(values: Mapping[str, str]) -> str:
        try:
            sound_weight = 0 <= float(values["weight"]) <= MOST_WEIGHT
        except ValueError:
            sound_weight = False
        return "" if sound_weight else t(mark("a number from 0 to 1000"))

    return check


# --- guard lists -----------------------------------------------------------------------------------------------------


def guard_form(t: Translate, row: GuardRow | None, words: Known, now_ms: int) -> Form:
    title, foot = (
        (mark("Guard line"), mark("changes it at once"))
        if row
        else (mark("New guard line"), mark("keeps it out at once"))
    )
    return Form(t(title), guard_slots(row, words, now_ms), check_guard(t), foot)


def guard_import_form(t: Translate, words: Known) -> Form:
    slots, foot = guard_import_slots(words), mark("puts them all in at once")
    return Form(t(mark("Import guard lines")), slots, check_guard_import(t), foot)


def guard_slots(row: GuardRow | None, words: Known, now_ms: int) -> list[Slot]:
    """Of a line that is there, what makes it this line stays."""
    known_row = row is not None
    row = row or GuardRow("word", "")
    hours = f"{max(0, row.until_ms - now_ms) / HOUR_MS:.1f}" if row.until_ms else ""
    value = mark("qq:10001, group:123456, a word, an RE2 pattern or a host; * is all users, chats or links")
    return [
        *_kind_slots(row.kind, fixed=known_row),
        Slot("value", mark("value"), row.value, value, words=(*words.users, *words.chats), fixed=known_row),
        *_act_slots(row, words, fixed=known_row),
        Slot("hours", mark("hours"), hours, mark("how long; nothing for ever")),
        Slot("note", mark("note"), row.note, mark("any text, for people")),
    ]


def guard_import_slots(words: Known) -> list[Slot]:
    row = GuardRow("word", "")
    told = mark("paste the values, one a line; lines that begin with # are left out")
    return [
        *_kind_slots(row.kind, fixed=False),
        Slot("lines", mark("values"), "", told, lines=True),
        *_act_slots(row, words, fixed=False),
        Slot("note", mark("note"), "", mark("any text, for people")),
    ]


def _kind_slots(kind: str, *, fixed: bool) -> list[Slot]:
    return [Slot("kind", mark("kind"), kind, mark("what is looked at"), choices=GUARD_KINDS, fixed=fixed)]


def _act_slots(row: GuardRow, words: Known, *, fixed: bool) -> list[Slot]:
    return [
        Slot("act", mark("does"), row.act, mark("keep out, or let through what another line keeps out"), choices=ACTS),
        Slot("action", mark("how"), row.action, mark("who is told when it is kept out"), choices=MANNERS),
        Slot("where", mark("where"), row.where, _WHERE, words=words.places, fixed=fixed),
    ]


def check_guard(t: Translate) -> Check:
    def check(values: Mapping[str, str]) -> str:
        try:
            hours_of(values["hours"])
        except ValueError:
            return t(mark("hours are a number, or nothing for ever"))
        return _fault(values, values["value"], t)

    return check


def check_guard_import(t: Translate) -> Check:
    """The engine says which of the lines it refuses; only the rest of the form is looked at here."""

    def check(values: Mapping[str, str]) -> str:
        lines = lines_of(values)
        return _fault(values, "*", t) if lines else t(mark("nothing is pasted yet"))

    return check


def _fault(values: Mapping[str, str], value: str, t: Translate) -> str:
    given: dict[str, Any] = {name: values[name] for name in ("kind", "act", "action")}
    try:
        sound(GuardEntry(**given, value=value, where=values["where"].strip()))
    except ValueError as error:
        return t(str(error))
    return ""
