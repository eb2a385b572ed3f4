from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from kagami.log import Ring
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.logs import Window, Windowed
from kagami.ports import Parts
from kagami.storage.logbook import Logbook

MakeParts = Callable[..., Parts]


def filled(amount: int) -> Ring:
    ring = Ring()
    for each in range(1, amount + 1):
        level = logging.ERROR if each % 2 else logging.INFO
        ring.emit(logging.LogRecord("kagami.hub", level, "x.py", 1, "line %d", (each,), None))
    return ring


async def window(make_parts: MakeParts, request: Window, amount: int = 10) -> Windowed:
    answer: Any = await registry().call(make_parts(logs=Logbook(filled(amount))), CONSOLE, request)
    assert isinstance(answer, Windowed)
    return answer


def numbers(answer: Windowed) -> list[int]:
    return [line.seq for line in answer.lines]


async def test_the_newest_lines_are_shown(make_parts: MakeParts) -> None:
    assert numbers(await window(make_parts, Window(limit=3))) == [8, 9, 10]


async def test_older_lines_are_shown(make_parts: MakeParts) -> None:
    assert numbers(await window(make_parts, Window(before=4, limit=2))) == [2, 3]


async def test_newer_lines_are_shown(make_parts: MakeParts) -> None:
    assert numbers(await window(make_parts, Window(after=4, limit=2))) == [5, 6]


async def test_lines_are_filtered(make_parts: MakeParts) -> None:
    assert numbers(await window(make_parts, Window(level="error", filter="-7"))) == [1, 3, 5, 9]


@pytest.mark.parametrize(("limit", "shown"), [(0, 1), (-5, 1), (9_999, 2_000)])
async def test_the_limit_has_bounds(make_parts: MakeParts, limit: int, shown: int) -> None:
    assert len((await window(make_parts, Window(limit=limit), amount=2_001)).lines) == shown


async def test_what_is_kept_is_counted(make_parts: MakeParts) -> None:
    answer = await window(make_parts, Window(limit=1))
    assert (answer.kept, answer.newest) == (10, 10)
    assert answer.counts == {"debug": 0, "info": 5, "warning": 0, "error": 5}
