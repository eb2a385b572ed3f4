"""What the Bot API demands of a call: the part of the fake server that says no."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

LONGEST_TEXT, LONGEST_CAPTION, LONGEST_CALLBACK = 4096, 1024, 64
_ALBUM = range(2, 11)
_TAGS = frozenset(
    "b strong i em u ins s strike del span tg-spoiler a tg-emoji code pre blockquote".split()  # noqa: SIM905 - a list of words
)
MEDIA = ("photo", "animation", "video", "voice", "audio", "document", "sticker")
_ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})
_JSON = re.compile(r"\s*[\[{]")


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, description: str, code: int, **parameters: Any) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: its parameters, JSON in forms read, and the files that came with it by field."""

    method: str
    params: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    @staticmethod
    async def read(request: web.Request) -> Call:
        """By query, form, JSON or multipart, as the server takes it."""
        params: dict[str, Any] = dict(request.query)
        files: dict[str, bytes] = {}
        if request.content_type == "application/json":
            params |= await request.json()
        else:
            for name, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    files[name] = value.file.read()
                else:
                    params[name] = value if isinstance(value, str) else value.decode()
        # A file of its own name is that parameter.
        params = {name: f"attach://{name}" for name in files if name in MEDIA} | params
        return Call(request.match_info["method"], {name: _value(each) for name, each in params.items()}, files)


def _value(given: Any) -> Any:
    """Nested values are JSON where the rest is text."""
    if isinstance(given, str) and _JSON.match(given):
        try:
            return json.loads(given)
        except ValueError:
            return given
    return given


def check_send(call: Call, known: Collection[tuple[int, int]], chat: int) -> list[dict[str, Any]]:
    """The messages that a call makes; `Refusal` as the server does it."""
    parts = [part | _text_of(part) for part in _parts(call)]
    for part in parts:
        _check_buttons(part.get("reply_markup"))
        for key in MEDIA:
            if key in part:
                _check_file(call, part[key])
        quoted = part.get("reply_parameters", {})
        there = (chat, quoted.get("message_id")) in known
        if quoted and not there and not quoted.get("allow_sending_without_reply"):
            raise Refusal("Bad Request: message to be replied not found", 400)
    return parts


def _parts(call: Call) -> list[dict[str, Any]]:
    if call.method.lower() != "sendmediagroup":
        return [call.params]
    items = call.params.get("media")
    if not isinstance(items, list) or len(items) not in _ALBUM:
        raise Refusal("Bad Request: wrong number of messages in an album: it must include 2-10 items", 400)
    kinds = {each["type"] for each in items}
    if not any(kinds <= album for album in _ALBUMS):
        raise Refusal("Bad Request: can't be mixed in an album", 400)
    if "reply_markup" in call.params:
        raise Refusal("Bad Request: reply_markup is not for albums", 400)
    around = {key: call.params[key] for key in ("reply_parameters",) if key in call.params}
    return [around | {each["type"]: each["media"], "caption": each.get("caption", "")} | each for each in items]


def _text_of(part: dict[str, Any]) -> dict[str, str]:
    """The text or caption as people see it."""
    kind, longest, what = "text", LONGEST_TEXT, "message"
    if any(key in part for key in MEDIA):
        kind, longest, what = "caption", LONGEST_CAPTION, "message caption"
    text = _parsed(str(part.get(kind, "")), str(part.get("parse_mode", "")).lower())
    if kind == "text" and not text.strip():
        raise Refusal("Bad Request: message text is empty", 400)
    size = len(text.encode("utf-16-le")) // 2
    if size > longest:
        raise Refusal(f"Bad Request: {what} is too long", 400)
    for entity in part.get("entities" if kind == "text" else "caption_entities", ()):
        if entity["offset"] < 0 or entity["length"] < 1 or entity["offset"] + entity["length"] > size:
            raise Refusal("Bad Request: ENTITY_BOUNDS_INVALID", 400)
    return {kind: text.strip()}


def _parsed(text: str, mode: str) -> str:
    """What is left of formatted text; an unbalanced one is refused. `mode` is empty for plain text."""
    if not mode:
        return text
    if mode == "html":
        reader = _Html()
        reader.feed(text)
        reader.close()
        return reader.done()
    if mode not in ("markdown", "markdownv2"):
        raise Refusal("Bad Request: unsupported parse_mode", 400)
    for mark in "*_`":
        if re.sub(r"\\.", "", text).count(mark) % 2:
            raise Refusal(f"Bad Request: can't parse entities: Can't find end of the entity at {mark}", 400)
    return re.sub(r"\\(.)|[*_`]", r"\1", text)


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.open = "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - tags alone count
        if tag not in _TAGS:
            raise Refusal(f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"', 400)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Refusal(f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"', 400)

    def handle_data(self, data: str) -> None:
        self.text += data

    def done(self) -> str:
        if self.open:
            raise Refusal("Bad Request: can't parse entities: Can't find end tag", 400)
        return self.text


def _check_buttons(markup: Any) -> None:
    for button in _buttons(markup):
        if not button.get("text"):
            raise Refusal("Bad Request: text buttons are not allowed without a text", 400)
        if not any(key in button for key in ("callback_data", "url", "web_app", "switch_inline_query")):
            raise Refusal("Bad Request: text buttons are unallowed in the inline keyboard", 400)
        if len(str(button.get("callback_data", "x")).encode()) not in range(1, LONGEST_CALLBACK + 1):
            raise Refusal("Bad Request: BUTTON_DATA_INVALID", 400)


def _buttons(markup: Any) -> Iterator[dict[str, Any]]:
    for row in (markup or {}).get("inline_keyboard", ()):
        yield from row


def _check_file(call: Call, given: Any) -> None:
    name = str(given).removeprefix("attach://")
    if str(given).startswith("attach://") and not call.files.get(name):
        raise Refusal("Bad Request: file must be non-empty", 400)


def file_of(call: Call, given: Any, files: dict[str, bytes]) -> bytes:
    """The content of a medium: what came with the call, or what the server knows by its id."""
    if str(given).startswith("attach://"):
        return call.files[str(given).removeprefix("attach://")]
    if str(given) in files:
        return files[str(given)]
    raise Refusal("Bad Request: wrong file identifier/HTTP URL specified", 400)
