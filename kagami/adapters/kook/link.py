"""A bot of KOOK: its account, its gateway, what it is asked to do."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.kook.client import Client
from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.connection import Connection
from kagami.adapters.kook.keeping import Keeper, Known
from kagami.adapters.kook.session import Session
from kagami.adapters.kook.wire import Author, Gateway, part
from kagami.errors import Declined, Refused, Unavailable
from kagami.model.action import Action, Delete, Failed, Receipt, Send
from kagami.model.ids import BotId, bot_id
from kagami.net.api import Api
from kagami.net.link import Link
from kagami.ports import Adapter, BotState, Intake, Login, Socket

if TYPE_CHECKING:
    from kagami.adapters.kook.calls import Calls

KIND = "kook"
POLICY = 1008


def open_bot(config: KookConfig, kit: Kit, before: Adapter | None = None) -> Adapter:
    return KookBot(config, kit, known=before.known if isinstance(before, KookBot) else None)


class KookBot:
    """Implements `ports.Adapter`. Until KOOK or an earlier run has told which account the token is of, a bot stands for
    it under the configured name or address.
    """

    def __init__(self, config: KookConfig, kit: Kit, *, known: Known | None = None) -> None:
        self._config = config
        self._kit = kit
        self.known = known
        self._asked = False
        self._keeper = Keeper(config, kit.memory, kit.vault)
        self._session = Session(kit.randomness)
        self._api = Api(config.api_url, private=kit.private)
        self._client = Client(self._api, config.token, kit.clock)
        self._account: Account | None = None
        self._taking: set[asyncio.Task[bool]] = set()

    @property
    def id(self) -> BotId:
        """Of whoever stands for the account at the moment."""
        return bot_id(KIND, self.known.id if self.known else self._config.name or self._config.address)

    def login(self) -> Login | None:
        """There is none: the token is all."""
        return None

    def configure(self, config: KookConfig) -> bool:
        """Go on with other settings; False when the connection has to be opened anew for them."""
        now = self._config
        # Who is not known yet stands under the configured name.
        if not config.same_connection(now) or (config.name != now.name and self.known is None):
            return False
        self._config = config
        if self._account is not None:
            self._account.configure(name=config.name, pace=config.pace)
        return True

    async def run(self, intake: Intake) -> None:
        self.known = self.known or await self._keeper.account()
        place = _Place(intake, self._stand(intake))
        try:
            if not self._config.enabled:
                place.account.tell("stopped", "paused by an operator")
                await asyncio.get_running_loop().create_future()
            async with self._api:
                await self._keeper.restore(self._session)
                await self._link(place).run(lambda channel: self._serve(place, channel))
        finally:
            for task in self._taking:
                task.cancel()
            self._account = None
            intake.detach(place.account)

    def _stand(self, intake: Intake) -> Account:
        config = self._config
        account = Account(self.id, KIND, self._kit, intake, perform=self._perform, name=config.name, pace=config.pace)
        account.called(self.known.name if self.known else "")
        intake.attach(account)
        self._account = account
        return account

    # --- the gateway ---

    def _link(self, place: _Place) -> Link:
        return Link(
            self._config.api_url,
            token="",  # the gateway's address has one of its own
            clock=self._kit.clock,
            nursery=self._kit.nursery,
            meters=self._kit.meters,
            tell=place.tell,
            where=lambda: self._where(place),
            turn=self._kit.turn,
            randomness=self._kit.randomness,
        )

    async def _where(self, place: _Place) -> str:
        """The address of the session that goes on, or of a new one."""
        if self._session.id:
            # The next run must not go on from before what this address acknowledges.
            await self._keeper.save(self._session)
        if url := self._session.address():
            return url
        try:
            await self._introduce(place)
            url = await self._gateway()
        except Refused as error:
            raise Unavailable(what="KOOK", reason=error.text()) from None
        self._session.begin(url)
        return url

    async def _introduce(self, place: _Place) -> None:
        """Ask once which account this is."""
        if self._asked:
            return
        me = part(await self._client.credentials("/user/me"), Author)
        if me is None or not me.id:
            raise Unavailable(what="KOOK", reason="it does not say which account the token is of")
        self._asked = True
        known = Known(str(me.id), me.username)
        if known == self.known:
            return
        self.known = known
        await self._keeper.learn(known)
        place.account.called(known.name)
        if place.account.id != self.id:
            former, place.account = place.account, self._stand(place.intake)
            place.intake.detach(former)
            place.account.tell("connecting")

    async def _gateway(self) -> str:
        found = part(await self._client.credentials("/gateway/index", {"compress": "1"}), Gateway)
        url = found.url if found is not None else ""
        # What is wrong with it is told without it: it holds a token.
        secure = urlsplit(self._config.api_url).scheme == "https"
        if not url.startswith("wss://" if secure else ("ws://", "wss://")) or not url.isprintable() or " " in url:
            raise Unavailable(what="KOOK", reason="its gateway has no address that can be dialled")
        return url

    async def _serve(self, place: _Place, socket: Socket) -> None:
        place.account.leave = lambda reason: socket.close(POLICY, reason)
        connection = Connection(
            socket,
            self._session,
            place.account,
            place.intake,
            self._kit,
            save=lambda: self._keeper.save(self._session),
            taking=self._taking,
        )
        try:
            await connection.run()
        finally:
            place.account.leave = None

    # --- what it is asked to do: loaded at the first use, for an idle bot says nothing ---

    @cached_property
    def _calls(self) -> Calls:
        from kagami.adapters.kook.calls import Calls  # noqa: PLC0415

        return Calls(self._client)

    async def _perform(self, action: Action) -> Receipt:
        from kagami.adapters.kook.sending import delete, send  # noqa: PLC0415

        try:
            if isinstance(action, Send):
                return await send(self._client, self._kit.media, action)
            if isinstance(action, Delete):
                return await delete(self._client, action)
            return await self._calls.call(action)
        except Declined as error:
            return Failed(error.text(), error.number)


class _Place:
    """Whoever stands for the account at the moment."""

    def __init__(self, intake: Intake, account: Account) -> None:
        self.intake = intake
        self.account = account

    def tell(self, state: BotState, reason: str) -> None:
        self.account.tell(state, reason)
