"""Tracebacks of plugins, as their authors want to see them."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Sequence
from pathlib import Path

from kagami.plugins.contain import describe

# Frames of the import system and of the host say nothing to an author.
_HOST = ("activate", "contain", "inprocess", "loader", "probe", "process/guest", "process/guest_version")
_HIDDEN = (
    "<frozen",
    str(Path(importlib.__file__).parent),
    *(str(Path(__file__).parent / f"{name}.py") for name in _HOST),
)


def shown_trace(error: BaseException) -> str:
    """The traceback of what a plugin raised, without the frames of the import system and of the host.

    Its last line says by itself what went wrong and where: in a chat nothing else is shown.
    """
    cause = error.__cause__ or error
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if not frame.filename.startswith(_HIDDEN)]
    lines = traceback.format_list(frames)
    if isinstance(cause, SyntaxError):  # its own text names the place
        lines += [*traceback.format_exception_only(cause)[:-1], describe(cause)]
    else:
        lines.append(describe(cause) + _place(frames))
    return "".join(lines).strip()


def brief(error: BaseException) -> str:
    """What a plugin raised, in one line: its class, its text, and where in the plugin's files that was."""
    cause = error.__cause__ or error
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if not frame.filename.startswith(_HIDDEN)]
    return describe(cause).partition("\n")[0] + (_place(frames) if cause is not error else "")


def _place(frames: Sequence[traceback.FrameSummary]) -> str:
    """Where in the plugin's own files, which the first frame is in, it went wrong."""
    own = [each for each in frames if Path(each.filename).is_relative_to(Path(frames[0].filename).parent)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
