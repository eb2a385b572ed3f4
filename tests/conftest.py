"""What tests share: how Hypothesis looks for counter-examples, what the garbage collector looks at, a PostgreSQL."""

from __future__ import annotations

import gc
import logging
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from kagami.testing.postgres import PostgresServer

# Machines of any speed, and no folder of examples beside the source; a failure prints what replays it.
settings.register_profile("kagami", deadline=None, database=None, print_blob=True)
settings.load_profile("kagami")


def pytest_collection_finish() -> None:
    """Modules and collected tests stay until the end: a collection need not walk through all of them each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was logged may hold half characters, which a report cannot carry from a worker to the main process."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """What a test sets the log to is not the next one's."""
    ours = logging.getLogger("kagami")
    before = ours.level
    yield
    ours.setLevel(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this process of the suite, begun by the first test that wants one. It starts in 0.6 s."""
    from kagami.testing.postgres import PostgresServer  # noqa: PLC0415 (of all tests, few need it)

    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database on it, removed after the test."""
    url = postgres.create()
    yield url
    postgres.drop(url)
