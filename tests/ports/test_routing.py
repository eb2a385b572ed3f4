from __future__ import annotations

from kagami.core.routing import Rule
from kagami.ports import RuleList, WorkerRow
from tests.ports.crossing import crossed


def test_a_list_of_rules_crosses_as_it_is() -> None:
    kept = RuleList(3, (Rule("user:1 & platform:qq", "pool", True, False, "为什么"),))
    assert crossed(kept) == kept


def test_a_workers_row_crosses_as_it_is() -> None:
    row = WorkerRow("w", "drained", "pool", 0.5, 3, 1, 10, 2, 12.5)
    assert crossed(row) == row
