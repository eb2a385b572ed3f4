"""The connection of a Telegram bot."""

from __future__ import annotations

import asyncio
from functools import cached_property, partial
from typing import TYPE_CHECKING

from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.telegram.api import BotApi
from kagami.adapters.telegram.codec import Me, Moment, decode, read, read_quoted
from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.heard import Heard
from kagami.adapters.telegram.media import Fetcher
from kagami.adapters.telegram.poll import Poller
from kagami.adapters.telegram.wire import Update, User
from kagami.errors import KagamiError, WireError
from kagami.model.action import Action, Receipt, Send, Sent
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, UserId, bot_id
from kagami.net.api import Api
from kagami.ports import Adapter, Intake, Login

if TYPE_CHECKING:
    from kagami.adapters.telegram.sending import Sending

_MOST_NAMES = 2000


def open_bot(config: TelegramConfig, kit: Kit, before: Adapter | None = None) -> TelegramBot:
    del before  # the token tells the account
    return TelegramBot(config, kit)


class TelegramBot:
    """Implements `ports.Adapter`."""

    def __init__(self, config: TelegramConfig, kit: Kit) -> None:
        self._config = config
        self._kit = kit
        self._id = bot_id("telegram", config.account)
        self._account: Account | None = None

    @property
    def id(self) -> BotId:
        return self._id

    def login(self) -> Login | None:
        """There is none: the token is all."""
        return None

    def configure(self, config: TelegramConfig) -> bool:
        if not self._config.same_connection(config):
            return False
        self._config = config
        if self._account is not None:
            self._account.configure(name=config.name, pace=config.pace)
        return True

    async def run(self, intake: Intake) -> None:
        config = self._config
        async with Api(config.api_url, proxy=config.proxy) as api:
            session = _Session(BotApi(api, config), self._id, self._kit)
            account = self._account = Account(
                self._id,
                "telegram",
                self._kit,
                intake,
                perform=session.perform,
                name=config.name,
                pace=config.pace,
            )
            intake.attach(account)
            try:
                if not config.enabled:
                    account.tell("stopped", "paused by an operator")
                    await asyncio.get_running_loop().create_future()
                await session.run(account)
            finally:
                intake.detach(account)


class _Session:
    """What one run of a connection knows."""

    def __init__(self, api: BotApi, bot: BotId, kit: Kit) -> None:
        self._api = api
        self._kit = kit
        self._me = Me(bot, 0)
        self._names: dict[str, str] = {}
        self._called = ""
        self._heard = Heard()
        self._fetcher = Fetcher(api, kit.media)

    @cached_property
    def _sending(self) -> Sending:
        from kagami.adapters.telegram.sending import Sending  # noqa: PLC0415 (an idle bot says nothing)

        return Sending(self._api, self._kit, self._fetcher, self._heard, self._names)

    async def perform(self, action: Action) -> Receipt:
        receipt = await self._sending.perform(action)
        if isinstance(action, Send) and isinstance(receipt, Sent):
            self._heard.add(self._ours(action, receipt.message_id))
        return receipt

    def _ours(self, said: Send, message_id: str) -> Event:
        me, now_ms = self._me, self._kit.clock.wall_ms()
        private = said.chat.startswith("private:")
        return Event(
            execution=self._kit.execution(now_ms),
            bot=me.bot,
            kind="message",
            name="private" if private else "group",
            chat=said.chat,
            user=UserId(str(me.number)),
            time_ms=now_ms,
            dedupe=f"m:{message_id}",
            message=said.message,
            message_id=message_id,
            sender=Sender(name=self._called),
        )

    async def run(self, account: Account) -> None:
        async with asyncio.TaskGroup() as group:
            poller = Poller(
                self._api,
                account,
                self._kit,
                greet=partial(self._greet, account),
                take=partial(self._take, account, group),
            )
            account.leave = poller.leave
            group.create_task(account.watch(), name=f"watch {account.id}")
            await poller.run()

    def _greet(self, account: Account, user: User) -> None:
        self._me = Me(self._me.bot, user.id, user.username)
        self._called = user.name
        account.called(user.name)

    async def _take(self, account: Account, group: asyncio.TaskGroup, updates: list[bytes]) -> None:
        """Everything of one answer; on disk when it ends, in the order in which it came."""
        read_at = self._kit.clock.monotonic()
        found: list[Event] = []
        for raw in updates:
            moment = Moment(self._kit.clock.wall_ms(), self._kit.execution)
            try:
                update = decode(raw)
                event = read(update, raw, self._me, moment)
            except WireError as error:
                account.complain(error.text(), raw)
                continue
            if event is not None:
                self._remember(event)
                found.append(event)
            if (quoted := read_quoted(update, self._me, moment)) is not None:
                self._heard.quoted(quoted)
            self._settle(group, update)
        kept = await self._fetcher.filled(found)
        for event in kept:
            self._heard.add(event)
        # All are handed over at once, so that they share a write to the disk.
        ends = await asyncio.gather(*(account.take(event, read_at) for event in kept), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    def _remember(self, event: Event) -> None:
        if event.sender.name:
            self._names.pop(event.user, None)
            self._names[event.user] = event.sender.name
        if len(self._names) > _MOST_NAMES:
            del self._names[next(iter(self._names))]

    def _settle(self, group: asyncio.TaskGroup, update: Update) -> None:
        """A pressed button shows that it waits until it is answered."""
        if update.callback_query is not None:
            group.create_task(self._answer(update.callback_query.id), name="answer a button")

    async def _answer(self, query: str) -> None:
        try:
            await self._api.ask("answerCallbackQuery", {"callback_query_id": query})
        except KagamiError:
            return  # it stops waiting by itself
