from __future__ import annotations

import msgspec
import pytest

from kagami.operations.audit import ListAudit
from kagami.operations.guard import ListGuard
from kagami.operations.logs import Export, Histogram, Window
from kagami.operations.messages import ListChats, Search
from kagami.operations.registry import Request
from kagami.operations.settings import ListSettings
from kagami.operations.traces import ListTraces

SEARCHES: tuple[tuple[type[Request], str], ...] = (
    (Window, "filter"),
    (Histogram, "filter"),
    (Export, "filter"),
    (ListChats, "contains"),
    (Search, "text"),
    (ListGuard, "contains"),
    (ListAudit, "text"),
    (ListSettings, "text"),
    (ListTraces, "text"),
)


@pytest.mark.parametrize(("request_", "name"), SEARCHES)
def test_nobody_looks_for_a_whole_book(request_: type[Request], name: str) -> None:
    """Each word is tried on each row: with a body of words the loop stood still for half a minute."""
    needed = {"since_ms": 0} if request_ is Histogram else {}
    msgspec.convert({name: "a " * 500, **needed}, request_)
    with pytest.raises(msgspec.ValidationError, match="length <= 1000"):
        msgspec.convert({name: "a " * 501, **needed}, request_)
