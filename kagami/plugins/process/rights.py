"""What a plugin's manifest lets its process do: permissions, checked where its requests come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from kagami.errors import Denied
from kagami.log import Log

ANY_CHAT, DELETE, STORE, JOBS, OPERATE, ALL = "send:any_chat", "delete", "store", "jobs", "operate", "*"
SENDING = frozenset({"send_message", "send_msg", "reply"})

_LONGEST_WORD = 200

Mark = Callable[[str, str], None]


class Rights:
    """`words` are those of a manifest; `*` is everything but `operate`."""

    def __init__(self, words: Iterable[str], log: Log) -> None:
        self._words = frozenset(words)
        self._log = log
        self._refused: set[str] = set()

    def allow(self, word: str) -> bool:
        words = self._words
        if word in words or (ALL in words and word != OPERATE):
            return True
        kind, _, name = word.partition(":")
        if kind == "call":
            return "call:*" in words
        if kind == "http":
            return "http:*" in words or any(f"http:*.{tail}" in words for tail in _tails(name))
        return False

    def need(self, word: str, mark: Mark | None = None) -> None:
        """`Denied` without the right, which is logged once and marked in the event's trace."""
        if self.allow(word):
            return
        word = word[:_LONGEST_WORD]  # a child may have made it up
        if mark is not None:
            mark("denied", word)
        if word not in self._refused and len(self._refused) < 100:  # noqa: PLR2004 - a child may make up any number
            self._refused.add(word)
            self._log.warning("the plugin has no permission", needs=word)
        raise Denied(scope=word)


def _tails(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[place:]) for place in range(1, len(labels))]


def http_word(url: str) -> str:
    """The permission that a request to this address needs."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f"http:{(host or '?').lower()}"


def of_predecessor(words: Iterable[str]) -> tuple[str, ...]:
    """The predecessor's words, which are names of actions, as ours. What is ours already stays."""
    return tuple(dict.fromkeys(_ours(word) for word in words))


def _ours(word: str) -> str:
    if word in SENDING:
        return ANY_CHAT
    if word.startswith("storage."):
        return STORE
    if word in (ANY_CHAT, DELETE, STORE, JOBS, OPERATE, ALL) or word.startswith(("call:", "http:")):
        return word
    return f"call:{word}"
