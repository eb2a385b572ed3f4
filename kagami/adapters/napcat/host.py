"""NapCat that connects to the gateway: who it is, whether QQ is logged in, and that it knows where to connect to."""

from __future__ import annotations

from urllib.parse import urlsplit

from kagami import log
from kagami.adapters.account import Account
from kagami.adapters.kit import Kit
from kagami.adapters.napcat.codec import NAPCAT, client_entry, with_client
from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.napcat.webui import WebUi
from kagami.adapters.napcat.wire import LoggedIn
from kagami.adapters.onebot11.bot import OneBotBot
from kagami.adapters.onebot11.codec import Identity, identity
from kagami.core.handshake import is_loopback
from kagami.errors import CredentialsRefused, KagamiError, NotReached, Refused, Throttled
from kagami.i18n import mark
from kagami.model.action import Action, Failed, Receipt
from kagami.model.ids import BotId, bot_id
from kagami.ports import Bot, BotState, Intake

LOOK_SECONDS = 5.0
# NapCat tries every five seconds: what has not come by then does not reach us.
PATIENCE_SECONDS = 45.0
REFUSALS = 3
PAUSED = "paused by an operator"
LOGGED_OUT = "QQ is not logged in: log in by QR code"

_say = log.get("napcat")


class NotConnecting(Exception):
    """NapCat cannot be made to connect to the gateway."""


class Host:
    """Stands for the account as long as it has no connection of its own, and sees to it that one comes.

    `known` is the account, once the WebUI or an earlier run has told it.
    """

    def __init__(self, config: NapCatConfig, kit: Kit, webui: WebUi, known: Identity | None) -> None:
        self.config = config
        self._kit = kit
        self._webui = webui
        self._standing_for = bot_id(NAPCAT.adapter, config.name or config.address)
        self._notes = bot_id(NAPCAT.adapter, config.address)
        self.known = known
        self._account: Account | None = None
        self._told_at: float | None = None
        self._refusals = 0

    @property
    def id(self) -> BotId:
        return self.known.bot if self.known is not None else self._standing_for

    def configure(self, config: NapCatConfig) -> None:
        self.config = config
        if self._account is not None:
            self._account.configure(name=config.name, pace=config.pace)

    async def run(self, intake: Intake) -> None:
        """Until cancelled; `NotConnecting` when another way is needed."""
        if self.known is None and (uin := await self._kit.memory.read(self._notes, "uin")):
            self.known = identity(NAPCAT.platform, uin)
        account = self._stand(intake)
        try:
            if not self.config.enabled:
                account.tell("stopped", PAUSED)
                await self.send_away()
            while True:
                await self._turn(intake)
                await self._kit.clock.sleep(LOOK_SECONDS)
        finally:
            if self._account is not None:
                intake.detach(self._account)

    def _stand(self, intake: Intake) -> Account:
        """An account of the present name in the place of the one before."""
        before = self._account
        config = self.config
        account = self._account = Account(
            self.id, NAPCAT.adapter, self._kit, intake, perform=_never, name=config.name, pace=config.pace
        )
        if before is not None:
            intake.detach(before)
        if _guest(intake, self.id) is None:
            intake.attach(account)
        return account

    async def _turn(self, intake: Intake) -> None:
        guest = _guest(intake, self.id)
        if guest is not None and guest.reachable:
            self._told_at, self._refusals = None, 0
            guest.dialect = NAPCAT
            config = self.config
            guest.configure(name=config.name, pace=config.pace, call_seconds=config.call_seconds)
            if not config.enabled:
                await guest.close(PAUSED)
        elif not self.config.enabled:
            self._tell(intake, "stopped", PAUSED)
        elif self._refusals < REFUSALS:
            state, reason = await self._look(intake)
            self._tell(intake, state, reason)

    def _tell(self, intake: Intake, state: BotState, reason: str) -> None:
        """Show how it is, in the place of a bot whose connection is gone when there is more to say than that."""
        if self._account is None:
            return
        self._account.tell(state, reason)
        if state != "connecting" and intake.current(self.id) is not self._account:
            intake.attach(self._account)

    async def _look(self, intake: Intake) -> tuple[BotState, str]:
        try:
            status = await self._webui.status()
            self._refusals = 0
            if not status.isLogin:
                self._told_at = None
                return "auth_failed", LOGGED_OUT
            return await self._invite(intake)
        except CredentialsRefused as error:
            self._refusals += 1
            return "auth_failed" if self._refusals >= REFUSALS else "backoff", error.text()
        except Throttled:
            return "backoff", "its WebUI lets nobody in for a minute after too many tries"
        except KagamiError as error:
            return "backoff", error.text()

    async def _invite(self, intake: Intake) -> tuple[BotState, str]:
        account = await self._webui.account()
        await self._become(intake, account)
        now = self._kit.clock.monotonic()
        if self._told_at is None:
            try:
                await self.connect(account)
            except Refused as refused:
                _say.warning("NapCat cannot be told where to connect to", bot=self.id, reason=refused.text())
                raise NotConnecting from None
            self._told_at = now
        if now - self._told_at >= PATIENCE_SECONDS:
            raise NotConnecting
        return "connecting", "NapCat was told to connect"

    async def _become(self, intake: Intake, account: LoggedIn) -> None:
        uin = str(account.uin)
        if not uin or (self.known is not None and self.known.account == uin):
            return
        self.known = identity(NAPCAT.platform, uin)
        self._stand(intake)
        await self._kit.memory.write(self._notes, {"uin": uin})

    async def connect(self, _account: LoggedIn) -> None:
        """Write the entry by which NapCat connects to the gateway; `Refused` when that cannot be or cannot help."""
        url, token = self._kit.gateway(NAPCAT.platform, self.known.account if self.known is not None else "")
        url = self.config.gateway_url or url
        self._refusals = 0
        if not url or ":0/" in url:
            raise Refused(reason=mark("Kagami's gateway is not open."))
        if is_loopback(_host(url)) and not is_loopback(_host(self.config.webui_url)):
            raise Refused(
                reason=mark("NapCat runs on another machine: give bots.gateway_url, by which it reaches Kagami there.")
            )
        for config in with_client(await self._webui.network(), client_entry(url, token, enabled=self.config.enabled)):
            await self._webui.set_network(config)

    async def send_away(self) -> None:
        """Let NapCat connect to the gateway no more, as far as it can be told."""
        url, token = self._kit.gateway(NAPCAT.platform, self.known.account if self.known is not None else "")
        try:
            entry = client_entry(self.config.gateway_url or url, token, enabled=False)
            for config in with_client(await self._webui.network(), entry):
                await self._webui.set_network(config)
        except (CredentialsRefused, Throttled, Refused, NotReached) as error:
            _say.warning("NapCat cannot be told to stay away", bot=self.id, reason=error.text())
        except KagamiError as error:
            _say.warning("NapCat may not know that it is to stay away", bot=self.id, reason=error.text())


def _guest(intake: Intake, bot: BotId) -> OneBotBot | None:
    """The bot that came to the gateway by itself."""
    found: Bot | None = intake.current(bot)
    return found if isinstance(found, OneBotBot) else None


async def _never(action: Action) -> Receipt:  # noqa: ARG001
    return Failed("offline", "offline")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
