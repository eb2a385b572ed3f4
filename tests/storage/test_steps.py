from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from kagami.storage.batch import LISTS
from kagami.storage.queries import bundles
from kagami.storage.steps import HIGHEST, MOST_ROWS, Step, rounded, statement, steps, take

ADD = Step("things", 2, "INSERT INTO things (id, name) SELECT * FROM rows(:things, nt) AS r WHERE column1 IS NOT NULL")
DROP = Step("gone", 1, "DELETE FROM things WHERE id IN (SELECT column1 FROM rows(:gone, n) AS r)")
BROKEN = Step("broken", 1, "INSERT INTO nowhere SELECT * FROM rows(:broken, n) AS r")


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)")
    yield connection
    connection.close()


def things(database: sqlite3.Connection) -> list[Any]:
    return database.execute("SELECT id, name FROM things ORDER BY id").fetchall()


@pytest.mark.parametrize("amount", [1, 2, 3, 5, 100, MOST_ROWS, 2 * MOST_ROWS + 1])
def test_rows_that_only_fill_up_change_nothing(database: sqlite3.Connection, amount: int) -> None:
    rows = [(number, str(number)) for number in range(amount)]
    take(database, [ADD, DROP], {"things": rows})
    assert things(database) == rows


def test_steps_run_in_their_order(database: sqlite3.Connection) -> None:
    take(database, [ADD, DROP], {"gone": [(2,)], "things": [(1, "a"), (2, "b"), (3, None)]})
    assert things(database) == [(1, "a"), (3, None)]


def test_a_failed_step_undoes_those_before(database: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        take(database, [ADD, BROKEN], {"things": [(1, "a")], "broken": [(1,)]})
    assert (things(database), database.in_transaction) == ([], False)


def test_a_step_without_rows_is_left_out(database: sqlite3.Connection) -> None:
    take(database, [ADD, BROKEN], {"things": [(1, "a")], "broken": []})
    assert things(database) == [(1, "a")]


def test_what_no_database_stores_becomes_a_mark(database: sqlite3.Connection) -> None:
    take(database, [ADD], {"things": [(1, "a\x00b"), (2, "c\ud800"), (3, "\\u0000")]})
    assert [name for _, name in things(database)] == ["a\ufffdb", "c\ufffd", "\\u0000"]


def test_numbers_beyond_64_bits_become_the_highest(database: sqlite3.Connection) -> None:
    take(database, [ADD], {"things": [(1 << 70, "a")]})
    assert things(database) == [(HIGHEST, "a")]


def test_few_statements_serve_all_numbers_of_rows() -> None:
    sizes = {rounded(number) for number in range(1, MOST_ROWS + 1)}
    assert len(sizes) < 20
    assert max(sizes) == MOST_ROWS
    assert all(number <= rounded(number) <= max(number + 1, number * 3 // 2) for number in range(1, MOST_ROWS + 1))


def test_a_statement_has_a_place_for_every_value() -> None:
    assert statement(DROP, 3) == "DELETE FROM things WHERE id IN (SELECT column1 FROM (VALUES (?), (?), (?)) AS r)"


def test_the_batch_is_all_steps_and_other_bundles_none() -> None:
    assert {name for name in bundles() if steps(name)} == {"batch"}
    assert len(steps("batch")) == len(bundles()["batch"])
    assert {step.source for step in steps("batch")} == {*LISTS, "barrier"}
