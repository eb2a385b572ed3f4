from __future__ import annotations

from typing import Any

import pytest

from kagami.errors import UsageError
from kagami.i18n import translator
from kagami.ports import ChangeRow, SettingChange, SettingRow
from kagami.tui import setting_rows
from kagami.tui.draft import Draft
from kagami.tui.widgets.rows import Rows
from tests.tui.configured import row, settings
from tests.tui.stand import Stand, standing

ROWS = {each.key: each for each in settings()}


def drafted(**changes: Any) -> Draft:
    draft = Draft()
    draft.read(ROWS.values())
    for key, value in changes.items():
        draft.wish(key.replace("__", "."), value)
    return draft


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("gateway.query_token", "on", True),
        ("hub.running", " 12 ", 12),
        ("hub.drain", "2.5", 2.5),
        ("pace.chat_per_second", "", None),
        ("admins", "qq:1,, telegram:2 ", ["qq:1", "telegram:2"]),
        ("hub.retry_after", "5, 7.5", [5, 7.5]),
        ("privacy.kinds", "id, mail", ["id", "mail"]),
        ("privacy.patterns", '{"order": "A[0-9]+"}', {"order": "A[0-9]+"}),
        ("gateway.token", "s", "s"),
        ("gateway.token", "", None),
        ("prefix", "!", "!"),
    ],
)
def test_typed_texts_are_values(key: str, text: str, value: Any) -> None:
    assert setting_rows.read(ROWS[key], text, str) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hub.running", "0"),
        ("hub.running", "many"),
        ("hub.drain", "-1"),
        ("hub.retry_after", "soon"),
        ("privacy.kinds", "id, face"),
        ("privacy.patterns", "{"),
        ("log.level", "loud"),
        ("gateway.query_token", "maybe"),
    ],
)
def test_wrong_texts_say_what_is_expected(key: str, text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        setting_rows.read(ROWS[key], text, str)


def test_a_bound_that_is_itself_too_little() -> None:
    above = row("x.y", "float", 1.0, 1.0, "", least=0, above=0)
    with pytest.raises(UsageError, match="more than 0"):
        setting_rows.read(above, "0", str)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("gateway.query_token", "[ ] off"),
        ("log.level", "< info >"),
        ("language", "< automatic >"),
        ("gateway.token", "••••••"),
        ("hub.retry_after", "5, 30"),
        ("hub.drain", "10"),
        ("pace.chat_per_second", "-"),
        ("privacy.patterns", "-"),
    ],
)
def test_values_are_shown_by_their_kind(key: str, shown: str) -> None:
    assert setting_rows.words(ROWS[key], ROWS[key].value, str) == shown


def test_zero_is_a_value() -> None:
    assert setting_rows.words(ROWS["gateway.port"], 0, str) == "0"


def test_what_is_typed_begins_with_the_value_but_never_with_a_secret() -> None:
    assert setting_rows.typed(ROWS["hub.retry_after"], [5.0, 30.0]) == "5, 30"
    assert setting_rows.typed(ROWS["gateway.token"], "fresh") == ""


def test_a_locked_setting_names_its_variable() -> None:
    assert setting_rows.lock(ROWS["gateway.port"], str) == "from environment WS_PORT: unset it to edit"
    assert setting_rows.origin(ROWS["gateway.port"], str) == "locked: WS_PORT"
    assert not setting_rows.lock(ROWS["hub.running"], str)


def test_the_summary_counts_by_effect() -> None:
    draft = drafted(hub__running=7, gateway__host="::1", log__keep_mb=1.0)
    draft.refused["hub.running"] = "no"
    assert setting_rows.summary(draft, str) == "pending: 1 live, 1 reopen, 1 restart, 1 wrong"


def test_every_group_has_a_chinese_name() -> None:
    chinese = translator("zh")
    assert setting_rows.group_title("hub", str) == "Delivery"
    assert setting_rows.group_title("unknown", chinese) == "unknown"


@pytest.mark.parametrize("tier", ["full", "safe", "ascii"])
async def test_pages_stay_within_their_width_and_keep_secrets(tier: Any) -> None:
    draft = drafted(gateway__token="hunter2hunter2", hub__running=7)
    change = ChangeRow(
        1,
        1_763_768_467_000,
        "ann",
        "apply",
        [SettingChange("gateway.token", {"set": False}, {"set": True})],
        undone=True,
    )

    def lines(stand: Stand, width: int) -> list[Any]:
        token: SettingRow = ROWS["gateway.token"]
        return [
            *setting_rows.change_lines(stand, draft, width),
            *setting_rows.about(stand, token, draft, width),
            *setting_rows.history_lines(stand, [change], "gateway.token", width),
            *setting_rows.diff_lines("-a\n+b\n\n c" + "x" * 200, width, stand.looks),
        ]

    async with standing(lambda stand: Rows(stand, lambda width: lines(stand, width)), (30, 40), tier) as (stand, _):
        shown = "\n".join(stand.text())
        assert "hunter2" not in shown
        assert "undone" in shown
        assert "200 " + stand.looks.glyphs.to + " 7" in shown
