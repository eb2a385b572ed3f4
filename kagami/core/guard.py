"""Lists of who and what is kept out: users, chats, words, patterns and links. Time is linear in the text.

Words are found by Aho and Corasick's automaton in text without its disguises: NFKC, casefolded, invisible characters
taken out. A word that begins or ends with a Latin letter or a digit is a whole word there. Patterns are RE2. Links are
known by their host: `example.com` is also `www.example.com`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from kagami.core.routing import names
from kagami.core.scopes import identity
from kagami.i18n import mark
from kagami.model.event import Event
from kagami.model.segment import Native, Text

Kind = Literal["user", "chat", "word", "pattern", "link"]
ANY = "*"
LONGEST = 500
MOST_PATTERNS = 100
_SCOPES = ("platform:", "bot:", "chat:")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE | re.ASCII)
# How far before an @ the beginning of an address is looked for.
_LOGIN = 200
_PORT_AND_PATH = re.compile(r"[/:?#].*", re.DOTALL)


class GuardEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the lists.

    `value` is `qq:10001` for a user, `group:123` for a chat, or `*` for all that are not allowed by name; a word, an
    RE2 pattern, a host. `act` `allow` excepts it: a user from everything, a chat from `*`, a word or a host from what
    denies a part of it. `action`: `ignore` it, `warn` whoever said it, or `tell` the admins. `where` is `platform:qq`,
    `bot:qq:1`, `chat:group:123`, or empty for everywhere. `until_ms` is wall time, 0 for ever.
    """

    kind: Kind
    value: str
    act: Literal["deny", "allow"] = "deny"
    action: Literal["ignore", "warn", "tell"] = "ignore"
    where: str = ""
    until_ms: int = 0
    note: str = ""

    @property
    def key(self) -> str:
        """What makes two lines the same one."""
        return f"{self.kind}|{self.where}|{self.value}"

    def holds(self, places: Collection[str], now_ms: int) -> bool:
        return (not self.where or self.where in places) and (not self.until_ms or self.until_ms > now_ms)


class Caught(msgspec.Struct, frozen=True):
    """An event that is kept out, by which line of the lists."""

    entry: GuardEntry

    @property
    def reason(self) -> str:
        entry = self.entry
        where = f" in {entry.where}" if entry.where else ""
        return f"{entry.kind} {entry.value}{where}"


class Lists:
    """All lines, made ready. Never changed: replaced whole."""

    def __init__(self, entries: Iterable[GuardEntry]) -> None:
        self.entries = tuple(entries)
        self._exact: defaultdict[tuple[str, str], list[GuardEntry]] = defaultdict(list)
        words: defaultdict[str, list[GuardEntry]] = defaultdict(list)
        self._patterns: list[tuple[Any, GuardEntry]] = []
        for entry in self.entries:
            if entry.kind == "word" or (entry.kind == "link" and not entry.value.isascii()):
                words[folded(entry.value)].append(entry)
            elif entry.kind == "pattern":
                self._patterns.append((compiled(entry.value), entry))
            else:
                self._exact[entry.kind, entry.value].append(entry)
        self._words = _automaton(words)
        self._excuses = any(entry.act == "allow" for found in words.values() for entry in found)
        self._links = any(kind == "link" for kind, _ in self._exact)
        self._reads = bool(words or self._patterns or self._links)

    def judge(self, event: Event, now_ms: int) -> Caught | None:
        """What an event is kept out for; None when nothing speaks against it."""
        places = names(event)
        who = self._exactly("user", identity(event), places, now_ms)
        if who is not None and who.act == "allow":
            return None
        chat = who or self._exactly("chat", event.chat, places, now_ms)
        if chat is not None and chat.act == "deny":
            return Caught(chat)
        if not self._reads or event.kind != "message":
            return None
        found = next(self._found(clean(said(event)), places, now_ms), None)
        return Caught(found) if found else None

    def _exactly(self, kind: str, value: str, places: Collection[str], now_ms: int) -> GuardEntry | None:
        """The line about a name, else the one about all names; of two about the same the one that denies."""
        for name in (value, ANY):
            held = [each for each in self._exact.get((kind, name), ()) if each.holds(places, now_ms)]
            if held:
                return min(held, key=lambda each: (each.act == "allow", not each.where))
        return None

    def _found(self, text: str, places: Collection[str], now_ms: int) -> Iterator[GuardEntry]:
        if self._words is not None:
            yield from self._denied_words(text.casefold(), places, now_ms)
        for pattern, entry in self._patterns:
            if entry.act == "deny" and entry.holds(places, now_ms) and pattern.search(text) is not None:
                yield entry
        if self._links:
            yield from self._denied_links(text, places, now_ms)

    def _denied_words(self, text: str, places: Collection[str], now_ms: int) -> Iterator[GuardEntry]:
        hits = (
            (end - length + 1, end + 1, entry)
            for end, (length, latin_start, latin_end, entries) in self._words.iter(text)
            if _whole(text, end - length + 1, end + 1, latin_start, latin_end)
            for entry in entries
            if entry.holds(places, now_ms)
        )
        if not self._excuses:
            yield from (entry for _, _, entry in hits)
            return
        found = list(hits)
        allowed = _Spans((start, end) for start, end, entry in found if entry.act == "allow")
        yield from (entry for start, end, entry in found if entry.act == "deny" and not allowed.cover(start, end))

    def _denied_links(self, text: str, places: Collection[str], now_ms: int) -> Iterator[GuardEntry]:
        for explicit, host in dict.fromkeys(hosts(text)):
            entry = self._host(host, places, now_ms)
            if entry is None and explicit:
                entry = self._exactly("link", ANY, places, now_ms)
            if entry is not None and entry.act == "deny":
                yield entry

    def _host(self, host: str, places: Collection[str], now_ms: int) -> GuardEntry | None:
        """The line about the longest end of a host's name."""
        labels = host.split(".")[-16:]
        for start in range(len(labels)):
            held = [
                each for each in self._exact.get(("link", ".".join(labels[start:])), ()) if each.holds(places, now_ms)
            ]
            if held:
                return min(held, key=lambda each: (each.act == "allow", not each.where))
        return None


class _Spans:
    """Stretches of a text, asked whether one of them covers another."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends: list[int] = []
        for _, end in ordered:
            self._ends.append(max(end, self._ends[-1] if self._ends else 0))

    def cover(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start)
        return place > 0 and self._ends[place - 1] >= end


def said(event: Event) -> str:
    """Everything in a message that is text, a card's too."""
    message = event.message
    if len(message) == 1 and type(message[0]) is Text:
        return message[0].text
    return "\n".join(text for part in message for text in _texts(part))


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, Text):
        yield part.text
    elif isinstance(part, Native):
        yield from (value for value in part.fields.values() if isinstance(value, str))


def clean(text: str) -> str:
    """Without disguises, in its own case."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))


def folded(text: str) -> str:
    """Without disguises and without case: how words are compared."""
    return clean(text).casefold()


def hosts(text: str) -> Iterator[tuple[bool, str]]:
    """Names of hosts in a text, and whether each is written as an address (`https://…`, `www.…`)."""
    text = text.replace("。", ".")
    for found in _NAME.finditer(text):
        host, start = found.group().strip("._-").lower(), found.start()
        if "." in host:
            login = text.startswith("@", start - 1) and "://" in text[max(0, start - _LOGIN) : start]
            yield host.startswith("www.") or text.endswith("://", 0, start) or login, host


def sound(entry: GuardEntry) -> GuardEntry:
    """The line as it is kept. `ValueError` with a translation key when it cannot be."""
    value = _plain(entry)
    if not 0 < len(value) <= LONGEST or (entry.kind in ("word", "link") and not folded(value)):
        raise ValueError(mark("Give a value of 1 to 500 characters."))
    if entry.where and (not entry.where.startswith(_SCOPES) or entry.where.endswith(":")):
        raise ValueError(mark("A line holds in platform:…, bot:… or chat:…, or everywhere."))
    if entry.kind in ("user", "chat"):
        _check_name(value)
    if entry.kind == "pattern":
        _check_pattern(entry, value)
    return msgspec.structs.replace(entry, value=value)


def _plain(entry: GuardEntry) -> str:
    value = entry.value.strip()
    if entry.kind == "link":
        return _PORT_AND_PATH.sub("", value.lower().rpartition("://")[2].rpartition("@")[2]).strip(".")
    return " ".join(value.split()) if entry.kind == "word" else value


def _check_name(value: str) -> None:
    if value != ANY and not all(value.partition(":")):
        raise ValueError(
            mark("A user is platform:id such as qq:10001, a chat kind:id such as group:123, or * for all.")
        )


def _check_pattern(entry: GuardEntry, value: str) -> None:
    if entry.act == "allow":
        raise ValueError(mark("A pattern can only deny."))
    compiled(value)


def compiled(pattern: str) -> Any:
    """A pattern that finds whatever the case. `ValueError` when RE2 does not know it."""
    import re2  # noqa: PLC0415 - who has no patterns does not load it

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options=options)
    except re2.error:
        raise ValueError(mark("This is no pattern that RE2 knows.")) from None


def _automaton(words: Mapping[str, list[GuardEntry]]) -> Any:
    if not words:
        return None
    import ahocorasick  # noqa: PLC0415 - who has no words does not load it

    made = ahocorasick.Automaton()
    for word, entries in words.items():
        made.add_word(word, (len(word), _is_latin(word[0]), _is_latin(word[-1]), entries))
    made.make_automaton()
    return made


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _whole(text: str, start: int, end: int, latin_start: bool, latin_end: bool) -> bool:
    return not (
        (latin_start and start and _is_latin(text[start - 1]))
        or (latin_end and end < len(text) and _is_latin(text[end]))
    )
