"""NapCat: its OneBot connection, whichever side dials, and its WebUI beside it."""

from __future__ import annotations

import asyncio

from kagami import log
from kagami.adapters.kit import Kit
from kagami.adapters.login import LoginWalk
from kagami.adapters.napcat import codec
from kagami.adapters.napcat.codec import NAPCAT
from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.napcat.host import LOGGED_OUT, LOOK_SECONDS, Host, NotConnecting
from kagami.adapters.napcat.webui import WebUi
from kagami.adapters.napcat.wire import LoggedIn
from kagami.adapters.onebot11.codec import Identity
from kagami.adapters.onebot11.link import ForwardBot
from kagami.errors import CredentialsRefused, KagamiError, Unavailable
from kagami.model.ids import BotId
from kagami.net.api import Api
from kagami.ports import Adapter, BotState, Intake, Login

# For so many looks after a login it is dialled at each: its OneBot server comes a moment later.
HASTY_LOOKS = 6

_say = log.get("napcat")


def open_bot(config: NapCatConfig, kit: Kit, before: Adapter | None = None) -> NapCat:
    return NapCat(config, kit, before.known if isinstance(before, NapCat) else None)


class NapCat:
    """Implements `ports.Adapter`.

    With `url` we dial NapCat. Without, it is told by its WebUI to connect to the gateway; where that does not work, the
    WebUI's own OneBot connection is used.
    """

    def __init__(self, config: NapCatConfig, kit: Kit, known: Identity | None = None) -> None:
        self._config = config
        self._kit = kit
        self._logged_out = False
        self._walk: LoginWalk | None = None
        self._api: Api | None = None
        self._webui: WebUi | None = None
        self._host: Host | None = None
        self._line: ForwardBot | None = None
        self._intake: Intake | None = None
        if config.webui_url:
            self._api = Api(codec.root(config.webui_url))
            self._webui = WebUi(self._api, config.webui_token.reveal(), kit.clock)
        if config.url or self._webui is None:
            self._line = self._dialled(known)
        else:
            self._host = Host(config, kit, self._webui, known)

    @property
    def id(self) -> BotId:
        if self._line is not None:
            return self._line.id
        return self._host.id if self._host is not None else BotId("")

    @property
    def known(self) -> Identity | None:
        if self._line is not None:
            return self._line.known
        return self._host.known if self._host is not None else None

    def configure(self, config: NapCatConfig) -> bool:
        now = self._config
        same = (now.webui_url, now.webui_token, now.gateway_url) == (
            config.webui_url,
            config.webui_token,
            config.gateway_url,
        )
        if not same or (self._line is None and (now.url, now.enabled) != (config.url, config.enabled)):
            return False
        if self._line is not None and not self._line.configure(config):
            return False
        if self._line is None and config.name != now.name and self.known is None:
            return False
        if self._host is not None:
            self._host.configure(config)
        self._config = config
        return True

    async def run(self, intake: Intake) -> None:
        self._intake = intake
        try:
            if self._host is not None and self._line is None:
                await self._be_host(self._host, intake)
            if self._line is not None:
                await self._listen(self._line, intake)
        finally:
            if self._walk is not None:
                await self._walk.close()
            if self._api is not None:
                await self._api.__aexit__(None, None, None)

    async def _be_host(self, host: Host, intake: Intake) -> None:
        try:
            await host.run(intake)
        except NotConnecting:
            _say.warning("NapCat does not reach the gateway: its WebUI's connection is used", bot=self.id)
            await host.send_away()
            self._line = self._dialled(host.known)

    async def _listen(self, line: ForwardBot, intake: Intake) -> None:
        watch = None
        if self._webui is not None and self._config.enabled:
            watch = self._kit.nursery.start(f"WebUI of {self.id}", self._watch(self._webui, line))
        try:
            await line.run(intake)
        finally:
            if watch is not None:
                watch.cancel()
                await asyncio.wait([watch])

    def _dialled(self, known: Identity | None) -> ForwardBot:
        kit, config = self._kit, self._config
        return ForwardBot(
            config,
            clock=kit.clock,
            nursery=kit.nursery,
            meters=kit.meters,
            media=kit.media,
            known=known,
            turn=kit.turn,
            randomness=kit.randomness,
            dialect=NAPCAT,
            url=config.url or codec.root(config.webui_url),
            where=None if config.url else self._debug_url,
            explain=self._explain,
        )

    async def _debug_url(self) -> str:
        if self._webui is None:
            raise Unavailable(what="NapCat", reason="it has no WebUI")
        try:
            return await self._webui.debug_url()
        except (CredentialsRefused, Unavailable):
            raise
        except KagamiError as error:
            raise Unavailable(what=self._config.address, reason=error.text()) from None

    def _explain(self, state: BotState, reason: str) -> tuple[BotState, str]:
        """A connection that is refused because nobody is logged in."""
        return (
            ("auth_failed", LOGGED_OUT) if self._logged_out and state in ("backoff", "connecting") else (state, reason)
        )

    def _is_alive(self) -> bool:
        bot = self._intake.current(self.id) if self._intake is not None else None
        return bot is not None and bot.reachable

    async def _watch(self, webui: WebUi, line: ForwardBot) -> None:
        """Ask the WebUI why nobody is there, as long as nobody is; a live connection needs no word of it. When QQ has
        logged in, by whatever way, nobody shall wait for the end of a long pause.
        """
        hasty = 0
        while True:
            alive = self._is_alive()
            self._logged_out = not alive and await self._is_logged_out(webui)
            hasty = HASTY_LOOKS if self._logged_out else max(0, hasty - 1)
            if hasty and not alive and not self._logged_out:
                line.hurry()
            await self._kit.clock.sleep(LOOK_SECONDS)

    async def _is_logged_out(self, webui: WebUi) -> bool:
        try:
            return not (await webui.status()).isLogin
        except CredentialsRefused as error:
            _say.warning("the WebUI is not asked any more", bot=self.id, reason=error.text())
            await asyncio.get_running_loop().create_future()
        except KagamiError:
            pass
        return False  # the connection itself says what is wrong

    # --- login ---

    def login(self) -> Login | None:
        """By the WebUI; None without one. What has ended is begun anew."""
        if self._webui is None:
            return None
        if self._walk is None or self._walk.over:
            from kagami.adapters.napcat.login import QqLogin  # noqa: PLC0415 (seldom)

            steps = QqLogin(self._webui, self._kit.clock, self._connect, self._is_alive)
            self._walk = LoginWalk(self._kit.nursery, self.id, steps.walk)
        return self._walk

    async def _connect(self, account: LoggedIn) -> None:
        """The network entry that belongs to an account that has just logged in."""
        if self._host is not None and self._line is None:
            await self._host.connect(account)
        elif self._config.url and self._webui is not None:
            entry = codec.server_entry(self._config.url, self._config.token.reveal())
            for config in codec.with_server(await self._webui.network(), entry):
                await self._webui.set_network(config)
