from __future__ import annotations

from typing import Any

import pytest

from kagami.centre.tables import given, gives_away, nested
from kagami.core.secrets import Secret
from kagami.gateway.table import WorkerTable

KEPT = WorkerTable(name="w", url="ws://one:1/path", token=Secret("kept"))


def test_only_what_says_something_is_written() -> None:
    assert given({"name": "", "url": None, "enabled": False, "weight": 0}) == {"enabled": False, "weight": 0}


def test_dotted_names_become_tables_and_texts_their_types() -> None:
    keys = {"url": "ws://127.0.0.1:1", "pace.chat_per_second": "2", "pace.account_per_second": "3"}
    pace = {"chat_per_second": 2.0, "account_per_second": 3.0}
    assert nested("bots.0", keys, str) == {"url": "ws://127.0.0.1:1", "pace": pace}


@pytest.mark.parametrize(
    ("keys", "would"),
    [
        ({"url": "ws://two:1"}, True),
        ({"url": "ws://one:2"}, True),
        ({"url": "ws://[odd"}, True),
        ({"url": "ws://two:1", "token": "new"}, False),
        ({"url": "wss://user:word@one:1/other"}, False),
        ({"url": None}, False),
        ({"pool": "p"}, False),
    ],
)
def test_a_kept_secret_is_given_to_no_other_host(keys: dict[str, Any], would: bool) -> None:
    assert gives_away(KEPT, keys) is would


def test_without_a_secret_there_is_none_to_give_away() -> None:
    assert not gives_away(WorkerTable(name="w", url="ws://one:1"), {"url": "ws://two:1"})
