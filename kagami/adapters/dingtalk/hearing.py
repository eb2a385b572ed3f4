"""What DingTalk pushes: each message is fetched whole, put on disk, and then acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from kagami import log
from kagami.adapters.account import Account
from kagami.adapters.dingtalk.codec import (
    read_event,
    read_frame,
    read_happened,
    read_said,
    wanted,
    without_secrets,
    write_ack,
)
from kagami.adapters.dingtalk.conversations import Conversations
from kagami.adapters.dingtalk.robot import Robot
from kagami.adapters.dingtalk.wire import BOT_TOPIC, Frame, Said
from kagami.adapters.kit import Kit
from kagami.errors import KagamiError, RowRefused, StoreClosed, WireError
from kagami.model.event import Event
from kagami.net.link import Again
from kagami.ports import Socket

TAKEN = '{"response":null}'
SUCCESS = '{"status":"SUCCESS","message":"success"}'
BAD_FRAME, NO_HANDLER = 400, 404
FETCH_SECONDS = 10.0
LARGEST_AT_ONCE = 20 * 1024 * 1024
MOST_UNDER_WAY = 200
PARTING_SECONDS = 2.0
LEAST_PATIENCE_S = 90.0
BEATS_MISSED = 3

_say = log.get("dingtalk")


class Beats:
    """How often the gateway pings. TCP lives on when it has forgotten a stream; then its pings stay away."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._longest = 0.0

    def beat(self, now: float) -> None:
        if self._last is not None:
            self._longest = max(self._longest, now - self._last)
        self._last = now

    @property
    def patience(self) -> float | None:
        """Seconds without a frame that are too many; None as long as the rhythm is not known."""
        return max(LEAST_PATIENCE_S, BEATS_MISSED * self._longest) if self._longest else None


class Hearing:
    """Serves one connection after the other. Messages of one chat keep their order; those of others run beside them."""

    def __init__(self, account: Account, robot: Robot, conversations: Conversations, kit: Kit) -> None:
        self._account = account
        self._robot = robot
        self._conversations = conversations
        self._kit = kit
        self._last: dict[str, asyncio.Task[None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._beats = Beats()

    async def serve(self, socket: Socket) -> None:
        """Until the connection ends (`EOFError`), or DingTalk asks for another one (`Again`)."""
        self._beats = Beats()
        while True:
            try:
                async with asyncio.timeout(self._beats.patience):
                    raw = await socket.receive()
            except TimeoutError:
                raise EOFError(f"nothing came for {self._beats.patience:.0f} s, not even a ping") from None
            await self._frame(socket, raw)
            await self._account.room()
            if len(self._under_way) >= MOST_UNDER_WAY:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def end(self) -> None:
        """Give up what is under way: it was not acknowledged."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _frame(self, socket: Socket, raw: bytes) -> None:
        read_at = self._kit.clock.monotonic()
        self._account.heard()
        try:
            frame = read_frame(raw)
        except WireError as error:
            self._account.complain(error.text(), without_secrets(raw))
            return
        try:
            await self._route(socket, frame, read_at)
        except WireError as error:
            self._account.complain(error.text(), without_secrets(raw))
            await _answer(socket, write_ack(frame, "{}", code=BAD_FRAME, message="not understood"))

    async def _route(self, socket: Socket, frame: Frame, read_at: float) -> None:
        match frame.type, frame.topic:
            case "SYSTEM", "ping":
                self._beats.beat(read_at)
                await socket.send(write_ack(frame, frame.data))
            case "SYSTEM", "disconnect":
                await self._part(socket, frame)
            case "SYSTEM", _:
                pass  # CONNECTED, REGISTERED, KEEPALIVE ask for nothing
            case "CALLBACK", topic if topic == BOT_TOPIC:
                said = read_said(frame)
                before = self._last.get(said.chat)
                self._start(said.chat, self._message(socket, frame, said, read_at, before))
            case "EVENT", _:
                now_ms = self._kit.clock.wall_ms()
                events = read_happened(frame, bot=self._account.id, execution=self._kit.execution, now_ms=now_ms)
                self._start("", self._take(socket, write_ack(frame, SUCCESS), events, read_at))
            case _:
                await socket.send(write_ack(frame, "{}", code=NO_HANDLER, message="no handler"))

    async def _part(self, socket: Socket, frame: Frame) -> None:
        """DingTalk closes soon and brings nothing more; what came before still gets its acknowledgement."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PARTING_SECONDS)
        await _answer(socket, write_ack(frame, frame.data))
        raise Again

    def _start(self, chat: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._kit.nursery.start(f"message to {self._account.id}", work)
        self._under_way.add(task)
        if chat:
            self._last[chat] = task
        task.add_done_callback(lambda _: self._done(chat, task))

    def _done(self, chat: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._last.get(chat) is task:
            del self._last[chat]

    async def _message(
        self, socket: Socket, frame: Frame, said: Said, read_at: float, before: asyncio.Task[None] | None
    ) -> None:
        kept = await self._files(said)
        if before is not None:
            await asyncio.wait([before])
        event = read_event(
            frame,
            said,
            bot=self._account.id,
            execution=self._kit.execution,
            now_ms=self._kit.clock.wall_ms(),
            kept=kept,
        )
        title = (said.conversation_title or "") if said.chat.startswith("group:") else (said.sender_nick or "")
        webhook, until_ms = said.session_webhook or "", said.session_webhook_expired_time or 0
        if webhook and not self._conversations.trusts(webhook):
            _say.warning("a session webhook is not DingTalk's and is not used", bot=self._account.id)
        await self._conversations.learn(said.chat, title, webhook, until_ms)
        await self._take(socket, write_ack(frame, TAKEN), [] if event is None else [event], read_at)

    async def _take(self, socket: Socket, ack: bytes, events: list[Event], read_at: float) -> None:
        """Acknowledge when all of it is on disk. What cannot be stored now comes again."""
        try:
            for event in events:
                await self._account.take(event, read_at)
        except (StoreClosed, RowRefused) as error:
            _say.warning("an event was not kept", bot=self._account.id, reason=error.text())
            return
        await _answer(socket, ack)

    async def _files(self, said: Said) -> dict[str, str]:
        """References of the files that come quickly, by their codes; the others are fetched when somebody asks."""
        kept: dict[str, str] = {}
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                for each in wanted(said):
                    content = await self._robot.download(each.code, largest=LARGEST_AT_ONCE)
                    kept[each.code] = await self._kit.media.keep(content, each.name)
        except (KagamiError, TimeoutError) as error:
            reason = error.text() if isinstance(error, KagamiError) else "it takes too long"
            _say.warning("a file is not fetched yet", bot=self._account.id, message=said.msg_id, reason=reason)
        return kept


async def _answer(socket: Socket, frame: bytes) -> None:
    """To whoever is still there: what is not acknowledged comes again."""
    with suppress(EOFError, ConnectionError):
        await socket.send(frame)
