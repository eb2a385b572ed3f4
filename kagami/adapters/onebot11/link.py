"""Both ways to an implementation: it connects to the gateway (`OneBotReception`), or we to it (`ForwardBot`)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from kagami import log
from kagami.adapters.kit import Kit
from kagami.adapters.onebot11.bot import POLICY, OneBotBot
from kagami.adapters.onebot11.codec import STANDARD, Dialect, Identity, identity
from kagami.adapters.onebot11.config import OneBot11Config, PeerConfig, Seconds
from kagami.adapters.onebot11.introduction import introduce
from kagami.adapters.onebot11.line import Line, seats_of
from kagami.clock import Clock
from kagami.core.backoff import Randomness
from kagami.core.handshake import Welcome, is_account
from kagami.core.pace import Pace
from kagami.core.secrets import Secret
from kagami.errors import CredentialsRefused, HandshakeRefused
from kagami.meters import Meters
from kagami.model.ids import BotId, bot_id
from kagami.net.link import Link, Turn, Where, show_url
from kagami.net.supervise import Nursery
from kagami.ports import Adapter, BotState, Intake, Login, Media, Socket

ALIVE_SECONDS = 1.0
# Whoever knows the token may name any account; each is remembered.
MAX_ACCOUNTS = 1000
CONFLICT = 409
# What a close frame holds.
LONGEST_REASON = 100
UNAVAILABLE = 503

_say = log.get("onebot11")

Explain = Callable[[BotState, str], tuple[BotState, str]]


class OneBotReception:
    """Implements `ports.Reception`: one bot for each account that has ever connected."""

    def __init__(
        self,
        intake: Intake,
        *,
        clock: Clock,
        nursery: Nursery,
        meters: Meters,
        config: PeerConfig | None = None,
        media: Media | None = None,
        dialects: Mapping[str, Dialect] | None = None,
    ) -> None:
        self._intake = intake
        self._dialects = dialects or {}
        self._clock = clock
        self._nursery = nursery
        self._meters = meters
        self._config = config or PeerConfig()
        self._media = media
        self._bots: dict[BotId, OneBotBot] = {}

    def configure(self, config: PeerConfig) -> None:
        """Go on with other settings, those that are here already too."""
        self._config = config
        for bot in self._bots.values():
            bot.configure(name="", pace=bot.pace, call_seconds=config.call_seconds)

    async def admit(self, welcome: Welcome) -> None:
        """A seat that is taken by a connection on which somebody still answers stays taken."""
        if not welcome.account:
            return  # it is asked when it is here
        bot = bot_id(welcome.platform, welcome.account)
        mine = self._bots.get(bot)
        other = self._intake.current(bot)
        if other is not None and other is not mine and other.health().state in {"online", "silent"}:
            raise self._conflict(bot, other.health().peer)
        if mine is None:
            if len(self._bots) >= MAX_ACCOUNTS:
                raise HandshakeRefused(status=UNAVAILABLE, reason=f"{MAX_ACCOUNTS} accounts have connected already")
            return
        for line in mine.holders(seats_of(welcome.role)):
            if await line.socket.probe(ALIVE_SECONDS) is not None:
                raise self._conflict(bot, line.socket.peer)
            line.dead = True

    async def serve(self, socket: Socket, welcome: Welcome) -> None:
        held: list[bytes] = []
        if not welcome.account:
            try:
                welcome, held = await self._learn(socket, welcome)
            except (HandshakeRefused, CredentialsRefused) as error:
                await socket.close(POLICY, str(error.details["reason"])[:LONGEST_REASON])
                return
        bot = self._bot(welcome)
        line = Line(socket, welcome.role, self._media, bot.dialect)
        rivals = bot.holders(line.seats)
        if not all(rival.dead for rival in rivals):
            # Two newcomers were admitted at once; this one was slower.
            await socket.close(POLICY, "another connection has this account")
            return
        for rival in rivals:
            _say.warning("taken over from a dead connection", bot=bot.id, peer=rival.socket.peer)
            self._nursery.start("close a dead connection", rival.socket.close(POLICY, "another connection took over"))
        await bot.serve(line, held)

    async def _learn(self, socket: Socket, welcome: Welcome) -> tuple[Welcome, list[bytes]]:
        """Of a peer that says only in its first frame which account it brings; admitted as if it had said it before."""
        account, held = await introduce(socket, socket.peer)
        if not is_account(account):
            raise HandshakeRefused(status=400, reason="self_id names no account")
        known = msgspec.structs.replace(welcome, account=account)
        await self.admit(known)
        return known, held

    def _bot(self, welcome: Welcome) -> OneBotBot:
        who = identity(welcome.platform, welcome.account)
        bot = self._bots.get(who.bot)
        if bot is None:
            bot = self._bots[who.bot] = OneBotBot(
                who,
                self._intake,
                clock=self._clock,
                nursery=self._nursery,
                meters=self._meters,
                call_seconds=self._config.call_seconds,
                media=self._media,
                dialect=self._dialects.get(welcome.platform, STANDARD),
            )
        return bot

    def _conflict(self, bot: BotId, peer: str) -> HandshakeRefused:
        self._meters.count["onebot_conflicts", bot] += 1
        _say.warning("a second connection claims an account that is connected", bot=bot, peer=peer)
        return HandshakeRefused(status=CONFLICT, reason=f"{bot} is already connected")


def open_bot(config: OneBot11Config, kit: Kit, before: Adapter | None = None) -> ForwardBot:
    known = before.known if isinstance(before, ForwardBot) else None
    return ForwardBot(
        config,
        clock=kit.clock,
        nursery=kit.nursery,
        meters=kit.meters,
        media=kit.media,
        known=known,
        randomness=kit.randomness,
        turn=kit.turn,
    )


class Table(Protocol):
    """What the tables of all who are dialled have."""

    @property
    def name(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def url(self) -> str: ...
    @property
    def token(self) -> Secret: ...
    @property
    def call_seconds(self) -> Seconds: ...


class ForwardBot:
    """Implements `ports.Adapter`: keeps one connection to an implementation that runs a WebSocket server.

    Until the first frame tells which account is there, a bot stands for it: under the account that is `known` from an
    earlier connection to the same address, or else the configured name or address. For one that is paused it stands
    all the time.

    Where the address is another one each time, `url` is what stands for it and `where` is asked; then the token is in
    the address. `explain` may know better than the connection why there is none.
    """

    def __init__(
        self,
        config: Table,
        *,
        clock: Clock,
        nursery: Nursery,
        meters: Meters,
        media: Media | None = None,
        known: Identity | None = None,
        turn: Turn | None = None,
        randomness: Randomness = random.random,
        dialect: Dialect = STANDARD,
        url: str = "",
        where: Where | None = None,
        explain: Explain | None = None,
    ) -> None:
        self._config = config
        self._turn = turn
        self._randomness = randomness
        self._dialect = dialect
        self._url = url or config.url
        self._where = where
        self._explain = explain
        self._known = known is not None
        self._who = known or Identity(bot_id(dialect.adapter, config.name or show_url(self._url)), "")
        self._place: _Place | None = None
        self._link: Link | None = None
        self._media = media
        self._clock = clock
        self._nursery = nursery
        self._meters = meters
        self._address = show_url(self._url)

    @property
    def id(self) -> BotId:
        """Of whoever stands for the account at the moment."""
        return self._who.bot

    @property
    def known(self) -> Identity | None:
        """The account, when it has told which one it is."""
        return self._who if self._known else None

    def hurry(self) -> None:
        """Dial now, however long the pause was to be."""
        if self._link is not None:
            self._link.hurry()

    def login(self) -> Login | None:
        """There is none: the implementation logs in by itself."""
        return None

    def configure(self, config: Table) -> bool:
        """Go on with other settings; False when the connection has to be opened anew for them."""
        now = self._config
        same = (now.url, now.token, now.enabled) == (config.url, config.token, config.enabled)
        # Who is not known yet stands under the configured name.
        if not same or (config.name != now.name and not (self._known and config.name)):
            return False
        self._config = config
        if self._place is not None:
            self._place.bot.configure(name=config.name, pace=config.pace, call_seconds=config.call_seconds)
        return True

    async def run(self, intake: Intake) -> None:
        place = self._place = _Place(self._stand(intake, self._who), self._explain)
        try:
            if not self._config.enabled:
                place.tell("stopped", "paused by an operator")
                await asyncio.get_running_loop().create_future()
            await self._dial(intake, place)
        finally:
            intake.detach(place.bot)

    async def _dial(self, intake: Intake, place: _Place) -> None:
        link = self._link = Link(
            self._url,
            token="" if self._where else self._config.token.reveal(),
            clock=self._clock,
            nursery=self._nursery,
            meters=self._meters,
            tell=place.tell,
            where=self._where,
            turn=self._turn,
            randomness=self._randomness,
        )
        await link.run(lambda socket: self._serve(intake, place, socket))

    def _stand(self, intake: Intake, who: Identity) -> OneBotBot:
        bot = OneBotBot(
            who,
            intake,
            clock=self._clock,
            nursery=self._nursery,
            meters=self._meters,
            name=self._config.name,
            pace=self._config.pace,
            call_seconds=self._config.call_seconds,
            media=self._media,
            dialect=self._dialect,
        )
        intake.attach(bot)
        return bot

    async def _serve(self, intake: Intake, place: _Place, socket: Socket) -> None:
        account, held = await introduce(socket, self._address)
        who = self._who = identity(self._dialect.platform, account)
        self._known = True
        if place.bot.id != who.bot:
            former, place.bot = place.bot, self._stand(intake, who)
            intake.detach(former)
        await place.bot.serve(Line(socket, "universal", self._media, self._dialect), held)


class _Place:
    """Whoever stands for the account at the moment."""

    def __init__(self, bot: OneBotBot, explain: Explain | None) -> None:
        self.bot = bot
        self._explain = explain

    def tell(self, state: BotState, reason: str) -> None:
        self.bot.away(*((state, reason) if self._explain is None else self._explain(state, reason)))
