"""Card messages: what of them is text and media like any other, and cards that hold a mixed message of ours.

Source: https://developer.kookapp.cn/doc/cardmessage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from kagami.adapters.kook import kmarkdown
from kagami.adapters.kook.wire import decode
from kagami.errors import WireError
from kagami.model.segment import AnySegment, File, Image, Native, Text, Video, Voice

MOST_CARDS = 5
MOST_MODULES = 50
MOST_IMAGES = 9
LONGEST_SECTION = 5000

Module = dict[str, Any]
Card = dict[str, Any]

_FILES: dict[str, Callable[[str, str, dict[str, Any]], AnySegment]] = {"file": File, "audio": Voice, "video": Video}


def read(content: Any) -> list[AnySegment]:
    """The parts of a card message: KOOK's own clients write files, and pictures with text, as such. Cards with more in
    them stay what they are.
    """
    cards = _decode(content)
    if cards is None:
        return [Native("card", {"content": content})]
    parts: list[AnySegment] = []
    for card in cards:
        for module in _list(card, "modules"):
            read_parts = _read_module(module)
            if read_parts is None:
                return [Native("card", {"content": cards})]
            parts += read_parts
    return parts or [Native("card", {"content": cards})]


def _decode(content: Any) -> list[Card] | None:
    if isinstance(content, str):
        try:
            content = decode(content.encode(), list[dict[str, Any]])
        except WireError:
            return None
    sound = isinstance(content, list) and all(isinstance(card, dict) for card in content)
    return content if sound else None


def _list(holder: Any, key: str) -> list[Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def _read_module(module: Any) -> list[AnySegment] | None:
    """None for what has no words of its own."""
    match module.get("type") if isinstance(module, dict) else None:
        case "divider":
            return []
        case "section" | "header" if not module.get("accessory"):
            return _read_words(module.get("text"))
        case "container" | "image-group":
            return [Image(url, url) for url in map(_source, _list(module, "elements")) if url]
        case "file" | "audio" | "video" as kind if url := _source(module):
            title = module.get("title")
            return [_FILES[kind](url, url, {"name": title} if isinstance(title, str) and title else {})]
    return None


def _read_words(words: Any) -> list[AnySegment] | None:
    if isinstance(words, str):
        return [Text(words)] if words else []
    content = words.get("content") if isinstance(words, dict) else None
    if not isinstance(content, str):
        return None
    match words.get("type"):
        case "kmarkdown":
            return kmarkdown.read(content)
        case "plain-text":
            return [Text(content)] if content else []
    return None


def _source(element: Any) -> str:
    source = element.get("src") if isinstance(element, dict) else None
    return source if isinstance(source, str) else ""


# --- of our own ------------------------------------------------------------------------------------------------------


def section(text: str) -> Module:
    return {"type": "section", "text": {"type": "kmarkdown", "content": text}}


def pictures(urls: Iterable[str]) -> Module:
    return {"type": "container", "elements": [{"type": "image", "src": url} for url in urls]}


def attached(kind: str, url: str, title: str) -> Module:
    """`kind` is `file`, `audio` or `video`."""
    return {"type": kind, "src": url, "title": title}


def plain(modules: list[Module]) -> Card:
    """Without a frame."""
    return {"type": "card", "theme": "invisible", "modules": modules}


def given(fields: dict[str, Any]) -> list[Card]:
    """The cards of a `Native("card")`: its `content` is a card, a list of cards or their JSON."""
    content = fields.get("content", fields)
    return _decode([content] if isinstance(content, dict) else content) or []


def pack(cards: Iterable[Card]) -> list[str]:
    """The contents of as few messages as the platform's limits allow."""
    messages: list[list[Card]] = []
    modules = 0
    for card in cards:
        size = len(_list(card, "modules"))
        if not messages or len(messages[-1]) == MOST_CARDS or modules + size > MOST_MODULES:
            messages.append([])
            modules = 0
        messages[-1].append(card)
        modules += size
    return [msgspec.json.encode(message).decode() for message in messages]
