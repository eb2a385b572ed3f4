from __future__ import annotations

import msgspec

from kagami.ports import PersonRow, SessionRow, TokenRow


def test_rows_tell_only_what_is_so() -> None:
    assert msgspec.to_builtins(PersonRow("ann", "admin", ["*"])) == {"name": "ann", "role": "admin", "scopes": ["*"]}


def test_no_row_holds_what_proves_anything() -> None:
    names = {field.name for kind in (PersonRow, TokenRow, SessionRow) for field in msgspec.structs.fields(kind)}
    assert names.isdisjoint({"password", "hash", "secret", "token", "refresh"})
