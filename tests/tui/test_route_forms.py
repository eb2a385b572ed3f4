from __future__ import annotations

import pytest

from kagami.core.routing import Rule
from kagami.errors import Denied
from kagami.operations.guard import GuardRow
from kagami.operations.messages import ListChats
from kagami.ports import PluginRow, WorkerRow
from kagami.tui.route_forms import (
    Form,
    Known,
    guard_form,
    guard_import_form,
    import_form,
    known,
    made_rule,
    rule_form,
    weight_form,
)
from kagami.tui.widgets.fieldset import BREAK
from tests.tui.engine import NOW_MS
from tests.tui.routed import Routed

OUTSIDE = ("nonebot", "koishi")


def values(form: Form, **changes: str) -> dict[str, str]:
    return {slot.name: slot.value for slot in form.slots} | changes


async def test_everything_that_has_a_name_is_offered() -> None:
    control = Routed(busy=True)
    control.plugins = [PluginRow("weather", "1.0.0", "weather", "active")]
    found = await known(control)
    assert {"platform:qq", "bot:qq:10001000", "chat:group:123456", "user:10001", "text:"} <= set(found.matches)
    assert found.targets == ("plugins", "drop", "plugin:weather", "ai", "ai-1", "ai-2", "ops-1", "ocr", *OUTSIDE)
    assert "qq:10001" in found.users


async def test_what_may_not_be_read_is_not_offered() -> None:
    def refuse(_: object) -> None:
        raise Denied(scope="messages:read")

    control = Routed(busy=True)
    control.answers[ListChats] = refuse
    found = await known(control)
    assert found.chats == ()
    assert "platform:qq" in found.matches


def test_a_rule_goes_through_its_form_unchanged() -> None:
    rule = Rule("text:a*", "plugin:echo", exclusive=True, enabled=False, note="why")
    form = rule_form(str, rule, 3, Known())
    assert form.title == "Rule 3"
    assert made_rule(values(form), rule) == rule
    assert form.check(values(form)) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [({}, "Give a rule something"), ({"match": "x"}, "A rule matches"), ({"match": "*", "to": "a b"}, "leads to")],
)
def test_a_rule_that_cannot_be_has_its_reason(changes: dict[str, str], told: str) -> None:
    form = rule_form(str, None, 0, Known())
    assert told in form.check(values(form, **changes))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "nothing is pasted"),
        ("text:a => plugins" + BREAK + "text:b", "Write a rule"),
        ("text:a => x y", "Write a rule"),
        ("nonsense => plugins", "A rule matches"),
        ("text:a => plugins" + BREAK + "* => drop -", ""),
    ],
)
def test_rules_are_checked_before_they_are_taken(lines: str, told: str) -> None:
    form = import_form(str)
    reason = form.check(values(form, lines=lines))
    assert told in reason
    assert bool(told) == bool(reason)


@pytest.mark.parametrize(("weight", "sound"), [("1", True), ("0.5", True), ("-1", False), ("x", False), ("nan", False)])
def test_a_weight_is_a_number(weight: str, sound: bool) -> None:
    form = weight_form(str, WorkerRow("ai-1", "live"))
    assert (form.check(values(form, weight=weight)) == "") == sound


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "Give a value"),
        ({"kind": "user", "value": "10001"}, "A user is platform:id"),
        ({"kind": "pattern", "value": "("}, "no pattern"),
        ({"value": "x", "hours": "soon"}, "hours are a number"),
        ({"value": "x", "hours": "inf"}, "hours are a number"),
        ({"value": "x", "where": "there"}, "A line holds in"),
        ({"kind": "user", "value": "qq:10001", "hours": "24"}, ""),
    ],
)
def test_a_guard_line_is_checked_as_the_engine_does(changes: dict[str, str], told: str) -> None:
    form = guard_form(str, None, Known(), NOW_MS)
    reason = form.check(values(form, **changes))
    assert told in reason
    assert bool(told) == bool(reason)


def test_what_makes_a_line_this_one_stays() -> None:
    form = guard_form(str, GuardRow("user", "qq:1", until_ms=NOW_MS + 5_400_000), Known(), NOW_MS)
    assert {slot.name for slot in form.slots if slot.fixed} == {"kind", "value", "where"}
    assert values(form)["hours"] == "1.5"


def test_an_import_needs_lines() -> None:
    form = guard_import_form(str, Known())
    assert "nothing is pasted" in form.check(values(form))
    assert form.check(values(form, lines="one" + BREAK + "two")) == ""
