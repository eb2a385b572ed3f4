"""Named queries: blocks of `.sql` files that begin with `-- name: <name>`.

`sql/read` holds questions. A file of `sql/write` is a bundle: its statements run together, in the order in which they
stand there, as one transaction. A parameter is written `:name`; one that holds a list of rows is read with
`json_each(:name)`, or with `rows(:name, width)` where many rows come often (see `kagami.storage.steps`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

PARAMETER = re.compile(r"(?<!:):([a-z][a-z_]*)")
_NAME = "-- name:"


def parse(script: str) -> dict[str, str]:
    """Statement by name, in order, without comments and the final semicolon."""
    found: dict[str, str] = {}
    for block in script.split(_NAME)[1:]:
        head, _, rest = block.partition("\n")
        lines = (line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith("--"))
        found[head.strip()] = "\n".join(lines).rstrip("; \n")
    return found


@cache
def bundles() -> dict[str, dict[str, str]]:
    """The statements of every bundle, by the name of its file."""
    return {path.name.removesuffix(".sql"): parse(path.read_text("utf-8")) for path in _scripts("sql/write")}


@cache
def queries() -> dict[str, str]:
    """Every question by its name."""
    return {name: sql for path in _scripts("sql/read") for name, sql in parse(path.read_text("utf-8")).items()}


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """Number and script of every migration, in order."""
    return tuple((int(path.name[:4]), path.read_text("utf-8")) for path in _scripts("migrations"))


def parameters(sql: str) -> list[str]:
    """The names of a statement's parameters, each once."""
    return list(dict.fromkeys(PARAMETER.findall(sql)))


def _scripts(folder: str) -> list[Traversable]:
    here = files("kagami.storage") / folder
    return sorted((path for path in here.iterdir() if path.name.endswith(".sql")), key=lambda path: path.name)
