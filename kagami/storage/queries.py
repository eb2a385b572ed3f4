"""Named queries: blocks of `.sql` files that begin with `-- name: <name>`.

`sql/read` holds questions. A file of `sql/write` is a bundle: its statements run together, in the order in which they
stand there, as one transaction. One text serves both databases; where it cannot, the statement of the same name in
`sql/postgres` stands in for it there. A parameter is written `:name`. One that holds a list becomes a table:

- `each(:ids, n) AS r`: of numbers (`n`) or texts (`t`), with the column `column1`,
- `json_rows(:places, ntt) AS r`: of rows, with `column1` to `column3`,
- `rows(:events, nTt) AS r`: the same where many rows come often (see `kagami.storage.steps`).

What several statements of a file share is a block `-- part: <name>` above them; `-- insert: <name>` is where it stands.

Columns with capital letters are the key that a statement is about: of rows with the same key the last one counts.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

Dialect = Literal["sqlite", "postgres"]

PARAMETER = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
TABLE = re.compile(r"\b(each|json_rows|rows)\(:([a-z][a-z0-9_]*), ([ntNT]+)\) AS ([a-z]+)")
# What a script is called that only PostgreSQL reads, in place of the one of that number.
TWIN = ".postgres.sql"
_BLOCK = re.compile(r"^-- (name|part): (\w+)\n", re.MULTILINE)
_INSERT = re.compile(r"^-- insert: (\w+)$", re.MULTILINE)
_WORD = re.compile(r"\bINTEGER\b")


class Table(NamedTuple):
    """A list that a statement reads as a table: its parameter, the types of its columns, its name in the statement."""

    kind: str
    source: str
    types: str
    alias: str


def parse(script: str) -> dict[str, str]:
    """Statement by name, in order, without comments and the final semicolon."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    _, *blocks = _BLOCK.split(script)
    for kind, name, text in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        whole = _INSERT.sub(lambda place: parts[place[1]], text)
        lines = (line for line in whole.splitlines() if line.strip() and not line.lstrip().startswith("--"))
        (parts if kind == "part" else found)[name] = "\n".join(lines).rstrip("; \n")
    return found


@cache
def bundles(dialect: Dialect = "sqlite") -> dict[str, dict[str, str]]:
    """The statements of every bundle, by the name of its file. Those for PostgreSQL still name their tables."""
    found = {_stem(path): parse(path.read_text("utf-8")) for path in _scripts("sql/write")}
    if dialect == "postgres":
        for path in _scripts("sql/postgres/write"):
            found[_stem(path)].update(parse(path.read_text("utf-8")))
        return found
    return {bundle: {name: as_json(sql) for name, sql in sqls.items()} for bundle, sqls in found.items()}


@cache
def queries(dialect: Dialect = "sqlite") -> dict[str, str]:
    """Every question by its name. Those for PostgreSQL still name their tables."""
    found = {name: sql for path in _scripts("sql/read") for name, sql in parse(path.read_text("utf-8")).items()}
    if dialect == "postgres":
        for path in _scripts("sql/postgres/read"):
            found.update(parse(path.read_text("utf-8")))
        return found
    return {name: as_json(sql) for name, sql in found.items()}


@cache
def migrations(dialect: Dialect = "sqlite") -> tuple[tuple[int, str], ...]:
    """Number and script of every migration, in order."""
    paths = {path.name: path for path in _scripts("migrations")}
    found = []
    for name, path in paths.items():
        if name.endswith(TWIN):
            continue
        twin = paths.get(f"{_stem(path)}{TWIN}") if dialect == "postgres" else None
        script = (twin or path).read_text("utf-8")
        # What SQLite calls so has 64 bits.
        found.append((int(name[:4]), _WORD.sub("BIGINT", script) if dialect == "postgres" else script))
    return tuple(found)


def parameters(sql: str) -> list[str]:
    """The names of a statement's parameters, each once."""
    return list(dict.fromkeys(PARAMETER.findall(sql)))


def tables(sql: str) -> list[Table]:
    """The lists that a statement reads as tables, in order."""
    return [Table(*found) for found in TABLE.findall(sql)]


def as_json(sql: str) -> str:
    """The statement for SQLite, with lists as JSON texts. `rows` stay: they become bound values."""
    return TABLE.sub(_json_table, sql)


def _json_table(found: re.Match[str]) -> str:
    table = Table(*found.groups())
    match table.kind:
        case "each":
            return f"(SELECT value AS column1 FROM json_each(:{table.source})) AS {table.alias}"  # noqa: S608 - our own
        case "json_rows":
            columns = ", ".join(f"value ->> {number} AS column{number + 1}" for number in range(len(table.types)))
            return f"(SELECT {columns} FROM json_each(:{table.source})) AS {table.alias}"  # noqa: S608 - our own
        case _:
            return found[0]


def _stem(path: Path) -> str:
    return path.name.removesuffix(".sql")


def _scripts(folder: str) -> list[Path]:
    return sorted((Path(__file__).parent / folder).glob("*.sql"), key=lambda path: path.name)
