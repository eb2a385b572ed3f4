from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import PluginError
from kagami.plugins.contain import contained
from kagami.plugins.frames import shown_trace
from kagami.plugins.loader import Package


async def failing(folder: Path, code: str) -> str:
    (folder / "main.py").write_text(code)

    async def load() -> None:
        Package("failing", folder).load("main:plugin")

    with pytest.raises(PluginError) as caught:
        await contained("failing", load())
    return shown_trace(caught.value)


async def test_the_last_line_names_the_error_and_its_place(tmp_path: Path) -> None:
    shown = await failing(tmp_path, "x = 1\n1 / 0\n")
    assert shown.splitlines()[-1] == "ZeroDivisionError: division by zero (main.py, line 2)"


async def test_frames_of_the_host_are_left_out(tmp_path: Path) -> None:
    shown = await failing(tmp_path, "1 / 0\n")
    assert shown.count('File "') == 1


async def test_a_syntax_error_names_its_place_itself(tmp_path: Path) -> None:
    shown = await failing(tmp_path, "def (:\n")
    assert shown.splitlines()[-1] == "SyntaxError: invalid syntax (main.py, line 1)"


def test_an_error_without_a_trace_is_its_text() -> None:
    assert shown_trace(ValueError("x")) == "ValueError: x"
