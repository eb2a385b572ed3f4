from __future__ import annotations

from kagami.ports import OperatorRow
from tests.ports.crossing import crossed


def test_who_is_here_crosses_the_socket() -> None:
    row = OperatorRow("person", "ann", "browser", 5, "192.0.2.1", "login-1", 12)
    assert crossed(row) == row
