from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.entries import flaw, refused


@pytest.mark.parametrize(
    "name", ["main.py", "a/b/c.txt", "说明：必读.txt", "console.py", "com10", "nul-able/x", "a b.txt"]
)
def test_an_ordinary_name_has_no_flaw(name: str) -> None:
    assert flaw(name) == ""


@pytest.mark.parametrize("name", ["CON", "con.tar.gz", "aux .txt", "a/PRN/b", "lpt1.txt", "CONIN$", "ｎｕｌ"])
def test_a_device_of_windows_is_no_name(name: str) -> None:
    assert "device" in flaw(name)


@given(st.text(max_size=30))
def test_a_name_without_flaw_stays_in_its_folder(name: str) -> None:
    if not flaw(name):
        assert not {"", ".", ".."} & set(name.replace("\\", "/").split("/"))
        assert name.isprintable()


def test_a_name_is_shown_harmlessly() -> None:
    assert str(refused("a.kpk", "no", "\x1b[2J" + "x" * 200)).isprintable()
