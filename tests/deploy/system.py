"""Programs of the system that these tests need."""

from __future__ import annotations

import shutil
import subprocess


def found(program: str) -> str:
    """Where a program of the system is."""
    place = shutil.which(program)
    assert place, f"these tests need {program}"
    return place


def run(program: str, *words: str, given: str = "", check: bool = True) -> str:
    """What it said on its output."""
    done = subprocess.run([found(program), *words], input=given, capture_output=True, text=True, check=check)
    return done.stdout
