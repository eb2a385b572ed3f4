from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import PluginError
from kagami.plugins.frames import brief, shown_trace
from kagami.plugins.loader import Package


def failing(folder: Path, code: str) -> str:
    (folder / "main.py").write_text(code)
    with pytest.raises((ArithmeticError, SyntaxError)) as caught:
        Package("failing", folder).load("main:plugin")
    trace = caught.value.__traceback__
    assert trace is not None
    return shown_trace(caught.value.with_traceback(trace.tb_next))  # without this file


def test_the_last_line_names_the_error_and_its_place(tmp_path: Path) -> None:
    shown = failing(tmp_path, "x = 1\n1 / 0\n")
    assert shown.splitlines()[-1] == "ZeroDivisionError: division by zero (main.py, line 2)"


def test_frames_of_the_host_are_left_out(tmp_path: Path) -> None:
    shown = failing(tmp_path, "1 / 0\n")
    assert shown.count('File "') == 1


def test_a_syntax_error_names_its_place_itself(tmp_path: Path) -> None:
    shown = failing(tmp_path, "def (:\n")
    assert shown.splitlines()[-1] == "SyntaxError: invalid syntax (main.py, line 1)"


def test_an_error_without_a_trace_is_its_text() -> None:
    assert shown_trace(ValueError("x")) == "ValueError: x"


def test_the_brief_form_is_the_last_line(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("x = 1\n1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        Package("failing", tmp_path).load("main:plugin")
    trace = caught.value.__traceback__
    assert trace is not None
    told = PluginError(plugin="failing", reason="it failed")
    told.__cause__ = caught.value.with_traceback(trace.tb_next)
    assert brief(told) == "ZeroDivisionError: division by zero (main.py, line 2)"
