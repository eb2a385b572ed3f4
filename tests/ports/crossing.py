"""Rows cross the home's socket as JSON: what comes out must be what went in."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)


def crossed(row: Row) -> Row:
    return msgspec.json.decode(msgspec.json.encode(row), type=type(row))
