from __future__ import annotations

from pathlib import Path

from kagami.operations.cluster import ListNodes
from tests.engine.running import engine, visiting


async def test_an_engine_alone_is_a_process_that_has_everything(tmp_path: Path) -> None:
    async with engine(tmp_path) as alone, visiting(alone):
        (row,) = await alone.call(ListNodes())
        # The sandbox is no account.
        assert (row.role, row.state, row.partitions, row.accounts, row.duty) == ("all", "serving", 1, 1, True)
        assert not row.trouble
        assert row.redis is None


async def test_it_says_when_its_database_cannot_be_written(tmp_path: Path) -> None:
    async with engine(tmp_path) as alone:
        alone.parts.meters.gauge["ledger_healthy"] = 0.0
        (row,) = await alone.call(ListNodes())
        assert row.trouble == "it cannot be written"
