"""CQ strings: the text form of a message, `[CQ:type,key=value,key=value]` between plain text.

Escapes: `&` `[` `]` everywhere, `,` also inside a code. A code that does not close or names no type is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from kagami.onebot.wire import Segment

# Valid values hold no raw bracket, so an unfinished code ends at the next one and matching stays linear.
_CODE = re.compile(r"\[CQ:([^,\[\]]+)((?:,[^\[\]]*)?)\]")


def escape(text: str, *, inside: bool = False) -> str:
    """Plain text for a CQ string; `inside` for a parameter value."""
    text = text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    return text.replace(",", "&#44;") if inside else text


def unescape(text: str) -> str:
    """The text that was escaped, in or outside of a code."""
    if "&" not in text:
        return text
    return text.replace("&#44;", ",").replace("&#91;", "[").replace("&#93;", "]").replace("&amp;", "&")


def parse(text: str) -> list[Segment]:
    """The segments of a CQ string; every value is a string."""
    segments: list[Segment] = []
    end = 0
    for code in _CODE.finditer(text):
        _add_text(segments, text[end : code.start()])
        segments.append(Segment(unescape(code[1]), _read_parameters(code[2])))
        end = code.end()
    _add_text(segments, text[end:])
    return segments


def _add_text(segments: list[Segment], text: str) -> None:
    if text:
        segments.append(Segment("text", {"text": unescape(text)}))


def _read_parameters(text: str) -> dict[str, Any]:
    pairs = (each.partition("=") for each in text.split(",")[1:] if each)
    return {unescape(key): unescape(value) for key, _, value in pairs}


def render(segments: Iterable[Segment]) -> str:
    """The CQ string of segments. Numbers and booleans become text, objects JSON, null is left out."""
    return "".join(map(_render_segment, segments))


def _render_segment(segment: Segment) -> str:
    data = segment.data or {}
    if segment.type == "text":
        return escape(_render_value(data.get("text", "")))
    parameters = (
        f",{escape(key, inside=True)}={escape(_render_value(value), inside=True)}"
        for key, value in data.items()
        if value is not None
    )
    return f"[CQ:{escape(segment.type, inside=True)}{''.join(parameters)}]"


def _render_value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
