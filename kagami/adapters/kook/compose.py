"""What is to be sent, as KOOK's messages. Pure.

A text alone is KMarkdown; a picture or a video alone is a message of its own type; everything mixed, files and sound
are cards, so that it is one message as far as the platform's limits go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kagami.adapters.kook import cards, kmarkdown
from kagami.adapters.kook.wire import CARD, IMAGE, KMARKDOWN, VIDEO
from kagami.model.message import Message, in_words
from kagami.model.segment import AnySegment, Face, File, Image, Media, Mention, Native, Reply, Text, Video, Voice

LONGEST_TEXT = 8000


class Saying(NamedTuple):
    """`type` and `content` of one message."""

    type: int
    content: str


class Attached(NamedTuple):
    """A medium where the platform keeps it."""

    url: str
    name: str


def media(message: Message) -> list[Media]:
    """What has to be uploaded first."""
    return [part for part in message if isinstance(part, Media)]


def quoted(message: Message) -> str:
    """The message that it answers; empty when it answers none."""
    return next((part.message_id for part in message if isinstance(part, Reply)), "")


def compose(message: Message, uploaded: Mapping[int, Attached]) -> list[Saying]:
    """The messages to send, in order. `uploaded` has each medium by the `id()` of its part."""
    parts = [part for part in message if not isinstance(part, Reply)]
    rich = [part for part in parts if isinstance(part, Media) or _is_card(part)]
    if not rich:
        return [Saying(KMARKDOWN, text) for text in join(_words(parts), LONGEST_TEXT) if text.strip()]
    if len(parts) == 1 and isinstance(parts[0], Image | Video):
        return [Saying(IMAGE if isinstance(parts[0], Image) else VIDEO, uploaded[id(parts[0])].url)]
    return [Saying(CARD, content) for content in cards.pack(_cards(parts, uploaded))]


def _is_card(part: AnySegment) -> bool:
    return isinstance(part, Native) and part.kind == "card" and bool(cards.given(part.fields))


def _words(parts: Iterable[AnySegment]) -> Iterator[str]:
    """KMarkdown of what is text or becomes it, in pieces that may stand apart."""
    for part in parts:
        match part:
            case Text(text=text):
                yield from kmarkdown.write_text(text)
            case Mention(user=user, extra=extra):
                yield kmarkdown.mention("here" if user == "all" and extra.get("here") else user)
            case Face():
                yield kmarkdown.face(part)
            case Native():
                yield from _native(part)


def _native(part: Native) -> Iterator[str]:
    content = part.fields.get("content")
    if part.kind == "kmarkdown" and isinstance(content, str):
        for start in range(0, len(content), LONGEST_TEXT):
            yield content[start : start + LONGEST_TEXT]
    elif part.kind in ("role", "channel") and str(part.fields.get("id", "")).isalnum():
        tag = "rol" if part.kind == "role" else "chn"
        yield f"({tag}){part.fields['id']}({tag})"
    else:
        yield kmarkdown.escape(in_words(part))


def join(pieces: Iterable[str], longest: int) -> list[str]:
    """Texts of at most so many characters."""
    texts: list[str] = []
    room = 0
    for piece in pieces:
        for start in range(0, len(piece), longest):
            bit = piece[start : start + longest]
            if len(bit) > room:
                texts.append("")
                room = longest
            texts[-1] += bit
            room -= len(bit)
    return texts


def _cards(parts: Sequence[AnySegment], uploaded: Mapping[int, Attached]) -> Iterator[cards.Card]:
    """Cards of our own around those that were given."""
    modules: list[cards.Module] = []
    for part, module in _modules(parts, uploaded):
        if module is not None:
            modules.append(module)
        if module is None or len(modules) == cards.MOST_MODULES:
            if modules:
                yield cards.plain(modules)
            modules = []
        if module is None and isinstance(part, Native):
            yield from cards.given(part.fields)
    if modules:
        yield cards.plain(modules)


def _modules(
    parts: Sequence[AnySegment], uploaded: Mapping[int, Attached]
) -> Iterator[tuple[AnySegment, cards.Module | None]]:
    """Modules with the first part of each; None in the place of cards that were given."""
    place = 0
    while place < len(parts):
        part = parts[place]
        run = _run(parts, place)
        place += len(run)
        if isinstance(part, Image):
            for start in range(0, len(run), cards.MOST_IMAGES):
                some = run[start : start + cards.MOST_IMAGES]
                yield part, cards.pictures(uploaded[id(each)].url for each in some)
        elif isinstance(part, File | Video | Voice):
            kind = {File: "file", Video: "video", Voice: "audio"}[type(part)]
            yield part, cards.attached(kind, *uploaded[id(part)])
        elif _is_card(part):
            yield part, None
        else:
            for text in join(_words(run), cards.LONGEST_SECTION):
                if text.strip():
                    yield part, cards.section(text)


def _run(parts: Sequence[AnySegment], place: int) -> list[AnySegment]:
    """The parts from here on that go into one module: pictures, or text."""
    run = [parts[place]]
    kind = _kind(parts[place])
    while kind and place + len(run) < len(parts) and _kind(parts[place + len(run)]) == kind:
        run.append(parts[place + len(run)])
    return run


def _kind(part: AnySegment) -> str:
    """Empty for what stands alone."""
    if isinstance(part, Image):
        return "image"
    return "" if isinstance(part, Media) or _is_card(part) else "text"
