"""The terminal before the console takes it: whether it will do, and how wide it draws."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping

from kagami.i18n import choose, mark, translator

PROBE_S = 0.15
# What Python puts in place of the locale C where that exists.
COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
_ANSWER = re.compile(rb"\x1b\[(\d+);(\d+)R")
# Mouse and focus reports, marks around what is pasted, frames, sizes, keyboard protocol, second screen, wrapping.
RESET = "".join(f"\x1b[?{mode}l" for mode in (1000, 1002, 1003, 1004, 1006, 1015, 2004, 2026, 2048))
RESET += "\x1b[<u\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[0m"
_HINT = mark("This terminal (TERM={term}) cannot show the console. Use `kagami run` for the engine and its log.")
_NO_TTY = mark("The console needs a terminal. Use `kagami run` for the engine and its log.")


def terminal_refusal(environ: Mapping[str, str], *, interactive: bool = True) -> str | None:
    """Why the console cannot run here, as a plain sentence; None when it can. The exit code is then 2."""
    t = translator(choose(None, environ))
    if not interactive:
        return t(_NO_TTY)
    if environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return t(_HINT).format(term=environ.get("TERM", ""))
    return None


def reset_terminal() -> None:
    """Back to what a shell expects: no mouse, no pasting marks, the first screen, a cursor, lines and echo."""
    stream = sys.__stdout__
    if stream is None:
        return
    stream.write(RESET)
    stream.flush()
    if sys.platform == "win32" or sys.__stdin__ is None or not sys.__stdin__.isatty():
        return
    import termios  # noqa: PLC0415 (absent on Windows)

    descriptor = sys.__stdin__.fileno()
    modes = termios.tcgetattr(descriptor)
    modes[0] |= termios.ICRNL | termios.IXON
    modes[1] |= termios.OPOST | termios.ONLCR
    modes[3] |= termios.ECHO | termios.ECHOE | termios.ICANON | termios.ISIG | termios.IEXTEN
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)


def wide_blocks(stdin: int, stdout: int, limit_s: float = PROBE_S) -> bool:
    """Whether the terminal draws `▀` two cells wide: print it, ask where the cursor is, take both back.

    A terminal that does not answer in `limit_s` seconds draws it in one, as nearly all do. What a person typed
    meanwhile is lost; it is less than a blink.
    """
    import termios  # noqa: PLC0415 (absent on Windows)
    import tty  # noqa: PLC0415

    try:
        before = termios.tcgetattr(stdin)
    except termios.error:
        return False
    try:
        tty.setcbreak(stdin, termios.TCSANOW)
        os.write(stdout, "\r▀\x1b[6n".encode())
        column = _column(stdin, limit_s)
        os.write(stdout, b"\r\x1b[K")
    except OSError:
        return False
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, before)
    return column == 3  # noqa: PLR2004 (columns count from 1)


def _column(stdin: int, limit_s: float) -> int:
    seen, end = b"", time.monotonic() + limit_s
    while (left := end - time.monotonic()) > 0:
        if not select.select([stdin], [], [], left)[0]:
            break
        piece = os.read(stdin, 64)
        if not piece:
            break
        seen += piece
        if found := _ANSWER.search(seen):
            return int(found[2])
    return 0


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether somebody chose the locale C, in which a terminal is told ASCII; Python writes UTF-8 all the same.

    In that locale Python sets `LC_CTYPE` to one of its own (PEP 538), which is nobody's choice.
    """
    kept = {name: environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    if kept["LC_CTYPE"] in COERCED:
        kept["LC_CTYPE"] = ""
    return next(filter(None, kept.values()), "") in {"C", "POSIX"}


def probe(environ: Mapping[str, str]) -> tuple[str, bool]:
    """The encoding of standard output, and whether blocks are wide; `KAGAMI_WIDE` (0 or 1) answers for the terminal."""
    stream = sys.__stdout__
    encoding = "ascii" if is_plain(environ) else (stream.encoding if stream else "") or "ascii"
    if environ.get("KAGAMI_WIDE"):
        return encoding, environ["KAGAMI_WIDE"] == "1"
    if sys.platform == "win32" or stream is None or not stream.isatty() or "utf" not in encoding.lower():
        return encoding, False
    if sys.__stdin__ is None or not sys.__stdin__.isatty():
        return encoding, False
    return encoding, wide_blocks(sys.__stdin__.fileno(), stream.fileno())
