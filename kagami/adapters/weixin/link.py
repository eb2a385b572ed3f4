"""A personal WeChat account by iLink: who is logged in, and the one conversation with the platform."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from kagami import log
from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.login import LoginWalk
from kagami.adapters.table import host_of
from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import ILink, open_api
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import Peers
from kagami.adapters.weixin.polling import Poll
from kagami.adapters.weixin.wire import Credentials, decode
from kagami.clock import Clock
from kagami.errors import WireError
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send
from kagami.model.ids import BotId, bot_id
from kagami.net.api import Api
from kagami.ports import Adapter, Intake, Login

if TYPE_CHECKING:
    from kagami.adapters.weixin.calls import Calls
    from kagami.adapters.weixin.sending import Sender

ADAPTER = "weixin"
NOBODY = "nobody is logged in: log in by QR"
# Who still looks at a login that has just ended sees its end, and begins no other.
ENDED_SECONDS = 30.0
_PLAIN = re.compile(r"[A-Za-z0-9_.@-]{1,100}", re.ASCII)

_say = log.get("weixin")


def open_bot(config: WeixinConfig, kit: Kit, before: Adapter | None = None) -> WeixinBot:
    return WeixinBot(config, kit, before.known if isinstance(before, WeixinBot) else None)


def secret_name(config: WeixinConfig) -> str:
    """Where the credentials of a table are kept: by its name, or by its host when it has none."""
    name = config.name or config.address.partition("/")[0]
    plain = name if _PLAIN.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"weixin-{plain}.json"


class WeixinBot:
    """Implements `ports.Adapter`. Until a login tells the account, one stands for it under the table's name."""

    def __init__(self, config: WeixinConfig, kit: Kit, known: Credentials | None = None) -> None:
        self._config = config
        self._kit = kit
        self._known = known
        self._account: Account | None = None
        self._talk: _Talk | None = None
        self._changed = asyncio.Event()
        self._moving = asyncio.Lock()  # one new name after the other
        self._walk: LoginWalk | None = None
        self._logged_in_at: float | None = None

    # --- ports.Adapter ---

    @property
    def id(self) -> BotId:
        return bot_id(ADAPTER, self._known.ilink_bot_id if self._known else self._config.name or self._config.address)

    @property
    def known(self) -> Credentials | None:
        return self._known

    def configure(self, config: WeixinConfig) -> bool:
        renamed = config.name != self._config.name
        if not config.same_connection(self._config) or (renamed and self._known is None):
            return False
        if renamed:
            self._kit.nursery.start("move credentials", self._move(secret_name(self._config), secret_name(config)))
        self._config = config
        if self._account is not None:
            self._account.configure(name=config.name, pace=config.pace)
        return True

    def login(self) -> Login | None:
        """The one that is under way or has just brought the account here; else another one."""
        walk = self._walk
        recent = self._logged_in_at is not None and self._kit.clock.monotonic() - self._logged_in_at < ENDED_SECONDS
        if walk is None or (walk.over and not recent):
            from kagami.adapters.weixin.login import QrLogin  # noqa: PLC0415 (seldom)

            self._logged_in_at = None
            kit = self._kit
            qr = QrLogin(self._config.api_url, tuple(kit.private), self._known, self._adopt, kit.clock, kit.nursery)
            walk = self._walk = LoginWalk(kit.nursery, self.id, qr.walk)
        return walk

    async def run(self, intake: Intake) -> None:
        try:
            if self._known is None:
                self._known = await self._recall()
            await self._serve(intake)
        finally:
            if self._account is not None:
                intake.detach(self._account)
            if self._walk is not None:
                await self._walk.close()

    # --- ports.Forgets ---

    async def forget(self) -> None:
        async with self._moving:
            await self._kit.vault.delete(secret_name(self._config))

    # --- credentials ---

    async def _recall(self) -> Credentials | None:
        name = secret_name(self._config)
        content = await self._kit.vault.read(name)
        if not content:
            return None
        try:
            found = decode(content, Credentials)
        except WireError:
            _say.error("the credentials cannot be read, log in by QR", file=name)
            return None
        if found.home not in ("", host_of(self._config.api_url)):
            _say.error("the credentials are of another host and are not shown to this one, log in by QR", file=name)
            return None
        return found

    async def _adopt(self, credentials: Credentials) -> None:
        """What a login brought: kept, and used at once."""
        await self._kit.vault.write(secret_name(self._config), msgspec.json.encode(credentials))
        self._known = credentials
        self._logged_in_at = self._kit.clock.monotonic()
        self._changed.set()

    async def _move(self, old: str, new: str) -> None:
        async with self._moving:
            content = await self._kit.vault.read(old)
            if content and old != new:
                await self._kit.vault.write(new, content)
                await self._kit.vault.delete(old)

    # --- the connection ---

    async def _serve(self, intake: Intake) -> None:
        async with open_api(self._config.api_url, tuple(self._kit.private)) as api:
            while True:
                self._changed.clear()
                account = self._stand(intake)
                if not self._config.enabled:
                    account.tell("stopped", "paused by an operator")
                    await asyncio.get_running_loop().create_future()
                elif self._known is None:
                    account.tell("connecting", NOBODY)
                    await self._changed.wait()
                else:
                    account.tell("connecting")
                    await self._speak(api, account, self._known)

    def _stand(self, intake: Intake) -> Account:
        """Whoever stands for the account now, in place of who did before."""
        former = self._account
        if former is not None and former.id == self.id:
            return former
        config = self._config
        account = Account(
            self.id, ADAPTER, self._kit, intake, perform=self._perform, name=config.name, pace=config.pace
        )
        account.leave = self._reconnect
        intake.attach(account)
        if former is not None:
            intake.detach(former)
        self._account = account
        return account

    async def _reconnect(self, _reason: str) -> None:
        self._changed.set()

    async def _speak(self, api: Api, account: Account, credentials: Credentials) -> None:
        """Until the login or an operator wants something else."""
        kit = self._kit
        ilink = ILink(api, credentials)
        peers = Peers(account.id, kit.memory)
        await peers.load()
        files = Files(account.id, kit.memory)
        await files.load()
        carrier = Carrier(api, ilink, kit.media, self._config.cdn_url, files)
        self._talk = _Talk(ilink, carrier, peers, kit.clock)
        poll = Poll(ilink, carrier, account, kit, peers=peers, files=files)
        tasks = [
            kit.nursery.keep(f"poll {account.id}", poll.run),
            kit.nursery.start(f"watch {account.id}", account.watch()),
        ]
        try:
            await self._changed.wait()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)

    async def _perform(self, action: Action) -> Receipt:
        if self._talk is None or self._account is None:
            return Failed(NOBODY, "offline")
        match action:
            case Send():
                return await self._talk.sender.send(action)
            case Call():
                return await self._talk.calls.perform(action, self._account.name)
            case Delete():
                return Failed("WeChat lets bots take back nothing", "unsupported")


class _Talk:
    """What goes out, while somebody is logged in; loaded when something does."""

    def __init__(self, ilink: ILink, carrier: Carrier, peers: Peers, clock: Clock) -> None:
        self._means = (ilink, carrier, peers, clock)

    @cached_property
    def sender(self) -> Sender:
        from kagami.adapters.weixin.sending import Sender  # noqa: PLC0415

        return Sender(*self._means)

    @cached_property
    def calls(self) -> Calls:
        from kagami.adapters.weixin.calls import Calls  # noqa: PLC0415

        return Calls(*self._means)
