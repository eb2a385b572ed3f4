"""The books of all chats, and what is masked where."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from kagami.core.privacy.config import PrivacyConfig, Where
from kagami.core.privacy.redact import Redactor
from kagami.model.event import Event, Sender
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Text

if TYPE_CHECKING:
    from kagami.core.privacy.book import Book
    from kagami.core.privacy.finding import Known, Rules
    from kagami.core.privacy.span import Span

MOST_CHATS = 2_000
_OFF = PrivacyConfig()
# What is an address and nothing else: in other words it would not lead there any more.
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S*")
T = TypeVar("T")


class PrivacyDesk:
    """Implements `ports.Privacy`. Books are in memory: after a start the numbers begin at 1 again.

    While it is off it knows of no chat, and its patterns are not even loaded.
    """

    def __init__(self, config: PrivacyConfig = _OFF, secrets: Collection[str] = ()) -> None:
        self._books: dict[str, Book] = {}
        self._rules: Rules | None = None
        self._named: Known | None = None
        self._secrets = Redactor(secrets)
        self._on: frozenset[Where] = frozenset()
        self.adopt(config)

    def adopt(self, config: PrivacyConfig) -> None:
        """Go on by other settings; `BadPattern` when one of its patterns is none. What is known of chats stays."""
        if config != PrivacyConfig(where=config.where):
            from kagami.core.privacy.finding import Known, Rules  # noqa: PLC0415 - see the package

            self._rules, self._named = Rules(config.kinds, config.patterns), Known(config.names)
        self._on = frozenset(config.where if config.enabled else ())

    def inspect(self, text: str, kinds: Collection[str] = ()) -> tuple[str, list[Span]]:
        return next(self.inspect_all([text], kinds))

    def inspect_all(self, texts: Iterable[str], kinds: Collection[str] = ()) -> Iterator[tuple[str, list[Span]]]:
        """Like texts of one chat: what one and another have in common has one stand-in."""
        from kagami.core.privacy.book import Book, replace  # noqa: PLC0415
        from kagami.core.privacy.finding import Rules, find  # noqa: PLC0415

        rules = Rules(kinds) if kinds else self._rules
        named = [self._named] if self._named else []
        book = Book()
        for text in texts:
            found = find(text, rules, *named)
            yield replace(text, found, book), found

    def keep_secret(self, *values: str) -> None:
        self._secrets.add(*values)

    def redact(self, text: str) -> str:
        return self._secrets.hide(text)

    def guards(self, where: Where) -> bool:
        return where in self._on

    def book(self, chat: str) -> Book:
        from kagami.core.privacy.book import Book  # noqa: PLC0415

        book = self._books.pop(chat, None) or Book()
        self._books[chat] = book  # at the end: the one that was used last
        if len(self._books) > MOST_CHATS:
            del self._books[next(iter(self._books))]
        return book

    def mask(self, text: str, chat: str, *, both_ways: bool = False) -> str:
        return self.mask_in(text, self.book(chat), both_ways=both_ways)

    def mask_in(self, text: str, book: Book, *, both_ways: bool = False) -> str:
        """With the stand-ins of a book that is nobody's chat."""
        from kagami.core.privacy.book import mask  # noqa: PLC0415

        others = () if self._named is None else (self._named,)
        return mask(text, book, self._rules, *others, both_ways=both_ways)

    def restore(self, text: str, chat: str) -> str:
        from kagami.core.privacy.book import restore  # noqa: PLC0415

        return restore(text, self.book(chat))

    def meet(self, event: Event) -> None:
        if event.sender.name or event.sender.card:
            self.know((event.sender.name, event.sender.card), place_of(event.bot, event.chat))

    def know(self, names: Iterable[str], chat: str) -> None:
        known = self.book(chat).known
        for name in names:
            known.meet(name)

    def masked(self, value: T, chat: str) -> T:
        return cast(
            "T", walk(value, lambda text: text if _ADDRESS.fullmatch(text) else self.mask(text, chat, both_ways=True))
        )

    def restored(self, value: T, chat: str) -> T:
        return cast("T", walk(value, lambda text: self.restore(text, chat)))

    def outside(self, event: Event, end: int = 0) -> tuple[Event, int]:
        self.meet(event)
        chat = place_of(event.bot, event.chat)
        message, end = self._message(event.message, chat, end)
        sender = event.sender
        shown = msgspec.structs.replace(
            event,
            message=message,
            chat_name=self.mask(event.chat_name, chat, both_ways=True),
            sender=Sender(self._called(sender.name, chat), self._called(sender.card, chat), sender.role),
            native="",
        )
        return shown, end

    def _message(self, message: Message, chat: str, end: int) -> tuple[Message, int]:
        """Masked, with the place `end` of its plain text in the masked one."""
        parts: list[AnySegment] = []
        place = moved = 0
        for part in message:
            if not isinstance(part, Text):
                # Addresses of files stay: they are what the part is.
                changed = {
                    name: self.masked(value, chat)
                    for name, value in msgspec.structs.asdict(part).items()
                    if isinstance(value, dict) and value
                }
                parts.append(msgspec.structs.replace(part, **changed))
                continue
            inner = min(len(part.text), max(0, end - place))
            before, after = (self.mask(each, chat, both_ways=True) for each in (part.text[:inner], part.text[inner:]))
            parts.append(Text(before + after))
            moved += len(before) - inner
            place += len(part.text)
        return tuple(parts), end + moved

    def _called(self, name: str, chat: str) -> str:
        named = self._rules is not None and "name" in self._rules.kinds
        return self.book(chat).mark("name", name) if name and named else name


def place_of(bot: str, chat: str) -> str:
    """The name of a chat's book: two accounts may be in chats of one name."""
    return f"{bot} {chat}"


def walk(value: Any, change: Callable[[str], str]) -> Any:
    """A tree of values with every text in it changed; its keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **walk(msgspec.structs.asdict(value), change))
    if isinstance(value, dict):
        return {key: walk(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [walk(each, change) for each in value]
    return tuple(walk(each, change) for each in value) if isinstance(value, tuple) else value
