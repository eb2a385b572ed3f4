"""The privacy guard within an engine: made of the settings, and in front of the log."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from kagami.config import Settings
from kagami.core.privacy.desk import PrivacyDesk, place_of
from kagami.core.secrets import Secret
from kagami.errors import KagamiError
from kagami.log import hiding

if TYPE_CHECKING:
    from kagami.engine.tools import Tools

# Of how many newest messages the names are names again after a start.
MET_AGAIN = 2_000
# Of plugins' own settings only the names tell.
_NAMED = re.compile(r"token|secret|passw|passphrase|key|cookie|credential", re.IGNORECASE)


def open_privacy(stack: AsyncExitStack, settings: Settings) -> PrivacyDesk:
    """The guard of these settings. Until the stack is closed, log lines go through it."""
    desk = PrivacyDesk(settings.privacy, set(secrets_of(settings)))
    hiding.secrets = desk.redact
    hiding.private = Lines(desk)
    stack.push(_uncover)
    return desk


def _uncover(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    # What kills the process is still told through it.
    del error, trace
    if kind is None:
        hiding.secrets = hiding.private = str


def follow_privacy(tools: Tools) -> None:
    """Go on with changed settings; what is a secret in them is one before they are in force."""
    tools.live.judge(lambda wanted: tools.privacy.keep_secret(*secrets_of(wanted)))

    def adopt(wanted: Settings) -> None:
        tools.privacy.adopt(wanted.privacy)
        if wanted.privacy.enabled:
            tools.nursery.start("names of before", _meet_again(tools))

    tools.live.on(("privacy",), adopt)
    if tools.settings.privacy.enabled:
        tools.nursery.start("names of before", _meet_again(tools))


async def _meet_again(tools: Tools) -> None:
    """Who spoke lately is called what they are called also after a restart: names are known in memory alone."""
    with suppress(KagamiError):  # the database is away, and nothing of it can be shown
        for row in await tools.store.messages(limit=MET_AGAIN):
            if row.sender:
                tools.privacy.know((row.sender,), place_of(row.bot, row.chat))


class Lines:
    """Masks what is said in the log, by any thread, with stand-ins that hold for the whole log."""

    def __init__(self, desk: PrivacyDesk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._book: Any = None

    def __call__(self, text: str) -> str:
        if not self._desk.guards("logs"):
            return text
        with self._lock:
            if self._book is None:
                from kagami.core.privacy.book import Book  # noqa: PLC0415 - loads all patterns

                self._book = Book()
            return self._desk.mask_in(text, self._book)


def secrets_of(value: Any, *, named: bool = False) -> Iterator[str]:
    """Every secret in settings: what is one by its type, by its name in a table, or as the password of an address."""
    match value:
        case Secret():
            yield from _with_password(value.reveal(), secret=True)
        case str():
            yield from _with_password(value, secret=named)
        case msgspec.Struct():
            for each in msgspec.structs.asdict(value).values():
                yield from secrets_of(each)
        case dict():
            for name, each in value.items():
                yield from secrets_of(each, named=named or bool(_NAMED.search(str(name))))
        case list() | tuple():
            for each in value:
                yield from secrets_of(each, named=named)


def _with_password(text: str, *, secret: bool) -> Iterator[str]:
    if secret:
        yield text
    if "://" in text and "@" in text:
        try:
            password = urlsplit(text).password
        except ValueError:
            return
        if password:
            yield from (password, unquote(password))
