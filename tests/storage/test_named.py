from __future__ import annotations

import sqlite3
from contextlib import closing

from kagami.storage.named import count, delete_all, has_rows, insert, quoted, select

ODD = 'a"; DROP TABLE b; --'


def test_a_name_is_never_more_than_a_name() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE {quoted(ODD)} ({quoted(ODD)} TEXT)")
        database.execute("CREATE TABLE b (c)")
        database.execute(insert(ODD, [ODD]), ("x",))
        assert database.execute(count(ODD)).fetchone() == (1,)
        assert database.execute(has_rows(ODD)).fetchone() == (1,)
        assert database.execute(select(ODD, [ODD])).fetchall() == [("x",)]
        database.execute(delete_all(ODD))
        assert database.execute(has_rows(ODD)).fetchone() == (0,)
        assert database.execute(count("b")).fetchone() == (0,)
