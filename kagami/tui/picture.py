"""Pictures of the screen, in which wide characters have the room that they take."""

from __future__ import annotations

import re
from html import unescape

from rich.cells import cell_len

_TEXT = re.compile(r'textLength="([0-9.]+)"([^<>]*)>([^<>]+)<')


def widened(svg: str) -> str:
    """Rich writes texts as wide as they have characters; a wide one takes two cells."""

    def room(found: re.Match[str]) -> str:
        length, others, text = found.groups()
        plain = unescape(text)
        return f'textLength="{float(length) * cell_len(plain) / len(plain):.1f}"{others}>{text}<'

    return _TEXT.sub(room, svg)
