from __future__ import annotations

from typing import Any

import pytest

from deploy.audited import troubles

LOCK = "aiohttp==3.14.5 \\\n    --hash=sha256:00\ncolorama==0.4.6 ; sys_platform == 'win32' \\\nUvloop_x==1.0\n"
GOOD = [{"name": "aiohttp", "version": "3.14.5", "vulns": []}, {"name": "uvloop-x", "version": "1.0", "vulns": []}]


def judged(*dependencies: dict[str, Any]) -> list[str]:
    return troubles({"dependencies": list(dependencies)}, LOCK)


def test_all_looked_up_and_nothing_found_is_good() -> None:
    assert judged(*GOOD) == []


def test_a_scan_of_nothing_is_a_failure() -> None:
    assert judged() == ["nothing was looked up at all"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": "uvloop-x", "skip_reason": "not on the index"}, "uvloop-x: it was skipped: not on the index"),
        ({"name": "else", "version": "1", "vulns": []}, "uvloop-x: it was not looked up"),
        ({"name": "uvloop-x", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]}, "uvloop-x 1.0: PYSEC-1"),
    ],
)
def test_what_speaks_against_it_is_named(other: dict[str, Any], said: str) -> None:
    assert judged(GOOD[0], other) == [said]
