"""From a model's words to messages: plain text that commands nobody and calls nobody, in pieces of a bounded length."""

from __future__ import annotations

import re

MOST_THOUGHT = 100_000
JOINER = "\u2060"  # invisible, and no white space: nothing strips it
# Not printable by themselves: the end of a line, and what joins the parts of an emoji.
_KEPT = "\n\u200d"
# Not printable by themselves: the end of a line, and what joins the parts of an emoji.
_KEPT = "\n\u200d"
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)\s*", re.DOTALL | re.IGNORECASE)
_EVERYBODY = re.compile(r"[@＠]\s?(?=全体成员|全體成員|所有人|(?:all|everyone|here|channel)(?![a-z]))", re.IGNORECASE)
_CODE = re.compile(r"\[(?=CQ:)|\((?=met\))|<(?=at\b|@)", re.IGNORECASE)
_SIGNS = ("/", "#", "!", "！", ".", "。", "／")
_BREAKS = ("\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "; ", "，", ", ", " ")


def plain(answer: str, longest: int) -> str:
    """What a person may read: without the model's thoughts and control signs, nobody called, at most so long."""
    text = _THOUGHT.sub("", answer[:MOST_THOUGHT], count=1)
    text = "".join(sign for sign in text if sign.isprintable() or sign in _KEPT).strip()
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return text


def harmless(text: str) -> str:
    """The same for the eye, but no mention of everybody, no code of a platform, and no command for another bot."""
    text = _EVERYBODY.sub(f"@{JOINER}", text)
    text = _CODE.sub(lambda found: found[0] + JOINER, text)
    return JOINER + text if text.startswith(_SIGNS) else text


def pieces(text: str, longest: int) -> list[str]:
    """Split at paragraphs, else lines, sentences, words; neighbours that fit together stay together."""
    found: list[str] = []
    while len(text) > longest:
        place = _break(text, longest)
        found.append(text[:place].rstrip())
        text = text[place:].lstrip()
    return [piece for piece in (*found, text) if piece]


def _break(text: str, longest: int) -> int:
    """Where to cut: after the best break that leaves a piece of a fair length."""
    for sign in _BREAKS:
        place = text.rfind(sign, longest // 4, longest)
        if place >= 0:
            return place + len(sign)
    return longest
