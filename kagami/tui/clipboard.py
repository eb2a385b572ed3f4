"""Copying through the terminal: OSC 52, wrapped for tmux and screen, or a file when the text is too long."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

# Terminals drop longer sequences silently: 100,000 bytes in base64 is the smallest limit in use.
MOST_BYTES = 74_000


def osc52(text: str, environ: Mapping[str, str], *, most: int = MOST_BYTES) -> str:
    """The escape sequence that sets the clipboard; empty when `text` has more than `most` bytes."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > most:
        return ""
    sequence = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    if environ.get("TERM", "").startswith("screen") and not environ.get("TMUX"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence


def to_file(text: str, folder: Path) -> Path:
    """Write `text` where only this user can read it; `OSError` when that fails."""
    return keep(text.encode("utf-8", "backslashreplace"), folder / "copied.txt")


def keep(content: bytes, path: Path) -> Path:
    """A new file at a path that only this user can read, in place of what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
