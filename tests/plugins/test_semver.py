from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.semver import Version

# https://semver.org/#spec-item-11
ORDER = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]


@given(st.permutations(ORDER))
def test_versions_are_ordered_as_the_standard_says(shuffled: list[str]) -> None:
    assert [str(each) for each in sorted(map(Version, shuffled))] == ORDER


def test_build_metadata_plays_no_part() -> None:
    assert Version("1.0.0+a") == Version("1.0.0+b")
    assert len({Version("1.0.0+a"), Version("1.0.0+b")}) == 1


def test_a_version_is_no_text() -> None:
    assert Version("1.0.0") != "1.0.0"


@pytest.mark.parametrize("text", ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0 ", "1.0.0.0"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        Version(text)
