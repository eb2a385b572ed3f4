from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import asyncpg
import pytest

from kagami.storage import queries
from kagami.storage.migrate import migrate
from kagami.storage.postgres_sql import question
from kagami.testing.postgres import PostgresServer


def test_what_statements_share_stands_where_they_insert_it() -> None:
    shared = "-- part: held\n-- of a lease\nWHERE owner = :owner;\n"
    asked = "-- name: all\nSELECT name FROM leases\n-- insert: held\nORDER BY name;\n"
    assert queries.parse(f"{shared}\n{asked}") == {
        "all": "SELECT name FROM leases\nWHERE owner = :owner\nORDER BY name"
    }


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


def twins(kind: str) -> dict[str, dict[str, str]]:
    """Statements that only PostgreSQL reads, by file. Those of `cluster.sql` stand in for none."""
    paths = queries._scripts(f"sql/postgres/{kind}")
    return {path.name.removesuffix(".sql"): queries.parse(path.read_text("utf-8")) for path in paths}


def test_a_list_is_a_table_of_json() -> None:
    assert queries.as_json("SELECT column1 FROM each(:ids, n) AS r") == (
        "SELECT column1 FROM (SELECT value AS column1 FROM json_each(:ids)) AS r"
    )
    assert queries.as_json("SELECT * FROM json_rows(:places, nT) AS p") == (
        "SELECT * FROM (SELECT value ->> 0 AS column1, value ->> 1 AS column2 FROM json_each(:places)) AS p"
    )


def test_every_twin_stands_in_for_a_statement_that_differs() -> None:
    for file, found in twins("read").items():
        for name, sql in found.items():
            assert file == "cluster" or queries.queries()[name] != sql
    for bundle, found in twins("write").items():
        assert all(queries.bundles()[bundle][name] != sql for name, sql in found.items())


def test_both_databases_have_the_same_statements_with_the_same_parameters() -> None:
    extra = set(twins("read")["cluster"])
    theirs = {name: sql for name, sql in queries.queries("postgres").items() if name not in extra}
    assert {name: set(queries.parameters(sql)) for name, sql in theirs.items()} == {
        name: set(queries.parameters(sql)) for name, sql in queries.queries().items()
    }
    for bundle, found in queries.bundles("postgres").items():
        assert {name: sorted(queries.parameters(sql)) for name, sql in found.items()} == {
            name: sorted(queries.parameters(sql)) for name, sql in queries.bundles()[bundle].items()
        }


async def test_both_databases_answer_with_the_same_columns(postgres: PostgresServer, migrated: str) -> None:
    server = await asyncpg.connect(postgres.url(migrated))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        migrate(database, None)
        for name, sql in queries.queries().items():
            values = dict.fromkeys(queries.parameters(sql), 0)
            shown = database.execute(f"SELECT * FROM ({sql}) LIMIT 0", values).description  # noqa: S608
            asked = await server.prepare(question(name).sql)
            assert [each[0] for each in shown] == [each.name for each in asked.get_attributes()], name
    await server.close()


def test_the_word_user_alone_is_quoted() -> None:
    """PostgreSQL reads it as the name of the account."""
    for sql in (*queries.queries("postgres").values(), *_statements("postgres")):
        bare = re.sub(r"'[^']*'|\w+\.user\b|AS user\b|:user\b", "", sql)
        assert not re.search(r'(?<!")\buser\b(?!")', bare), sql


def _statements(dialect: queries.Dialect) -> list[str]:
    return [sql for bundle in queries.bundles(dialect).values() for sql in bundle.values()]


def test_migrations_have_the_same_numbers_for_both_databases() -> None:
    assert [number for number, _ in queries.migrations("postgres")] == [number for number, _ in queries.migrations()]
    assert not any("INTEGER" in script for _, script in queries.migrations("postgres"))
