from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kagami.plugins.loader import Package
from kagami.testing.stalls import Stalls

CODE = """\
import asyncio, time
async def value(seconds):
    time.sleep(seconds)
    while seconds < 0:
        await asyncio.sleep(0)
"""


@contextmanager
def loaded(folder: Path) -> Iterator[Package]:
    (folder / "main.py").write_text(CODE)
    package = Package("slow", folder)
    try:
        yield package
    finally:
        package.unload(verify=False)


async def test_a_plugin_that_holds_up_the_loop_is_named_with_its_place(tmp_path: Path) -> None:
    with loaded(tmp_path) as package, Stalls() as stalls:
        await package.load("main:value")(0.2)
        with pytest.raises(AssertionError, match=rf"stood still for 0\.\d\d s at {tmp_path}/main\.py:3"):
            stalls.assert_none(0.1)
        stalls.assert_none(30.0)


async def test_a_stall_that_is_over_is_remembered(tmp_path: Path) -> None:
    with loaded(tmp_path) as package, Stalls() as stalls:
        await package.load("main:value")(0.15)
        await asyncio.sleep(0.05)
        with pytest.raises(AssertionError, match="stood still"):
            stalls.assert_none(0.1)


async def test_what_no_plugin_does_is_not_seen() -> None:
    with Stalls() as stalls:
        time.sleep(0.15)  # noqa: ASYNC251 - what is tested
        stalls.assert_none(0.01)
