from __future__ import annotations

from pathlib import Path

import pytest

from kagami.operations import registry
from tests.web.examples import LEFT_OUT, engine_at, operations, put

EXAMPLES = 150


@pytest.mark.service
def test_no_request_breaks_the_engine_or_its_description(tmp_path: Path) -> None:
    """A few examples; `python -m tests.web.examples` puts ten thousand."""
    with engine_at(tmp_path / "home") as place:
        outcome = put(place, operations(), EXAMPLES, 1)
    assert outcome.failed == {}
    assert outcome.done >= EXAMPLES


def test_what_is_left_out_is_there_and_has_a_reason() -> None:
    assert set(LEFT_OUT) <= set(registry().by_name)
    assert all(LEFT_OUT.values())
