from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagami import log
from kagami.config import Settings, load
from kagami.engine import open_engine
from kagami.engine.offline import call_offline, open_parts
from kagami.errors import EngineAway, HomeBusy
from kagami.home import Home, hold
from kagami.operations import registry
from kagami.operations.audit import ListAudit
from kagami.operations.bots import ListBots
from kagami.operations.messages import ListChats, ListMessages, Say
from kagami.operations.people import Add, ListPeople
from kagami.operations.registry import Operation

OPERATIONS = registry()


def settings(home: Path) -> Settings:
    return load(Home(home), environ={"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"})


async def test_what_an_engine_left_is_read_without_one(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    async with open_engine(kept, log.Ring()) as engine:
        await engine.call(Say(text="kept"))
    rows: Any = await call_offline(kept, OPERATIONS, ListMessages())
    assert [row.text for row in rows] == ["kept"]


async def test_an_operator_is_made_without_an_engine_and_audited(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    async with open_engine(kept, log.Ring()):
        pass
    await call_offline(kept, OPERATIONS, Add(name="ada", role="viewer", password="a long one for the test"))
    people: Any = await call_offline(kept, OPERATIONS, ListPeople())
    rows: Any = await call_offline(kept, OPERATIONS, ListAudit(operation="people.add"))
    assert ([each.name for each in people], [row.result for row in rows]) == (["ada"], ["ok"])


async def test_a_home_without_a_store_has_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(EngineAway):
        await call_offline(settings(tmp_path), OPERATIONS, ListChats())
    assert not (tmp_path / "kagami.db").exists()


async def test_a_home_that_an_engine_took_meanwhile_is_busy(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    kept.home.database.touch()
    with hold(kept.home), pytest.raises(HomeBusy):
        await call_offline(kept, OPERATIONS, ListChats())


async def test_what_needs_an_engine_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineAway, match=r"kagami\.sock"):
        await call_offline_anyway(settings(tmp_path), ListBots())


async def call_offline_anyway(kept: Settings, request: Any) -> Any:
    async with open_parts(kept, OPERATIONS) as parts:
        return await OPERATIONS.find("bots.list").function(parts, request)


@pytest.mark.parametrize(
    "found", [each for each in OPERATIONS.by_name.values() if each.offline], ids=lambda each: each.name
)
def test_what_changes_something_offline_is_staged(found: Operation) -> None:
    # A backup is a file of its own: nothing that is kept changes with it.
    assert found.scope.endswith(":read") or found.staged or found.topic == "backup"
