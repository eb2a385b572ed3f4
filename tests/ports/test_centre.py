"""What faces get of the settings survives the way over a socket."""

from __future__ import annotations

import msgspec
import pytest

from kagami.ports import (
    Applied,
    AppliedKey,
    BotKind,
    ChangeRow,
    Checked,
    ConfigPlace,
    Finding,
    SettingChange,
    SettingRow,
    Verdict,
)

ROW = SettingRow(
    "gateway.port", "gateway", "int", "Where.", value=1, default=3001, least=0, most=65_535, choices=("a",)
)


@pytest.mark.parametrize(
    "value",
    [
        ROW,
        SettingRow("gateway.token", "gateway", "secret", "What.", value={"set": True, "changed_at_ms": 1}),
        Verdict(ok=False, changes=[Checked("a", ok=False, effect="live", error="no")], diff="", version="v"),
        Applied(1, [AppliedKey("a", "restart needed")], "v"),
        ChangeRow(1, 2, "console", "apply", [SettingChange("a", None, [1])], undone=True),
        ConfigPlace("kagami.toml", exists=True, version="v", edited=False),
        BotKind("onebot11", [ROW], ("url",)),
        Finding("bad", "bot one", "no"),
    ],
)
def test_a_row_crosses_as_json(value: msgspec.Struct) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value
