"""A DingTalk robot: one stream at a time in, HTTP out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kagami.adapters.account import Account
from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.conversations import Conversations
from kagami.adapters.dingtalk.hearing import Hearing
from kagami.adapters.dingtalk.robot import Robot
from kagami.adapters.kit import Kit
from kagami.model.action import Action, Failed, Receipt
from kagami.model.ids import BotId, bot_id
from kagami.net.api import Api
from kagami.net.link import Link
from kagami.ports import Adapter, Intake, Login, Socket

if TYPE_CHECKING:
    from kagami.adapters.dingtalk.speaking import Speaking

ADAPTER = "dingtalk"
POLICY = 1008


def open_bot(config: DingTalkConfig, kit: Kit, before: Adapter | None = None) -> DingTalkBot:  # noqa: ARG001 - kept in memory
    return DingTalkBot(config, kit)


class DingTalkBot:
    """Implements `ports.Adapter`. The account is known from the start: it is the application's `client_id`."""

    def __init__(self, config: DingTalkConfig, kit: Kit) -> None:
        self._config = config
        self._kit = kit
        self._id = bot_id(ADAPTER, config.client_id.strip())
        self._account: Account | None = None
        self._means: tuple[Robot, Conversations] | None = None
        self._speaking: Speaking | None = None

    @property
    def id(self) -> BotId:
        return self._id

    def login(self) -> Login | None:
        """There is none: the application's credentials are all that it takes."""
        return None

    def configure(self, config: DingTalkConfig) -> bool:
        if not self._config.same_connection(config):
            return False
        self._config = config
        if self._account is not None:
            self._account.configure(name=config.name, pace=config.pace)
        return True

    async def run(self, intake: Intake) -> None:
        config = self._config
        account = self._account = Account(
            self._id, ADAPTER, self._kit, intake, perform=self._perform, name=config.name, pace=config.pace
        )
        intake.attach(account)
        try:
            if not config.enabled:
                account.tell("stopped", "paused by an operator")
                await asyncio.get_running_loop().create_future()
            await self._connect(config, account)
        finally:
            intake.detach(account)

    async def _connect(self, config: DingTalkConfig, account: Account) -> None:
        kit = self._kit
        async with Api(config.api_url, private=kit.private) as api:
            robot = Robot(config, api, kit.clock)
            conversations = Conversations(self._id, kit.memory, config.api_url)
            await conversations.load(kit.clock.wall_ms())
            self._means, self._speaking = (robot, conversations), None
            hearing = Hearing(account, robot, conversations, kit)
            watch = kit.nursery.start(f"silence of {self._id}", account.watch())
            link = Link(
                config.api_url,
                token="",
                clock=kit.clock,
                nursery=kit.nursery,
                meters=kit.meters,
                tell=account.tell,
                where=robot.open,
                judge=_judge,
                turn=kit.turn,
                randomness=kit.randomness,
            )
            try:
                await link.run(lambda socket: _serve(account, hearing, socket))
            finally:
                watch.cancel()
                await asyncio.wait([watch])
                await hearing.end()

    async def _perform(self, action: Action) -> Receipt:
        account = self._account
        if self._means is None or account is None:
            return Failed("the robot is not connected", "offline")
        if self._speaking is None:
            from kagami.adapters.dingtalk.speaking import Speaking  # noqa: PLC0415 (an idle robot says nothing)

            self._speaking = Speaking(*self._means, self._kit, lambda: account.name)
        return await self._speaking.perform(action)


def _judge(status: int, _headers: Mapping[str, str]) -> str:
    """The call for the ticket has judged the credentials already: this one was too late, and there will be another."""
    return f"the ticket is refused with HTTP {status}"


async def _serve(account: Account, hearing: Hearing, socket: Socket) -> None:
    async def leave(reason: str) -> None:
        await socket.close(POLICY, reason)

    account.leave = leave
    account.tell("online", peer=socket.peer)
    try:
        await hearing.serve(socket)
    finally:
        account.leave = None
