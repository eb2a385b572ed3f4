from __future__ import annotations

import re

import pytest

from kagami.core.partition import EACH, SLOTS
from kagami.storage.postgres_sql import HIGHEST, SCALAR, Slot, clamped, function, prepared, question
from kagami.storage.queries import bundles, migrations

# The migration that makes the index.
SLOTTED = 7


def test_slots_are_those_of_numbers() -> None:
    """An index is made of them, so that they stand in the text."""
    names = ("events_behind", "events_passed_behind", "event_heads", "keys_of_others")
    made = dict(migrations("postgres"))[SLOTTED]
    texts = [question(name).sql for name in names] + [made]
    found = [each for text in texts for each in re.findall(r"id / (\d+) % (\d+)", text)]
    assert len(found) >= len(texts)
    assert set(found) == {(str(EACH), str(SLOTS))}
    assert f"generate_series(0, {SLOTS - 1})" in question("event_heads").sql


def test_parameters_are_numbered_once_in_their_order() -> None:
    found = prepared("SELECT a FROM t WHERE a = :one AND b = :two OR :one = ''")
    assert found.sql == "SELECT a FROM t WHERE a = $1 AND b = $2 OR $1 = ''"
    assert found.values({"two": 2, "one": "x"}) == ["x", 2]


def test_a_list_of_rows_travels_as_columns() -> None:
    found = prepared("SELECT * FROM rows(:things, nt) AS r WHERE column1 > :after")
    assert found.sql == "SELECT * FROM unnest($1::bigint[], $2::text[]) AS r (column1, column2) WHERE column1 > $3"
    assert found.values({"things": [(1, "a"), (2, None)], "after": 0}) == [(1, 2), ("a", None), 0]


def test_a_list_of_values_travels_as_it_is() -> None:
    found = prepared("SELECT column1 FROM each(:ids, n) AS r")
    assert found.values({"ids": [1, 2]}) == [[1, 2]]


@pytest.mark.parametrize(("given", "values"), [({}, [None, None]), ({"things": []}, [(), ()])])
def test_nothing_given_is_null_and_an_empty_list_is_empty(given: dict[str, list[int]], values: list[object]) -> None:
    assert prepared("SELECT * FROM rows(:things, nt) AS r").values(given) == values


def test_of_rows_with_the_same_key_the_last_counts() -> None:
    found = prepared("SELECT * FROM rows(:things, nTt) AS r")
    assert found.values({"things": [(1, "a", "x"), (2, "b", "x"), (3, "a", "y")]}) == [(3, 2), ("a", "b"), ("y", "x")]


def test_what_no_database_stores_becomes_a_mark() -> None:
    found = prepared("SELECT * FROM rows(:things, t) AS r WHERE column1 = :one")
    assert found.values({"one": "a\x00", "things": [("\ud800",)]}) == [("\ufffd",), "a\ufffd"]


def test_numbers_beyond_64_bits_become_the_highest() -> None:
    assert prepared("SELECT :one").values({"one": 1 << 70}) == [HIGHEST]
    assert clamped([(1, -(1 << 70), None), "a", True]) == [[1, -HIGHEST, None], "a", True]


def test_a_bundle_is_one_function_and_skips_statements_without_rows() -> None:
    made = function("prune")
    assert made.slots[:2] == (Slot("grams", 0, "nt"), Slot("grams", 1, "nt"))
    script = made.definition({"highest": "bigint"})
    assert "pg_temp.run_prune(boolean, text[], bigint[], bigint[], text[]," in script
    assert "IF cardinality($4) > 0 THEN DELETE FROM grams" in script
    assert "\nUPDATE marks SET value = value WHERE name = 'digested'; GET DIAGNOSTICS" in script


@pytest.mark.parametrize("bundle", sorted(bundles("postgres")))
def test_a_function_has_no_more_arguments_than_the_server_takes(bundle: str) -> None:
    made = function(bundle)
    assert 3 + len(made.slots) <= 100
    assert {slot.source for slot in made.slots if slot.column == SCALAR} == set(made.scalars)
