from __future__ import annotations

import re

import pytest

from kagami.storage import queries


def test_blocks_are_named_and_comments_dropped() -> None:
    script = "-- about\n\n-- name: one\n-- why\nSELECT 1\nFROM t;\n\n-- name: two\nSELECT :a, :b_c;\n"
    assert queries.parse(script) == {"one": "SELECT 1\nFROM t", "two": "SELECT :a, :b_c"}


def test_parameters_are_named_once_and_casts_are_none() -> None:
    assert queries.parameters("SELECT :a, :b, :a, x::int") == ["a", "b"]


def test_no_two_queries_share_a_name() -> None:
    scripts = [path.read_text("utf-8") for path in queries._scripts("sql/read")]
    named = re.findall(r"^-- name: (\w+)$", "\n".join(scripts), re.MULTILINE)
    assert sorted(named) == sorted(queries.queries())


@pytest.mark.parametrize("name", sorted(queries.queries()))
def test_what_is_read_only_reads(name: str) -> None:
    assert queries.queries()[name].startswith(("SELECT", "WITH"))


def test_bundles_only_write() -> None:
    statements = [sql for bundle in queries.bundles().values() for sql in bundle.values()]
    assert all(re.match("INSERT|UPDATE|DELETE", sql) for sql in statements)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in queries.migrations()] == list(range(1, len(queries.migrations()) + 1))
