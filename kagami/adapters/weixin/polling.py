"""The one listener of an account: long polls, one after the other, the cursor moved when what came is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.weixin.codec import Read, read_message, waiting, with_files, without_secrets
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import HELD_SECONDS, SLACK_SECONDS, ILink
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import Peers
from kagami.adapters.weixin.wire import Updates
from kagami.core.backoff import Backoff
from kagami.errors import CredentialsRefused, NotReached, Refused, Unavailable, WireError

CURSOR = "cursor"
LONGEST_HOLD_SECONDS = 120.0
FAREWELL_SECONDS = 1.0
# The platform holds a question on which nothing comes. Who does not is not asked again at once.
SHORTEST_HOLD_SECONDS = 1.0


class Poll:
    """`run` ends by itself only when the login has ended."""

    def __init__(
        self, ilink: ILink, carrier: Carrier, account: Account, kit: Kit, *, peers: Peers, files: Files
    ) -> None:
        self._ilink = ilink
        self._carrier = carrier
        self._peers = peers
        self._files = files
        self._account = account
        self._kit = kit
        self._cursor = ""
        self._seconds = HELD_SECONDS + SLACK_SECONDS

    async def run(self) -> None:
        backoff = Backoff(self._kit.randomness)
        self._cursor = await self._kit.memory.read(self._account.id, CURSOR)
        while True:
            await self._kit.turn()
            began = self._kit.clock.monotonic()
            try:
                await self._listen()
            except CredentialsRefused as error:
                return self._account.tell("auth_failed", error.text())
            except (Unavailable, Refused, WireError) as error:
                self._account.tell("backoff", error.text())
            backoff.lived(self._kit.clock.monotonic() - began)
            await self._kit.clock.sleep(backoff.delay())

    async def _listen(self) -> None:
        await self._announce()
        try:
            while True:
                await self._account.room()
                asked = self._kit.clock.monotonic()
                updates = await self._ilink.updates(self._cursor, self._seconds)
                self._account.heard()
                if updates is not None:
                    await self._take(updates)
                self._account.tell("online", peer=self._ilink.host)
                held = self._kit.clock.monotonic() - asked
                if updates is not None and not updates.msgs and held < SHORTEST_HOLD_SECONDS:
                    await self._kit.clock.sleep(SHORTEST_HOLD_SECONDS)
        except asyncio.CancelledError:
            with suppress(TimeoutError, Unavailable, Refused, WireError, CredentialsRefused):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._ilink.notify("stop")
            raise

    async def _announce(self) -> None:
        """That somebody listens now. The platform does without it, so only a network that is away counts."""
        try:
            answer = await self._ilink.notify("start")
        except NotReached:
            raise
        except (Unavailable, WireError):
            return
        if not answer.code:
            self._account.tell("online", peer=self._ilink.host)

    async def _take(self, updates: Updates) -> None:
        if updates.code:
            raise Unavailable(what="WeChat", reason=f"it answers {updates.code} {updates.errmsg or ''}".rstrip())
        told = [each for raw in updates.msgs or [] if (each := self._read(bytes(raw))) is not None]
        await self._keep(told)
        cursor = updates.get_updates_buf or self._cursor
        if told or cursor != self._cursor:
            noted = {CURSOR: cursor, **self._peers.changes(), **self._files.changes()}
            await self._kit.memory.write(self._account.id, noted)
            self._cursor = cursor
        if held_ms := max(0, updates.longpolling_timeout_ms or 0):
            self._seconds = min(LONGEST_HOLD_SECONDS, held_ms / 1000) + SLACK_SECONDS

    async def _keep(self, told: Sequence[Read]) -> None:
        """All of them on disk when it ends, in one go and in their order."""
        read_at = self._kit.clock.monotonic()
        for event, token in told:
            self._peers.heard(event.user, token, self._kit.clock.wall_ms())
        written = [each for event, _ in told for each in waiting(event.message)]
        kept = await self._carrier.bring_quickly(written, self._kit.clock.wall_ms())
        await asyncio.gather(*(self._account.take(with_files(event, kept), read_at) for event, _ in told))

    def _read(self, raw: bytes) -> Read | None:
        now_ms = self._kit.clock.wall_ms()
        try:
            return read_message(raw, bot=self._account.id, execution=self._kit.execution(now_ms), now_ms=now_ms)
        except WireError as error:
            self._account.complain(error.text(), without_secrets(raw))
            return None
