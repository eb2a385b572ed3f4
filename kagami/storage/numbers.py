"""Numbers for ids that are none, and accepted events in their order: what applications outside are told by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from kagami.clock import Clock
from kagami.core.numbers import candidate, is_given, own_number
from kagami.core.position import Position
from kagami.errors import Unavailable
from kagami.model.ids import BotId
from kagami.ports import Happened, Named, Passed
from kagami.storage.engine import Engine, Params, storable
from kagami.storage.ledger import BatchLedger
from kagami.storage.rows import read_open

REMEMBERED = 50_000
# Of what one of several processes has done and nobody will be told of, so many are counted.
MOST_COUNTED = 20_000
# Two texts with one hash are a curiosity; this many can only be a mistake of ours.
MOST_TRIES = 8


class SqlNumbers:
    """Implements `ports.Numbers`. What was asked for lately is in memory."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._names: OrderedDict[int, Named] = OrderedDict()

    async def give(self, texts: Mapping[str, str]) -> dict[str, int]:
        found: dict[str, int] = {}
        missing: dict[str, str] = {}
        for text, chat in texts.items():
            number = self._numbers.get(text) or own_number(text)
            if number is None:
                missing[text] = chat
            else:
                found[text] = number
        for attempt in range(MOST_TRIES):
            if not missing:
                return found
            found |= await self._write(missing, attempt)
            missing = {text: chat for text, chat in missing.items() if text not in found}
        raise Unavailable(what="the table of numbers", reason="too many texts have the same number")

    async def _write(self, texts: Mapping[str, str], attempt: int) -> dict[str, int]:
        now = self._clock.wall_ms()
        # Kept as the database can hold it, and known by the text that came.
        kept: dict[str, str] = {storable(text): text for text in texts}
        rows = [(candidate(safe, attempt), safe, storable(texts[text]), now) for safe, text in kept.items()]
        await self._engine.write("numbers", {"numbers": rows}, durable=True)
        found: dict[str, int] = {}
        for safe, number in await self._engine.ask("numbers_of_texts", {"texts": list(kept)}):
            found[kept[safe]] = number
            self._remember(kept[safe], number, texts[kept[safe]])
        return found

    async def find(self, numbers: Iterable[int]) -> dict[int, Named]:
        wanted = {number for number in numbers if is_given(number)}
        found = {number: self._names[number] for number in wanted if number in self._names}
        if missing := [number for number in wanted if number not in found]:
            for number, text, chat in await self._engine.fetch("texts_of_numbers", {"numbers": missing}):
                found[number] = Named(text, chat)
                self._remember(text, number, chat)
        return found

    def _remember(self, text: str, number: int, chat: str) -> None:
        self._numbers[text], self._names[number] = number, Named(text, chat)
        if len(self._numbers) > REMEMBERED:
            self._names.pop(self._numbers.popitem(last=False)[1], None)


class SqlHistory:
    """Implements `ports.History`. What the ledger still gathers is written first.

    With more than one of `slots` several processes write, each in order with its own numbers alone.
    """

    def __init__(self, engine: Engine, ledger: BatchLedger, slots: int = 1) -> None:
        self._engine = engine
        self._ledger = ledger
        self._slots = slots

    @property
    def slots(self) -> int:
        return self._slots

    async def after(self, position: Position, limit: int, *, without: int | None = None) -> list[Happened]:
        if without is None:
            await self._ledger.flush()
        if self.slots == 1:
            rows = await self._engine.fetch("events_after", {"after": position.highest, "most": limit})
        else:
            behind = [each for each in enumerate(position.numbers) if each[0] != without]
            rows = await self._engine.fetch("events_behind", {"behind": behind, "most": limit})
        return [Happened(row[0], found.event, found.accepted_ms) for row in rows for found in (read_open(row[1:]),)]

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed:
        await self._ledger.flush()
        params: Params = {"limit_ms": before_ms, "most": most}
        if self.slots == 1:
            found = await self._engine.fetch("events_passed", {"after": position.highest, **params})
        else:
            behind = list(enumerate(position.numbers))
            params = {"behind": behind, "looked": most + MOST_COUNTED, **params}
            found = await self._engine.fetch("events_passed_behind", params)
        rows = [row for row in found if row[0]]
        return Passed(sum(row[0] for row in rows), tuple(row[1] for row in rows))

    async def keys(self, bot: BotId, most: int, *, without: int) -> list[str]:
        if self.slots == 1:
            return []
        rows = await self._engine.fetch("keys_of_others", {"bot": bot, "most": most, "without": without})
        return [key for (key,) in rows]

    async def heads(self) -> Position:
        found = dict(await self._engine.fetch("event_heads")) if self.slots > 1 else {}
        return Position([found.get(slot, -1) for slot in range(self.slots)])
