from __future__ import annotations

from kagami.ports import Checked, Verdict
from kagami.tui.draft import Draft
from tests.tui.configured import row, settings


def draft() -> Draft:
    made = Draft()
    made.read(settings())
    return made


def test_what_a_setting_is_already_is_no_change() -> None:
    made = draft()
    made.wish("hub.running", 7)
    made.wish("hub.drain", 10.0)
    made.wish("prefix", None)
    assert made.changes == {"hub.running": 7}
    made.wish("hub.running", 200)
    assert not len(made)


def test_back_to_the_default_shows_the_default() -> None:
    made = draft()
    made.wish("hub.running", None)
    assert made.changes == {"hub.running": None}
    assert made.value("hub.running") == 64
    assert made.value("hub.drain") == 10.0


def test_a_new_secret_is_always_a_change() -> None:
    made = draft()
    made.wish("gateway.token", "new")
    assert made.value("gateway.token") == "new"


def test_wishes_that_have_come_true_or_have_no_key_go() -> None:
    made = draft()
    made.wish("hub.running", 7)
    made.wish("prefix", "!")
    made.read([row("hub.running", "int", 7, 64, "")])
    assert not made.changes


def test_the_engines_reasons_stay_until_the_wish_changes() -> None:
    made = draft()
    made.wish("hub.running", 7)
    made.wish("prefix", "!")
    made.judge(
        Verdict(False, [Checked("hub.running", False, "live", "too few"), Checked("prefix", True, "live")], "", "")
    )
    assert made.refused == {"hub.running": "too few"}
    assert made.of("hub") == 1
    made.wish("hub.running", 8)
    assert not made.refused
    assert made.verdict is None
