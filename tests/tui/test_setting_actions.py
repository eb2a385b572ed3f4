from __future__ import annotations

from kagami.tui.setting_actions import ACTIONS, arranged, elsewhere


def test_actions_of_another_tab_say_where_they_belong() -> None:
    assert elsewhere("op.role", "settings") == "only among people (o shows them)"
    assert elsewhere("backup.verify", "people")
    assert not elsewhere("op.role", "people")
    assert not elsewhere("op.list", "settings")
    assert not elsewhere("set.apply", "backups")


def test_a_tab_has_its_own_actions_first_and_loses_none() -> None:
    there = arranged(ACTIONS, "people")
    assert {each.id for each in there} == {each.id for each in ACTIONS}
    assert there[0].id.startswith("op.")
    assert not any(each.row or each.hint for each in there if each.id.startswith(("backup.", "engine.", "privacy.")))


def test_among_processes_no_setting_can_be_changed() -> None:
    there = {each.id: each for each in arranged(ACTIONS, "processes")}
    none = ("set.edit", "set.reset", "set.history", "set.search", "set.modified", "set.undo", "set.openfile")
    assert not [each for each in none if there[each].hint or there[each].row]
    assert there["node.switch"].hint
    assert there["set.apply"].hint
    assert there["set.copy"].row
