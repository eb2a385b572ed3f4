"""What every test shares: how Hypothesis looks for counter-examples, and what the garbage collector looks at."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest
from hypothesis import settings

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
