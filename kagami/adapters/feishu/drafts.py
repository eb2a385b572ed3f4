"""A message as the messages that Feishu needs for it. Pure.

What is only typed goes as `text`, what is more as `post` (rich text), and each file, voice, video and card by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kagami.adapters.feishu.wire import Draft
from kagami.model.message import Message, in_words
from kagami.model.segment import AnySegment, Face, Image, Mention, Native, Reply, Text

LONGEST_TEXT = 20_000  # characters; the limit is 150 KB
LARGEST_POST = 24_000  # bytes; the limit is 30 KB with what is around it
_PIECE = 700  # even of line breaks alone it fits into one post
_LINE = 30
# In `text` these begin styles, links, mentions, character references and emoticons, and nothing makes them plain.
_MARKED = re.compile(r"[<&\[]|\*\*|~~|__")
_USER = re.compile(r"(?:ou|on)_[\w-]{1,128}", re.ASCII)
_EMOJI = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
# Kinds of messages that can be sent as they are, with their fields.
_KINDS = {"card": "interactive"} | {
    kind: kind for kind in ("interactive", "share_chat", "share_user", "sticker", "post", "image", "file", "audio")
}


def reply_to(message: Message) -> str:
    """The message that this one answers; empty for none."""
    return next((part.message_id for part in message if isinstance(part, Reply)), "")


def compose(message: Message, media: Mapping[int, Draft]) -> list[Draft]:
    """`media` are the uploaded parts by their place in the message."""
    drafts: list[Draft] = []
    run: list[AnySegment | Draft] = []
    for place, part in enumerate(message):
        alone = _alone(part, media.get(place))
        if alone is not None:
            drafts += [*_run(run), alone]
            run = []
        elif not isinstance(part, Reply):
            run.append(media.get(place, part))
    return [*drafts, *_run(run)]


def _alone(part: AnySegment, uploaded: Draft | None) -> Draft | None:
    """What cannot stand among words."""
    if uploaded is not None:
        return None if isinstance(part, Image) else uploaded
    if isinstance(part, Native) and part.kind in _KINDS:
        return Draft(_KINDS[part.kind], part.fields)
    return None


def _run(run: list[AnySegment | Draft]) -> list[Draft]:
    """Words, mentions, emoticons and pictures between two parts that stand alone."""
    tags = [tag for part in run for tag in _tags(part)]
    if not any(tag.get("text", "x").strip() for tag in tags):
        return []
    pictures = [tag for tag in tags if tag["tag"] == "img"]
    if len(tags) == len(pictures):
        return [Draft("image", {"image_key": tag["image_key"]}) for tag in pictures]
    if (text := _plain(tags)) is not None:
        return [Draft("text", {"text": text})]
    return [Draft("post", {"zh_cn": {"title": "", "content": lines}}) for lines in _posts(tags)]


def _plain(tags: list[dict[str, Any]]) -> str | None:
    """The tags as a `text`; None when they are more than that."""
    said = [str(tag["text"]) for tag in tags if tag["tag"] == "text"]
    if any(tag["tag"] not in ("text", "at") for tag in tags) or any(_MARKED.search(text) for text in said):
        return None
    text = "".join(f'<at user_id="{tag["user_id"]}"></at>' if tag["tag"] == "at" else tag["text"] for tag in tags)
    return text if len(text) <= LONGEST_TEXT else None


def _tags(part: AnySegment | Draft) -> Iterator[dict[str, Any]]:
    """A part in the words of `post`."""
    match part:
        case Draft(content=content):
            yield {"tag": "img", "image_key": content["image_key"]}
        case Mention(user="all"):
            yield {"tag": "at", "user_id": "all"}
        case Mention(user=user) if _USER.fullmatch(user):
            yield {"tag": "at", "user_id": user}
        case Face(id=name) if _EMOJI.fullmatch(name):
            yield {"tag": "emotion", "emoji_type": name}
        case _:
            text = _worded(part)
            yield from ({"tag": "text", "text": text[at : at + _PIECE]} for at in range(0, len(text), _PIECE))


def _worded(part: AnySegment | Draft) -> str:
    """A part that has no form of its own here, as people would write it."""
    match part:
        case Text(text=text):
            return text
        case Mention(user=user, extra=extra):
            return f"@{extra.get('name') or user} "
        case Face(id=name):
            return f"[{name}]"
        case Native():
            return in_words(part)
    return ""


def _posts(tags: list[dict[str, Any]]) -> list[list[list[dict[str, Any]]]]:
    """Lines of tags, in as many messages as they need. A picture has a line of its own, as the platform wants it."""
    posts: list[list[list[dict[str, Any]]]] = [[[]]]
    size = 0
    for tag in tags:
        lines = tag["text"].split("\n") if tag["tag"] == "text" else []
        weight = len(msgspec.json.encode(tag)) + _LINE * (len(lines) + 1)
        if size + weight > LARGEST_POST:
            posts.append([[]])
            size = 0
        size += weight
        _write(posts[-1], tag, lines)
    return [[line or [_said("")] for line in (post if post[-1] else post[:-1])] for post in posts]


def _write(post: list[list[dict[str, Any]]], tag: dict[str, Any], lines: list[str]) -> None:
    if tag["tag"] == "img":
        if not post[-1]:
            post.pop()
        post += [[tag], []]
    elif lines:
        post[-1] += [_said(lines[0])] if lines[0] else []
        post += [[_said(line)] if line else [] for line in lines[1:]]
    else:
        post[-1].append(tag)


def _said(text: str) -> dict[str, Any]:
    return {"tag": "text", "text": text}
