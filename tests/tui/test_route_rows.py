from __future__ import annotations

import msgspec

from kagami.core.routing import AWAY, Rule
from kagami.operations.guard import GuardRow
from kagami.operations.routes import RouteList, RouteRow
from kagami.ports import Hits
from kagami.tui.route_draft import Draft
from kagami.tui.route_rows import HitsPast, guard_row, how_rules_win, rule_page, rule_rows
from kagami.tui.widgets.table import Row
from tests.tui.engine import NOW_MS
from tests.tui.stand import Stand

RULE = Rule("platform:qq & text:天气*", "ai", exclusive=True, note="asked for")
COUNTED = RouteRow(1, RULE.match, RULE.to, exclusive=True, note=RULE.note, hits=9_120, last_ms=NOW_MS - 61_000)


def shell() -> Stand:
    return Stand(lambda stand: stand.widget, "full")


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def test_hits_are_counted_by_the_second_from_the_first_look_on() -> None:
    past = HitsPast()
    for hits in (9_120, 9_120, 9_125, 3):
        past.note(RouteList(1, [msgspec.structs.replace(COUNTED, hits=hits)]))
    assert list(past.past(RULE)) == [0, 0, 5, 0]
    assert past.of(RULE) == Hits(3, COUNTED.last_ms)
    assert past.of(Rule("*", "drop")) == Hits()


def test_a_rule_is_one_row_and_a_star_is_at_what_is_not_saved() -> None:
    past, draft = HitsPast(), Draft()
    past.note(RouteList(1, [COUNTED]))
    draft.take(1, [RULE])
    draft.add(Rule("*", "drop", enabled=False))
    first, second = rule_rows(shell(), draft, past, "")
    assert texts(first) == ["1", "● on", "platform:qq & text:天气*  asked for", "ai !", "9 120", "1m"]
    assert texts(second) == ["2*", "○ off", "*", "drop: nobody gets it", "0", "-"]
    assert rule_rows(shell(), draft, past, "asked") == [first]


def test_one_rule_in_full() -> None:
    past = HitsPast()
    past.note(RouteList(1, [COUNTED]))
    lines = rule_page(shell(), RULE, past, 44)
    page = "\n".join("".join(span.text for span in line) for line in lines)
    for words in ("platform qq", "text     天气*", "→ ai", "nobody gets it", "asked for", "9 120"):
        assert words in page
    off = rule_page(shell(), Rule("*", "plugin:echo", enabled=False), past, 44)
    assert any("it is off" in span.text for line in off for span in line)


def test_a_rule_that_leads_nowhere_stands_out_and_says_why() -> None:
    past, draft = HitsPast(), Draft()
    past.note(RouteList(1, [msgspec.structs.replace(COUNTED, trouble=AWAY)]))
    draft.take(1, [RULE])
    (row,) = rule_rows(shell(), draft, past, "")
    assert row.cells[3].role == "warn"
    assert any(AWAY in span.text for line in rule_page(shell(), RULE, past, 44) for span in line)


def test_a_guard_line_says_what_it_does_and_how_long() -> None:
    told = texts(guard_row(shell(), GuardRow("word", "x", action="tell", until_ms=NOW_MS)))
    assert told == ["word", "x", "out, admins told", "everywhere", "11-21 23:41:07", ""]
    allowed = texts(guard_row(shell(), GuardRow("user", "qq:1", "allow", where="platform:qq", note="me")))
    assert allowed[2:] == ["let through", "platform:qq", "for ever", "me"]


def test_without_a_rule_it_is_told_how_they_win() -> None:
    assert any("exact one beats" in span.text for line in how_rules_win(shell(), 44) for span in line)
