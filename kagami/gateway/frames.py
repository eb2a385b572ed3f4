"""Events as applications get them: the bytes that came where that can be, else written anew with integers for ids."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from kagami.errors import KagamiError, WireError
from kagami.gateway.means import Means
from kagami.model.event import Event
from kagami.model.ids import BotId, split_id
from kagami.model.segment import Reply
from kagami.onebot.embedded import REFERENCE_MARK, put_in, references
from kagami.onebot.relay import as_it_came, marked
from kagami.onebot.serve import write_event

# A file that is larger goes without its content: applications take frames of a few megabytes.
LARGEST_FILE = 4 << 20
# All files of a frame together.
LARGEST_FILES = 10 << 20


class Frames:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def event(self, event: Event, late_s: float = 0.0) -> bytes:
        """The frame of an event; `late_s` is written into it when it is not 0."""
        guard = self._means.privacy
        if guard.guards("children"):
            guard.meet(event)
            event, _ = guard.outside(event)
        frame = as_it_came(event)
        if frame is None:
            frame = await self._written(event)
        frame = await self.filled(frame)
        return marked(frame, late_s) if late_s else frame

    async def filled(self, frame: bytes) -> bytes:
        """JSON with the files themselves where it refers to them."""
        if frame.find(REFERENCE_MARK) < 0:
            return frame
        contents: dict[str, bytes] = {}
        room = LARGEST_FILES
        for each in references(frame):
            content = await self._content(each)
            size = len(content) * frame.count(b'":"%s"' % each.encode())
            contents[each] = content if size <= room else b""
            room -= len(contents[each]) and size
        return put_in(frame, contents)

    async def prepare(self, events: Iterable[Event]) -> None:
        """Give all ids of several events their numbers at once: each time the disk is waited for."""
        wanted: dict[str, str] = {}
        for event in events:
            if as_it_came(event) is None:
                with suppress(WireError):  # told when its turn comes
                    wanted |= _wanted(event)
        if wanted:
            await self._means.numbers.give(wanted)

    async def number(self, bot: BotId) -> int:
        """What applications call an account."""
        account = split_id(bot)[1]
        return (await self._means.numbers.give({account: ""}))[account]

    async def _written(self, event: Event) -> bytes:
        given = await self._means.numbers.give(_wanted(event))
        account = given[split_id(event.bot)[1]]
        return write_event(event, self_id=account, number=lambda text: given.get(text, 0))

    async def _content(self, reference: str) -> bytes:
        """Empty when it is gone or too large."""
        try:
            content = await self._means.media.read(reference)
        except KagamiError:
            return b""
        return content if len(content) <= LARGEST_FILE else b""


def _wanted(event: Event) -> dict[str, str]:
    """Every id that the frame of an event names, with its chat where it is a message's."""
    wanted = {split_id(event.bot)[1]: ""}

    def want(text: str) -> int:
        if text:
            wanted.setdefault(text, "")
        return 0

    write_event(event, self_id=0, number=want)
    quoted = [part.message_id for part in event.message if isinstance(part, Reply)]
    return wanted | {text: str(event.chat) for text in (event.message_id, *quoted) if text in wanted}
