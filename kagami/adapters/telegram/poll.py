"""Long polling: updates are asked for, kept, and only then confirmed by asking for those behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.telegram.api import BotApi, told
from kagami.adapters.telegram.codec import read_number
from kagami.adapters.telegram.wire import ALLOWED_UPDATES, Answer, User
from kagami.core.backoff import Backoff
from kagami.errors import Conflict, CredentialsRefused, KagamiError, Throttled, Unavailable

POLL_S = 50
# What the network may take on top.
MARGIN_S = 15.0
GOODBYE_S = 2.0
REFUSALS = 3
SHORTEST_CONFLICT_S = 5.0
_REFUSED = (401, 404)
_CONFLICT = 409
_TOO_MANY = 429

# Takes one update; ends when it is on disk.
Take = Callable[[list[bytes]], Awaitable[None]]
Greet = Callable[[User], None]

_results = msgspec.json.Decoder(list[msgspec.Raw])
_users = msgspec.json.Decoder(User)


class Poller:
    """One listener. `greet` hears who the bot is, `take` gets what came."""

    def __init__(self, api: BotApi, account: Account, kit: Kit, *, greet: Greet, take: Take) -> None:
        self._api = api
        self._account = account
        self._kit = kit
        self._greet = greet
        self._take = take
        self._backoff = Backoff(kit.randomness)
        self._conflicts = Backoff(kit.randomness, base=2 * SHORTEST_CONFLICT_S)
        self._offset = 0
        self._confirmed = 0
        self._freed = False
        self._refusals = 0
        self._known = False
        self._waiting: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Until cancelled; then what was kept is confirmed, so that it does not come again."""
        try:
            while self._refusals < REFUSALS:
                error = await self._listen()
                if self._refusals < REFUSALS:
                    await self._pause(error)
            self._account.tell("auth_failed", f"{error.text()}. Copy the token anew from BotFather, bots.token")
            await asyncio.get_running_loop().create_future()
        finally:
            await self._part()

    async def leave(self, reason: str) -> None:
        """End the present poll; it begins anew after a pause."""
        del reason  # an operator's doing is the only one
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def _listen(self) -> KagamiError:
        """Poll until something stands in the way."""
        await self._kit.turn()
        began = self._kit.clock.monotonic()
        online = False
        try:
            if not self._known:
                await self._introduce()
            while True:
                await self._account.room()
                # The first one is answered at once: it shows that the token is good and nobody else polls.
                updates = await self._poll(POLL_S if online else 0)
                if not online:
                    online = True
                    self._refusals = 0
                    self._account.tell("online", peer=self._api.peer)
                await self._keep(updates)
        except CredentialsRefused as error:
            self._refusals += 1
            return error
        except KagamiError as error:
            return error
        finally:
            lived = self._kit.clock.monotonic() - began if online else 0.0
            self._backoff.lived(lived)
            self._conflicts.lived(lived)

    async def _introduce(self) -> None:
        answer = await self._api.ask("getMe", {})
        if not answer.ok:
            raise self._trouble(answer)
        try:
            self._greet(_users.decode(answer.result))
        except msgspec.MsgspecError as error:
            raise Unavailable(what=self._api.peer, reason=f"it does not tell who the bot is: {error}") from None
        self._known = True

    async def _poll(self, seconds: int) -> list[bytes]:
        began = self._kit.clock.monotonic()
        answer = await self._ask(seconds)
        if not answer.ok and answer.error_code == _CONFLICT and "webhook" in answer.description and not self._freed:
            self._freed = True  # once: who sets it again wants it
            freed = await self._api.ask("deleteWebhook", {"drop_pending_updates": False})
            answer = await self._ask(seconds) if freed.ok else freed
        if not answer.ok:
            raise self._trouble(answer)
        self._confirmed = self._offset
        self._account.heard(0.0 if seconds else 1000 * (self._kit.clock.monotonic() - began))
        try:
            return [bytes(each) for each in _results.decode(answer.result)]
        except msgspec.MsgspecError as error:
            raise Unavailable(what=self._api.peer, reason=f"it brings no updates: {error}") from None

    async def _ask(self, seconds: int) -> Answer:
        params = {"timeout": seconds, "allowed_updates": ALLOWED_UPDATES}
        try:
            async with asyncio.timeout(None) as self._waiting:
                asked = params | ({"offset": self._offset} if self._offset else {})
                return await self._api.ask("getUpdates", asked, seconds=seconds + MARGIN_S)
        except TimeoutError:
            raise Unavailable(what=self._api.peer, reason="disconnected by an operator") from None
        finally:
            self._waiting = None

    async def _keep(self, updates: list[bytes]) -> None:
        """The offset moves when all of them are on disk."""
        if not updates:
            return
        await self._take(updates)
        numbers = [number for each in updates if (number := read_number(each)) is not None]
        if not numbers:
            raise Unavailable(what=self._api.peer, reason="it brings updates without a number")
        self._offset = max(numbers) + 1

    def _trouble(self, answer: Answer) -> KagamiError:
        reason = told(answer)
        match answer.error_code:
            case code if code in _REFUSED:
                return CredentialsRefused(peer=self._api.peer, reason=reason)
            case 409 if "webhook" in answer.description:
                return Conflict(reason=f"A webhook takes the updates, and comes back when it is removed: {reason}")
            case 409:
                return Conflict(reason=f"Another program polls with the same token; stop one of the two: {reason}")
            case 429:
                return Throttled(seconds=max(1, answer.parameters.retry_after))
        return Unavailable(what=self._api.peer, reason=reason)

    async def _pause(self, error: KagamiError) -> None:
        if isinstance(error, Conflict):
            seconds = max(SHORTEST_CONFLICT_S, self._conflicts.delay())
        elif isinstance(error, Throttled):
            seconds = float(str(error.details["seconds"])) + self._kit.randomness()
        else:
            seconds = self._backoff.delay()
        self._account.tell("backoff", f"{error.text()}; next try in {seconds:.0f} s")
        await self._kit.clock.sleep(seconds)

    async def _part(self) -> None:
        """The offset lives on the server: the last one it has to be told."""
        if self._offset > self._confirmed:
            with suppress(KagamiError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._api.ask("getUpdates", {"offset": self._offset, "timeout": 0, "limit": 1})
