"""A robot of Feishu or Lark on its long connection."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from kagami import log
from kagami.adapters.account import KeyedAccount
from kagami.adapters.feishu.codec import Context, Who, read
from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.feishu.endpoint import Place, read_endpoint, read_handshake
from kagami.adapters.feishu.line import Line, Settle
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.names import Names
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import KEYED_S, Rest
from kagami.adapters.feishu.wire import RobotAnswer
from kagami.adapters.kit import Kit
from kagami.errors import Crowded, Declined, RowRefused, StoreClosed, WireError
from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, bot_id
from kagami.net.api import Api
from kagami.net.channel import Channel
from kagami.net.link import Link
from kagami.ports import Adapter, Intake, Login

if TYPE_CHECKING:
    from kagami.adapters.feishu.calls import Calls
    from kagami.adapters.feishu.sending import Sending

ADAPTER = "feishu"
MOST_JOBS = 500
CROWDED_S = 300.0
LONGEST_ASKED_S = 600.0
POLICY = 1008

_say = log.get("feishu")


def open_bot(config: FeishuConfig, kit: Kit, before: Adapter | None = None) -> FeishuBot:
    return FeishuBot(config, kit, before if isinstance(before, FeishuBot) else None)


@dataclass(slots=True)
class Known:
    """What is known of an account, over all its connections."""

    who: Who
    name: str = ""
    recent: Recent = field(default_factory=Recent)


class FeishuBot:
    """Implements `ports.Adapter`. What `before` knew of the account and its messages is still known."""

    def __init__(self, config: FeishuConfig, kit: Kit, before: FeishuBot | None = None) -> None:
        self._config = config
        self._kit = kit
        self.known: Known = before.known if before else Known(Who(bot_id(ADAPTER, config.app_id), config.app_id))
        self._run: _Run | None = None

    @property
    def id(self) -> BotId:
        return self.known.who.bot

    def configure(self, config: FeishuConfig) -> bool:
        if not self._config.same_connection(config):
            return False
        self._config = config
        if self._run is not None:
            self._run.account.configure(name=config.name, pace=config.pace)
        return True

    def login(self) -> Login | None:
        """There is none: an application has its secret."""
        return None

    async def run(self, intake: Intake) -> None:
        async with Api(self._config.api_url, private=self._kit.private) as api:
            run = self._run = _Run(self._config, self._kit, api, intake, self.known)
            intake.attach(run.account)
            try:
                await run.go_on()
            finally:
                self._run = None
                run.account.tell("stopped", "the connection is closed")
                intake.detach(run.account)
                await run.end()


class _Run:
    """The bot between its start and its end, over all its connections."""

    def __init__(self, config: FeishuConfig, kit: Kit, api: Api, intake: Intake, known: Known) -> None:
        self._config = config
        self._kit = kit
        self._intake = intake
        self._known = known
        self._bot = known.who.bot
        self._rest = Rest(api, config.app_id, config.app_secret, kit.clock)
        self._files = Files(self._rest, kit.media)
        self._names = Names(self._call, kit.clock, self._begin_asking)
        self.account = KeyedAccount(
            *(self._bot, ADAPTER, kit, intake),
            perform=self._perform,
            once=self._perform,
            keyed_s=KEYED_S,
            name=config.name,
            pace=config.pace,
        )
        self.account.called(known.name)
        self.account.leave = self._leave
        self._place: Place | None = None
        self._channel: Channel | None = None
        self._attempts = 0
        self._crowded = False
        self._jobs: set[asyncio.Task[None]] = set()
        self._askings: set[asyncio.Task[None]] = set()  # for names, for which no message waits long
        self._newest: dict[ChatId, asyncio.Task[None]] = {}

    # --- what goes out: loaded at the first use, for an idle bot asks and says nothing ---

    @cached_property
    def _calls(self) -> Calls:
        from kagami.adapters.feishu.calls import Calls  # noqa: PLC0415

        return Calls(self._rest, self._files, self._called, self._known.recent)

    def _called(self) -> tuple[str, str, str]:
        known = self._known
        return known.who.app_id, known.who.open_id, known.name

    @cached_property
    def _sending(self) -> Sending:
        from kagami.adapters.feishu.sending import Sending  # noqa: PLC0415

        return Sending(self._rest, self._files, self._calls, self._known.recent)

    async def _call(self, name: str, params: dict[str, Any]) -> Any:
        return await self._calls.call(name, params)

    async def _perform(self, action: Action, key: str = "") -> Receipt:
        return await self._sending.perform(action, key)

    # --- its life ---

    async def go_on(self) -> None:
        if not self._config.enabled:
            self.account.tell("stopped", "paused by an operator")
            await asyncio.get_running_loop().create_future()
        self._begin(self.account.watch(), "watch")
        link = Link(
            self._config.api_url,
            token="",
            clock=self._kit.clock,
            nursery=self._kit.nursery,
            meters=self._kit.meters,
            tell=self.account.tell,
            where=self._where,
            judge=self._judge,
            turn=self._kit.turn,
            randomness=self._kit.randomness,
        )
        await link.run(self._serve)

    async def end(self) -> None:
        jobs = self._jobs | self._askings
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._started(work, name, self._jobs)

    def _begin_asking(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._started(work, name, self._askings)

    def _started(
        self, work: Coroutine[Any, Any, None], name: str, among: set[asyncio.Task[None]]
    ) -> asyncio.Task[None]:
        job = self._kit.nursery.start(f"{name} {self._bot}", work)
        among.add(job)
        job.add_done_callback(among.discard)
        return job

    async def _leave(self, reason: str) -> None:
        if self._channel is not None:
            await self._channel.close(POLICY, reason)

    # --- the way there ---

    async def _where(self) -> str:
        await self._be_patient()
        plain = self._config.api_url.startswith("http://")
        try:
            self._place = read_endpoint(await self._rest.endpoint(), plain=plain)
        except Crowded:
            self._crowded = True
            raise
        if not self._known.who.open_id:
            await self._introduce()
        return self._place.url

    def _judge(self, _status: int, headers: Mapping[str, str]) -> str:
        try:
            return read_handshake(headers)
        except Crowded as error:
            self._crowded = True
            return error.text()

    async def _be_patient(self) -> None:
        """The pauses that the platform asks for: a first try again is free, then comes a random one, then long ones."""
        self._attempts += 1
        seconds = 0.0
        if self._crowded:
            self._crowded = False
            seconds = CROWDED_S
        elif self._place is not None and self._attempts > 1:
            asked = self._place.config
            random = asked.reconnect_nonce * self._kit.randomness()
            seconds = random if self._attempts == 2 else asked.reconnect_interval  # noqa: PLR2004 - the second
        if seconds > 0:
            seconds = min(seconds, LONGEST_ASKED_S)
            self.account.tell("backoff", f"Feishu asks for a pause; next try in {seconds:.0f} s")
            await self._kit.clock.sleep(seconds)

    async def _introduce(self) -> None:
        """Ask who the account is among users. Without the permission to ask, it goes without being mentioned."""
        try:
            told = await self._rest.whole("GET", "/open-apis/bot/v3/info", RobotAnswer)
        except Declined as error:
            _say.warning("the bot does not know its own name", bot=self._bot, reason=error.text())
            return
        self._known.who = self._known.who._replace(open_id=told.bot.open_id)
        self._known.name = told.bot.app_name
        self.account.called(told.bot.app_name)

    # --- one connection ---

    async def _serve(self, channel: Channel) -> None:
        place = self._place
        if place is None:
            raise EOFError("there is no address")
        line = Line(
            channel,
            service=place.service,
            config=place.config,
            clock=self._kit.clock,
            take=self._take,
            alive=self.account.heard,
            complain=self.account.complain,
        )
        self._channel, self._attempts = channel, 0
        self.account.tell("online", peer=channel.peer)
        beat = self._begin(line.beat(), "heartbeat of")
        try:
            await line.listen()
        finally:
            beat.cancel()
            self._channel = None
            self._place = place._replace(config=line.config)

    # --- events ---

    def _take(self, payload: bytes, read_at: float, settle: Settle) -> None:
        """Nothing here waits. Of one chat the events are kept in order, also when pictures have to be fetched first."""
        now_ms = self._kit.clock.wall_ms()
        events: list[Event] = []
        try:
            events = read(payload, Context(self._known.who, self._known.recent, self._kit.execution, now_ms))
        except WireError as error:
            self.account.complain(error.text(), payload)
        chat = events[0].chat if events else ChatId("")
        job = self._begin(self._keep(events, self._newest.get(chat), read_at, settle), "event of")
        self._newest[chat] = job
        job.add_done_callback(partial(self._kept, chat))
        if self._channel is not None and self._full():
            self._channel.pause_while(self._full)

    def _kept(self, chat: ChatId, job: asyncio.Task[None]) -> None:
        if self._newest.get(chat) is job:
            del self._newest[chat]

    def _full(self) -> bool:
        return self._intake.crowded or len(self._jobs) > MOST_JOBS

    async def _keep(
        self, events: Sequence[Event], before: asyncio.Task[None] | None, read_at: float, settle: Settle
    ) -> None:
        """Acknowledge what is on disk. What cannot be stored now comes again."""
        whole = [await self._files.with_pictures(await self._names.named(event)) for event in events]
        if before is not None:
            await asyncio.wait([before])
        try:
            for event in whole:
                await self.account.take(event, read_at)
        except (StoreClosed, RowRefused) as error:
            _say.warning("an event was not kept", bot=self._bot, reason=error.text())
            return
        await settle()
